"""The fixture `mparticle_sandbox`, for whoever has pytest and the extra `sandbox`. Found by its entry point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .sandbox import Sandbox


@pytest.fixture
def mparticle_sandbox() -> Iterator[Sandbox]:
    """A local Events API that runs for this test: upload with `EventsApi(mparticle_sandbox.configuration)`."""
    from .sandbox import Sandbox  # only for who asks for it: it brings a web server

    with Sandbox() as sandbox:
        yield sandbox
