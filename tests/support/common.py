"""The paths of the repository, and waiting in tests."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MEASURED = os.environ.pop(
    "COVERAGE_PROCESS_CONFIG", ""
)  # lets coverage measure a process; only the command's tests pass it on


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition is true."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "the condition did not become true in time"
        pause.wait(0.01)
