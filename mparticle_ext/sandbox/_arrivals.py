"""What arrives: a request, the batches in it, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Raw, Struct

_CREDENTIALS = (b"authorization", b"proxy-authorization", b"cookie")

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON, or absurdly deep."""

Outcome: TypeAlias = Literal["taken", "dropped", "refused"]


@dataclass(frozen=True)
class Dropped:
    """A batch that was accepted with its request and then dropped, as mParticle does in silence."""

    document: bytes = field(repr=False)
    reason: str


class Fate(NamedTuple):
    """What became of a batch.

    Attributes:
        outcome: `taken`; `dropped`, with its request accepted; or `refused`, with its request.
        reason: Why it was not taken.
    """

    outcome: Outcome
    reason: str | None = None


class Request(Struct, eq=False, gc=False):
    """A request that arrived.

    Attributes:
        method: The HTTP method.
        path: The path, such as `/v2/events`.
        size: The bytes of its body.
        body: Its body; of one that is too large only as much as is taken.
        status: The HTTP status it was answered with; None where the connection was closed without an answer.
        reason: Why nothing of it was taken; None where it was accepted.
        seconds: How long it took to answer.
    """

    arrived_at: float
    method: str
    path: str
    head: bytes
    body: bytes
    size: int
    status: int | None = None
    reason: str | None = None
    seconds: float = 0.0
    dropped: dict[int, str] = {}

    @property
    def time(self) -> datetime:
        """When it arrived, in UTC."""
        return datetime.fromtimestamp(self.arrived_at, UTC)

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, names in lower case, without credentials."""
        lines = self.head.decode("latin-1").split("\n") if self.head else []
        return dict(line.split(":", 1) for line in lines)

    @property
    def fates(self) -> list[Fate]:
        """What became of each batch in it, in their order; a body that cannot be read counts as one."""
        count = len(documents_of(self.body))
        if self.reason is not None:
            return [Fate("refused", self.reason)] * count
        return [self.fate_of(index) for index in range(count)]

    def fate_of(self, index: int) -> Fate:
        """What became of one batch."""
        if self.reason is not None:
            return Fate("refused", self.reason)
        dropped = self.dropped.get(index)
        return Fate("taken") if dropped is None else Fate("dropped", dropped)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path} {self.status or 'no answer'}>"


class Arrival(Struct, eq=False, gc=False):
    """A batch that was taken or dropped, or a request that was refused as a whole; with its text, not its objects."""

    request: Request
    index: int
    document: bytes | Raw

    @property
    def fate(self) -> Fate:
        """What became of it."""
        return self.request.fate_of(self.index)


def head_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers in one piece, which is a tenth of what a dict of them holds, and without credentials."""
    return b"\n".join(name + b":" + value for name, value in headers if name not in _CREDENTIALS)


def documents_of(body: bytes) -> list[bytes | Raw]:
    """The batches in a body: the entries of a list, else the body itself; nothing of it is copied."""
    try:
        return list(msgspec.json.decode(body, type=list[Raw]))
    except UNREADABLE:
        return [body]
