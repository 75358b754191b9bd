"""The pytest fixture `mparticle_sandbox`. It needs the extra `sandbox`; pytest finds it by its entry point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .sandbox import Sandbox


@pytest.fixture
def mparticle_sandbox() -> Iterator[Sandbox]:
    """A local Events API for one test: upload to it with `EventsApi(mparticle_sandbox.configuration)`.

    `mparticle_sandbox.environ` has the environment variables for code that is configured by the environment.
    """
    from .sandbox import Sandbox  # it loads a web server

    with Sandbox() as sandbox:
        yield sandbox
