"""Ctrl-C and SIGTERM during an upload."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_MESSAGE = b"\nWaiting for the requests in flight. Press Ctrl-C again to quit at once.\n"


class Interrupts:
    """While entered, SIGINT and SIGTERM raise KeyboardInterrupt; in a `deferred()` block only at its end."""

    def __init__(self) -> None:
        self.count = 0
        self._deferring = self._pending = False

    def __enter__(self) -> None:
        self._previous = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Run a block that no signal interrupts. Not reentrant."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
            if self._pending:
                self._pending = False
                raise KeyboardInterrupt

    def _handle(self, _: int, __: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            os.write(2, _MESSAGE)  # not through a buffer, which may be in use
        if not self._deferring:
            raise KeyboardInterrupt
        self._pending = True
