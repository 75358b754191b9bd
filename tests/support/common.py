"""The paths of the repository, the Python code of the README, and waiting in tests."""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
SPARK_BLOCKS = [block for block in _BLOCKS if "spark" in block]  # a program of their own
README_BLOCKS = [block for block in _BLOCKS if block not in SPARK_BLOCKS]
SHOP_PLAN = (ROOT / "tests" / "plan" / "generate_shop.py").read_text()  # the module `shop_plan` of the README
_COVERAGE = "COVERAGE_PROCESS_CONFIG"  # lets coverage measure a process
MEASURED = os.environ.get(_COVERAGE, "")
if "PYTEST_XDIST_WORKER" in os.environ:  # the controller must pass it on to the workers
    os.environ.pop(_COVERAGE, None)  # of the processes that a worker starts, only the command is measured


@contextmanager
def shared_folder(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all processes of this run of pytest share. One of them at a time executes the block."""
    own = factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition is true."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "the condition did not become true in time"
        pause.wait(0.01)
