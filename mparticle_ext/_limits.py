"""What one attempt may take: the time until its deadline, which reaches its connection past the generated operation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Self

import httpx

MAX_CONNECTIONS = 100
IDLE_SECONDS = 30.0  # a connection that idled longer is not used again: load balancers close theirs after a minute

DEADLINE: ContextVar[float] = ContextVar("when the attempt that is being made must end, by the monotonic clock")


class StaleConnectionError(httpx.ReadError):
    """A kept connection broke before anything of the answer came: the server had most likely closed it."""


class Patience:
    """How long an attempt may wait, for each part of it and in all.

    Raises:
        httpx.TimeoutException: Of the kind that is asked for, where nothing is left.
    """

    def __init__(self, timeouts: Mapping[str, float | None]) -> None:
        self._timeouts = timeouts
        self._deadline = DEADLINE.get()

    @classmethod
    def of(cls, request: httpx.Request) -> Self:
        """What a request and its attempt allow."""
        return cls(request.extensions["timeout"])

    def until_open(self) -> Self:
        """The same for what is said before the first request: each part takes as long as a connection may."""
        return type(self)(dict.fromkeys(self._timeouts, self._timeouts["connect"]))

    def to_connect(self) -> float:
        """Seconds for one address of a host."""
        return self._cut("connect", httpx.ConnectTimeout)

    def to_send(self) -> float:
        """Seconds for a piece of the request."""
        return self._cut("write", httpx.WriteTimeout)

    def to_receive(self) -> float:
        """Seconds until the next part of the answer comes."""
        return self._cut("read", httpx.ReadTimeout)

    def for_turn(self) -> float:
        """Seconds until one of the connections is free: all that is left."""
        return self._left(httpx.PoolTimeout)

    def shorten(self, request: httpx.Request) -> None:
        """Cut the timeouts of a request for a transport that keeps to these alone."""
        cut = {name: self._cut(name, httpx.PoolTimeout) for name in self._timeouts}
        request.extensions = {**request.extensions, "timeout": cut}

    def _cut(self, part: str, late: type[httpx.TimeoutException]) -> float:
        left, timeout = self._left(late), self._timeouts[part]
        return left if timeout is None else min(timeout, left)

    def _left(self, late: type[httpx.TimeoutException]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("the deadline is over")
        return left
