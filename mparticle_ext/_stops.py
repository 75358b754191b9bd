"""The events that end the waiting for a next attempt: threading's, or asyncio's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class _Settable(Protocol):
    def set(self) -> None: ...


Event = TypeVar("Event", bound=_Settable)


class Stops(Generic[Event]):
    """One event for the uploads of an EventsApi, and one each for those that an owner may stop alone.

    Attributes:
        common: That of the uploads without an owner.
    """

    def __init__(self, make: Callable[[], Event]) -> None:
        self.common = make()
        self._make = make
        self._own: set[Event] = set()

    @contextmanager
    def own(self) -> Iterator[Event]:
        """An event for some uploads, as long as the block lasts."""
        stop = self._make()
        self._own.add(stop)
        try:
            yield stop
        finally:
            self._own.discard(stop)

    def set_all(self) -> None:
        """End the waiting of all."""
        for stop in [self.common, *self._own]:
            stop.set()
