"""Ctrl-C and SIGTERM: they end an upload, but not in the middle of its books."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Turns both signals into KeyboardInterrupt; in a `with interrupts.later:` block only at the end of it.

    Attributes:
        count: How many came.
    """

    def __init__(self, said_at_the_first: str) -> None:
        self.count = 0
        self.later = _Later()
        self._said = said_at_the_first.encode()

    def __enter__(self) -> Self:
        self._before = [(number, signal.signal(number, self._came)) for number in _SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def _came(self, _: int, __: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            os.write(2, self._said)  # past all buffers, which may be in use
        self.later.interrupt()


class _Later:
    def __init__(self) -> None:
        self._inside = self._came = False

    def interrupt(self) -> None:
        if not self._inside:
            raise KeyboardInterrupt
        self._came = True

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *_: object) -> None:
        self._inside = False
        if self._came:
            self._came = False
            raise KeyboardInterrupt
