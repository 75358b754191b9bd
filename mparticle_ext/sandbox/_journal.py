"""What arrived, in order. The server's thread writes it, any thread reads it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, overload

from ._arrivals import Arrival, Request

T = TypeVar("T")
S = TypeVar("S")

_SHOWN = 3  # in a repr


class Counts(NamedTuple):
    """How much arrived since the start or the last `clear()`, kept or not.

    Attributes:
        requests: All requests.
        refused: Requests of which nothing was taken.
        taken: Batches that were taken.
        dropped: Batches that were accepted with their request, and then dropped.
    """

    requests: int
    refused: int
    taken: int
    dropped: int


class Newest(Generic[T]):
    """The newest of what came, in order. Each has a number, counted from 1 and never given again."""

    def __init__(self, keep: int | None) -> None:
        self._items: list[T] | deque[T] = [] if keep is None else deque(maxlen=keep)
        self._cleared_at = 0
        self.last = 0

    @property
    def count(self) -> int:
        """How many came since the last `clear()`, kept or not."""
        return self.last - self._cleared_at

    @property
    def first(self) -> int:
        """The number of the oldest that is kept; one more than the last where none is."""
        return self.last - len(self._items) + 1

    def append(self, item: T) -> None:
        self._items.append(item)
        self.last += 1

    def forget_oldest(self) -> None:
        del self._items[0]

    def clear(self) -> None:
        self._items.clear()
        self._cleared_at = self.last

    def after(self, number: int, most: int) -> list[tuple[int, T]]:
        """What came after a number, with the numbers."""
        start = max(number + 1, self.first)
        return [(at, self[at - self.first]) for at in range(start, min(start + most, self.last + 1))]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> T:
        return self._items[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)


class Journal:
    """See the module.

    Attributes:
        changing: To be held while it is changed or read; notified when batches were taken.
        rows: What the page shows: each batch, and each request that was refused as a whole.
    """

    def __init__(self, keep: int | None) -> None:
        self.changing = threading.Condition()
        self.requests: Newest[Request] = Newest(keep)
        self.taken: Newest[Arrival] = Newest(keep)
        self.dropped: Newest[Arrival] = Newest(keep)
        self.refused: Newest[Arrival] = Newest(keep)
        self.rows: Newest[Arrival] = Newest(keep)
        self._ids: set[str] = set()

    @property
    def counts(self) -> Counts:
        return Counts(self.requests.count, self.refused.count, self.taken.count, self.dropped.count)

    def seen(self, request_id: object) -> bool:
        """Whether a batch with this `source_request_id` came before; from now on one has."""
        if not isinstance(request_id, str):
            return False
        before = len(self._ids)
        self._ids.add(request_id)
        return len(self._ids) == before

    def record(self, request: Request, batches: Iterable[Arrival]) -> None:
        """Write down a request that is settled."""
        self.requests.append(request)
        if request.reason is not None:
            self._record(Arrival(request, 0, request.body), self.refused)
        else:
            for batch in batches:
                self._record(batch, self.dropped if batch.index in request.dropped else self.taken)
        self._let_go()
        self.changing.notify_all()

    def _let_go(self) -> None:
        """Forget the requests of which no row is kept: the body of one may be as large as a hundred batches."""
        while self.requests and self.requests[0] is not self.rows[0].request:
            self.requests.forget_oldest()

    def _record(self, arrival: Arrival, kind: Newest[Arrival]) -> None:
        kind.append(arrival)
        self.rows.append(arrival)

    def clear(self) -> None:
        for kept in (self.requests, self.taken, self.dropped, self.refused, self.rows, self._ids):
            kept.clear()


class View(Sequence[S], Generic[T, S]):
    """What is kept, for users: each made when it is asked for. Equal to any sequence of the same."""

    def __init__(self, kept: Newest[T], made: Callable[[T], S], changing: threading.Condition) -> None:
        self._kept, self._made, self._changing = kept, made, changing

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, index: int) -> S: ...
    @overload
    def __getitem__(self, index: slice) -> list[S]: ...
    def __getitem__(self, index: int | slice) -> S | list[S]:
        with self._changing:
            found = list(self._kept)[index] if isinstance(index, slice) else self._kept[index]
        return [self._made(one) for one in found] if isinstance(found, list) else self._made(found)

    def __iter__(self) -> Iterator[S]:
        with self._changing:
            kept = list(self._kept)
        return map(self._made, kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__: Any = None  # it changes

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:_SHOWN]))
        return f"[{shown}, ... {len(self)} in all]" if len(self) > _SHOWN else f"[{shown}]"
