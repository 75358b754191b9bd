"""Connections: what both clients say and hear over theirs, how long one is kept, and what its failures are called."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Generic, NoReturn, Protocol, TypeVar

import httpx

from ._exchange import Answer
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
            if not _is_old(line) and line.is_quiet() and all(layer.is_quiet() for layer in line.layers):
                return line
            line.close()
        return None

    @contextmanager
    def lent(self, line: Kind, answer: Answer) -> Iterator[None]:
        """A block in which a request is sent over one: after it, it is kept where the answer allows it, else closed.

        Raises:
            httpx.TransportError: No whole answer came.
        """
        try:
            yield
        except BaseException as error:
            line.close()
            if isinstance(error, (httpx.TransportError, OSError)):
                _raise_broken(error, kept=bool(line.used_at), answered=answer.begun)
            raise
        if answer.keeps:
            self._keep(line)
        else:
            line.close()

    def close(self) -> None:
        """Close them, and keep no more."""
        self._closed = True
        while self._lines:
            self._close_oldest()

    def _keep(self, line: Kind) -> None:
        line.used_at = time.time()
        self._lines.append(line)
        if self._closed:
            self.close()
        with suppress(IndexError):  # none is left
            while _is_old(self._lines[0]):
                self._close_oldest()

    def _close_oldest(self) -> None:
        with suppress(IndexError):  # another thread was first
            self._lines.popleft().close()


def _is_old(line: Line) -> bool:
    """Whether it idled too long, by the wall clock: a frozen machine's other one stands still."""
    return time.time() - line.used_at >= IDLE_SECONDS


def is_readable(connection: socket.socket) -> bool:
    """Whether something can be read now: data, or the end."""
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([connection], [], [], 0)[0])
    asked = select.poll()  # select() takes no file number from 1024
    asked.register(connection, select.POLLIN)
    return bool(asked.poll(0))


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


def _raise_broken(error: Exception, *, kept: bool, answered: bool) -> NoReturn:
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
