"""Connections: what both clients say and hear over theirs, how long one is kept, and what its failures are called."""

from __future__ import annotations

import time
from collections import deque
from typing import Generic, NoReturn, Protocol, TypeVar

import httpx

from ._limits import IDLE_SECONDS, StaleConnectionError
from ._tls import Tls


class Line(Protocol):
    """A connection.

    Attributes:
        layers: Its layers of encryption, the outermost first.
        used_at: When an answer last came over it, by the wall clock; 0 for never.
    """

    layers: list[Tls]
    used_at: float

    def is_quiet(self) -> bool:
        """Whether the other side has neither closed it nor said anything that nobody asked for."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


Kind = TypeVar("Kind", bound=Line)


class Idle(Generic[Kind]):
    """The connections that are kept for the next request. The last one that came back is the first to be used."""

    def __init__(self) -> None:
        self._lines: deque[Kind] = deque()
        self._closed = False

    def take(self) -> Kind | None:
        """One that can be used."""
        while self._lines:
            try:
                line = self._lines.pop()  # in one step: two threads never get the same
            except IndexError:
                break
            if time.time() - line.used_at < IDLE_SECONDS and line.is_quiet():  # a frozen machine's other clock stands
                return line
            line.close()
        return None

    def keep(self, line: Kind) -> None:
        """Keep one, over which an answer came."""
        line.used_at = time.time()
        self._lines.append(line)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close them, and keep no more."""
        self._closed = True
        while self._lines:
            try:
                line = self._lines.pop()
            except IndexError:
                break
            line.close()


def raise_never_stood(error: Exception) -> NoReturn:
    """Raise what a connection failed with before its first request.

    Raises:
        httpx.ConnectError: There is nobody, or nobody to be trusted.
        httpx.ConnectTimeout: There is nobody in time.
        httpx.ProxyError: The proxy is in the way.
    """
    if isinstance(error, httpx.ProxyError):
        raise error
    late = isinstance(error, (httpx.TimeoutException, TimeoutError))
    raise (httpx.ConnectTimeout if late else httpx.ConnectError)(_said_by(error)) from error


def raise_broken(error: Exception, *, kept: bool, answered: bool) -> NoReturn:
    """Raise what a request failed with, over a connection that was kept or new.

    Raises:
        StaleConnectionError: The connection was kept, and nothing came.
        httpx.TransportError: Anything else.
    """
    if kept and not answered and not isinstance(error, httpx.TimeoutException):
        raise StaleConnectionError(_said_by(error)) from error
    if isinstance(error, httpx.TransportError):
        raise error
    raise httpx.ReadError(_said_by(error)) from error


def _said_by(error: Exception) -> str:
    return str(error) or type(error).__name__
