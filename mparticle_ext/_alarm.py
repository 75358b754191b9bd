"""A timer for what is waited for again and again, and nearly always comes in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context


class Alarm:
    """Rings once when a wait has lasted too long.

    A timer of the loop that still runs from an earlier wait serves the next one too: to make one for each wait, and to
    cancel it, costs a twentieth of an upload.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring: Callable[[], object] | None = ring
        self._at: float | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0  # kept here: uvloop's handles of the next moment do not know theirs

    def set(self, seconds: float) -> None:
        """Ring so many seconds from now, instead of when it was set to before."""
        self._at = at = self._loop.time() + seconds
        if self._timer is None or at < self._timer_at:
            self._start(at)

    def unset(self) -> None:
        """Do not ring."""
        self._at = None

    def stop(self) -> None:
        """Ring no more, and keep nothing: neither the loop's timer, nor whose method it rings with."""
        self._at = self._ring = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._is_time, context=Context())  # of nobody's upload

    def _is_time(self) -> None:
        self._timer = None
        if self._at is None or self._ring is None:
            return
        if self._at > self._loop.time():  # it was set anew since
            self._start(self._at)
        else:
            self._at = None
            self._ring()
