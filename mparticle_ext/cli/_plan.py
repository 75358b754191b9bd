"""Loads the data plan of an option, or ends the command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .. import PlanError
from ._exit import USAGE, print_error
from ._input import display_name

if TYPE_CHECKING:
    from .. import DataPlan


def load_plan(path: str | None, version: int | None) -> DataPlan | None:
    """The data plan in a file; None without a file. If it cannot be loaded, print why and exit."""
    if path is None:
        return None
    try:
        from .. import DataPlan

        return DataPlan.load(path, version)
    except OSError as error:
        problem = f"{display_name(path)} cannot be read: {error.strerror or error}"
    except PlanError as error:
        problem = str(error).replace("version=", "--plan-version")
    except ImportError as error:
        problem = str(error)
    print_error(problem)
    sys.exit(USAGE)
