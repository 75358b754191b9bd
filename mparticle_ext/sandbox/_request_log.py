"""The log of received requests, their batches, and the outcome of each batch.

The server's thread writes it, any thread reads it. Hold `RequestLog.condition` for both.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar, overload

import msgspec
from msgspec import Raw, Struct

T = TypeVar("T")
S = TypeVar("S")

Outcome: TypeAlias = Literal["taken", "dropped", "refused"]

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors that decoding raises for a body that is not JSON, or is nested too deeply."""

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""How many bytes of request bodies and headers a log keeps, whatever the number of its batches."""

_CREDENTIAL_HEADERS = (b"authorization", b"proxy-authorization", b"cookie")
_MAX_ITEMS_IN_REPR = 3


class Counts(NamedTuple):
    """How many requests and batches were received since the start or the last `clear()`, stored or not.

    Attributes:
        requests: All requests.
        refused: Requests that were refused: no batch of them was taken.
        taken: Batches that were taken.
        dropped: Batches that were dropped although their request was accepted.
    """

    requests: int
    refused: int
    taken: int
    dropped: int


@dataclass(frozen=True)
class Dropped:
    """A batch that was dropped although its request was accepted. mParticle does the same without an error.

    Attributes:
        document: The JSON of the batch.
        reason: Why it was dropped.
    """

    document: bytes = field(repr=False)
    reason: str


class Fate(NamedTuple):
    """The outcome of a batch.

    Attributes:
        outcome: `taken`; `dropped`, although its request was accepted; or `refused` together with its request.
        reason: Why it was not taken; None if it was.
    """

    outcome: Outcome
    reason: str | None = None


class Request(Struct, eq=False, gc=False):
    """A received request.

    Attributes:
        method: The HTTP method.
        path: The path, such as `/v2/events`.
        size: The size of the body in bytes.
        body: The body. A body above the size limit is cut at the limit.
        status: The HTTP status of the response; None if the connection was closed without one.
        reason: Why the request was refused; None if it was accepted.
        seconds: The time until the response was sent.
    """

    received_at: float
    method: str
    path: str
    raw_headers: bytes
    body: bytes
    size: int
    status: int | None = None
    reason: str | None = None
    seconds: float = 0.0
    dropped: dict[int, str] = {}

    @property
    def time(self) -> datetime:
        """The time when it was received, in UTC."""
        return datetime.fromtimestamp(self.received_at, UTC)

    @property
    def kept_bytes(self) -> int:
        """The size of the body and the headers as they are stored."""
        return len(self.body) + len(self.raw_headers)

    @property
    def headers(self) -> dict[str, str]:
        """The headers without credentials. The names are in lower case."""
        lines = self.raw_headers.decode("latin-1").split("\n") if self.raw_headers else []
        return dict(line.split(":", 1) for line in lines)

    @property
    def fates(self) -> list[Fate]:
        """The outcome of each batch, in the order of the request. A body that is not JSON counts as one batch."""
        return [self.fate_of(index) for index in range(len(documents_of(self.body)))]

    def fate_of(self, index: int) -> Fate:
        """The outcome of the batch at an index."""
        if self.reason is not None:
            return Fate("refused", self.reason)
        dropped = self.dropped.get(index)
        return Fate("taken") if dropped is None else Fate("dropped", dropped)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} {self.status or 'no response'}>"


class ReceivedBatch(Struct, eq=False, gc=False):
    """A batch as JSON, or the whole body of a request that was refused."""

    request: Request
    index: int
    document: bytes | Raw
    number: int = 0

    @property
    def fate(self) -> Fate:
        return self.request.fate_of(self.index)


def without_credentials(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as one bytes object, which needs a tenth of the memory of a dict."""
    return b"\n".join(name + b":" + value for name, value in headers if name not in _CREDENTIAL_HEADERS)


def documents_of(body: bytes) -> list[bytes | Raw]:
    """The entries of a JSON list, without a copy; else the body itself."""
    try:
        return list(msgspec.json.decode(body, type=list[Raw]))
    except UNREADABLE:
        return [body]


class Newest(Generic[T]):
    """The newest items in the order of arrival, numbered from 1. A number is used once, also after `clear()`."""

    def __init__(self, keep: int | None) -> None:
        self._items: list[T] | deque[T] = [] if keep is None else deque()  # a list is faster to index
        self._keep = keep
        self._last_cleared = 0
        self.last = 0

    @property
    def count(self) -> int:
        """The number of items since the last `clear()`, stored or not."""
        return self.last - self._last_cleared

    @property
    def first(self) -> int:
        """The number of the oldest stored item; `last + 1` if none is stored."""
        return self.last - len(self._items) + 1

    def append(self, item: T) -> None:
        self._items.append(item)
        self.last += 1
        if self._keep is not None and len(self._items) > self._keep:
            self.remove_oldest()

    def remove_oldest(self) -> T:
        oldest = self._items[0]
        del self._items[0]
        return oldest

    def clear(self) -> None:
        self._items.clear()
        self._last_cleared = self.last

    def after(self, number: int, limit: int) -> list[T]:
        """The first items with a higher number."""
        start = max(number + 1, self.first)
        return [self[at - self.first] for at in range(start, min(start + limit, self.last + 1))]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> T:
        return self._items[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)


class NewestBatches(Newest[ReceivedBatch]):
    """Batches of one outcome, and the size of the requests that they keep in memory."""

    request_bytes = 0

    def append(self, item: ReceivedBatch) -> None:
        if not self._items or self._items[-1].request is not item.request:
            self.request_bytes += item.request.kept_bytes
        super().append(item)

    def remove_oldest(self) -> ReceivedBatch:
        oldest = super().remove_oldest()
        if not self._items or self._items[0].request is not oldest.request:
            self.request_bytes -= oldest.request.kept_bytes
        return oldest

    def clear(self) -> None:
        super().clear()
        self.request_bytes = 0


class RequestLog:
    """See the module.

    Attributes:
        condition: Notified when a request was added.
        rows: The rows of the page: each batch, and each refused request.
    """

    def __init__(self, keep: int | None) -> None:
        self.condition = threading.Condition()
        self.requests: Newest[Request] = Newest(keep)
        self.rows: Newest[ReceivedBatch] = Newest(keep)
        self.taken, self.dropped, self.refused = (NewestBatches(keep) for _ in range(3))
        self._source_request_ids: set[str] = set()

    @property
    def counts(self) -> Counts:
        return Counts(self.requests.count, self.refused.count, self.taken.count, self.dropped.count)

    def is_duplicate(self, source_request_id: object) -> bool:
        """Whether a batch with this ID was received before. Remembers the ID."""
        if not isinstance(source_request_id, str):
            return False
        before = len(self._source_request_ids)
        self._source_request_ids.add(source_request_id)
        return len(self._source_request_ids) == before

    def add(self, request: Request, batches: Iterable[ReceivedBatch]) -> None:
        """Add a request whose outcome is known, and its batches."""
        self.requests.append(request)
        if request.reason is not None:
            self._add_row(ReceivedBatch(request, 0, request.body), self.refused)
        else:
            for batch in batches:
                self._add_row(batch, self.dropped if batch.index in request.dropped else self.taken)
        self._remove_excess()
        self.condition.notify_all()

    def _add_row(self, batch: ReceivedBatch, same_outcome: NewestBatches) -> None:
        same_outcome.append(batch)
        self.rows.append(batch)
        batch.number = self.rows.last

    def _remove_excess(self) -> None:
        """Remove the oldest batches while their bodies take too much memory, and the requests without a row."""
        outcomes = (self.taken, self.dropped, self.refused)
        while sum(batches.request_bytes for batches in outcomes) > MAX_KEPT_BYTES:
            removed = max(outcomes, key=lambda batches: batches.request_bytes).remove_oldest()
            while self.rows and self.rows.first <= removed.number:
                self.rows.remove_oldest()
        while self.requests and not (self.rows and self.rows[0].request is self.requests[0]):
            self.requests.remove_oldest()

    def clear(self) -> None:
        for stored in (self.requests, self.rows, self.taken, self.dropped, self.refused, self._source_request_ids):
            stored.clear()


class View(Sequence[S], Generic[T, S]):
    """A read-only view of stored items for users. Creates each element at access; equal to any equal sequence."""

    def __init__(self, items: Newest[T], create: Callable[[T], S], condition: threading.Condition) -> None:
        self._items, self._create, self._condition = items, create, condition

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> S: ...
    @overload
    def __getitem__(self, index: slice) -> list[S]: ...
    def __getitem__(self, index: int | slice) -> S | list[S]:
        with self._condition:
            found = list(self._items)[index] if isinstance(index, slice) else self._items[index]
        return [self._create(item) for item in found] if isinstance(found, list) else self._create(found)

    def __iter__(self) -> Iterator[S]:
        with self._condition:
            items = list(self._items)
        return map(self._create, items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__: Any = None  # the contents change

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:_MAX_ITEMS_IN_REPR]))
        return f"[{shown}, ... {len(self)} in all]" if len(self) > _MAX_ITEMS_IN_REPR else f"[{shown}]"
