"""The retries that an EventsApi may still make. See `Retry.budget`."""

from __future__ import annotations

import threading

from ._configuration import Configuration


def budget_of(configuration: Configuration) -> Budget | None:
    """The retries of an EventsApi; None where it makes none."""
    return None if configuration.retry is None else Budget(configuration.retry.budget)


class Budget:
    """The retries that an EventsApi has on credit. See `Retry.budget`."""

    _EARNED = 0.2

    def __init__(self, size: int) -> None:
        self._size = self._left = float(size)
        self._counting = threading.Lock()

    def spend(self) -> bool:
        """Take one for a retry; False where none is left."""
        with self._counting:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self, *, retried: bool) -> None:
        """Bring back what a request that was taken earns."""
        if self._left >= self._size:
            return
        with self._counting:
            self._left = min(self._size, self._left + self._EARNED + retried)
