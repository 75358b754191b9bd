"""What one attempt may take from its connection: time until its deadline, and a bounded number of bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpcore
import httpx

MAX_ANSWER_BYTES = 262_144  # of a whole answer with its headers; mParticle's have some hundred bytes
MAX_BODY_BYTES = 65_536  # of the body of an answer: the rest is not read
MAX_CONNECTIONS = 100
IDLE_SECONDS = 30.0  # a connection that idled longer is not used again: load balancers close theirs after a minute
WRITE_BYTES = 16_384  # at once, so that a slow reader cannot outlast the deadline unseen; a record of TLS


class StaleConnectionError(httpx.ReadError):
    """A kept connection broke before anything of the answer came: the server had most likely closed it."""


class Limits:
    """The limits of one attempt, and what they have seen of it."""

    __slots__ = ("_bytes_left", "_deadline", "begun", "needs_tls", "reused")

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._bytes_left = MAX_ANSWER_BYTES
        self.needs_tls = False
        self.begun = False
        self.reused = False

    def cut(self, timeout: float | None, late: type[Exception]) -> float:
        """A timeout in seconds, or what is left of the deadline where that is less.

        Raises:
            late: Nothing is left.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("the deadline is over")
        return left if timeout is None else min(timeout, left)

    def shorten(self, request: httpx.Request) -> None:
        """Cut the timeouts of a request to what is left.

        Raises:
            httpx.PoolTimeout: Nothing is left.
        """
        timeouts = request.extensions["timeout"]
        cut = {name: self.cut(timeout, httpx.PoolTimeout) for name, timeout in timeouts.items()}
        request.extensions = {**request.extensions, "timeout": cut}

    def sending(self, *, secure: bool, used_before: bool) -> None:
        """Note that something is written: the request, unless the tunnel to it is still being made."""
        if secure or not self.needs_tls:
            self.begun = True
            self.reused = used_before

    def received(self, size: int) -> None:
        """Count what is read.

        Raises:
            httpcore.RemoteProtocolError: It is more than an answer has.
        """
        self._bytes_left -= size
        if self._bytes_left < 0:
            raise httpcore.RemoteProtocolError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")

    @property
    def answered(self) -> bool:
        """Whether anything came back."""
        return self._bytes_left < MAX_ANSWER_BYTES


_CURRENT: ContextVar[Limits] = ContextVar("limits of the attempt that is being made")


def current_limits() -> Limits:
    """The limits of the attempt that is being made in this thread or task."""
    return _CURRENT.get()


@contextmanager
def limited_until(deadline: float) -> Iterator[None]:
    """Make an attempt that ends by a deadline, in seconds of the monotonic clock."""
    token = _CURRENT.set(Limits(deadline))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def is_idle_too_long(used_at: float) -> bool:
    """Whether a connection was last used too long ago. By the wall clock: a frozen machine's other one stands still."""
    return time.time() - used_at > IDLE_SECONDS


@contextmanager
def as_httpx_errors(limits: Limits) -> Iterator[None]:
    """Raise what httpcore raises as the httpx error of the same name; a connection that never stood as ConnectError."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError,
            httpcore.UnsupportedProtocol, OSError) as error:  # fmt: skip
        raise _httpx_error(error, limits) from error


def _httpx_error(error: Exception, limits: Limits) -> httpx.TransportError:
    text = str(error) or type(error).__name__
    late = isinstance(error, httpcore.TimeoutException)
    if limits.reused and not limits.answered and not late:
        return StaleConnectionError(text)
    if isinstance(error, OSError):  # what httpcore lets through, as in a TLS handshake that breaks off
        return httpx.ReadError(text) if limits.begun else httpx.ConnectError(text)
    if not limits.begun and isinstance(error, (httpcore.ReadTimeout, httpcore.WriteTimeout)):
        return httpx.ConnectTimeout(text)
    if not limits.begun and isinstance(error, (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)):
        return httpx.ConnectError(text)
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(text)
