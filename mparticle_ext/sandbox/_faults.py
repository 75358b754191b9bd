"""Injected faults for the next requests, the latency, and the rate limit."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from msgspec import Struct

After: TypeAlias = Literal["headers", "request", "taken"]
"""When a connection is closed: before the body is read, after it is read, or after the batches are taken."""

_MIN_FAILURE_STATUS = 300
_MAX_STATUS = 599
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING_HEADERS = ("content-length", "transfer-encoding")  # a second value breaks the connection


class Fault(Struct):
    """A fault for the next `left` requests: an error status, or a closed connection."""

    number: int
    left: int
    status: int | None = None
    headers: Mapping[str, str] = {}
    after: After | None = None


class Faults:
    """The pending faults, the latency and the rate limit. Not thread-safe."""

    def __init__(self, latency: float, rate_limit: float | None) -> None:
        self.pending: list[Fault] = []
        self.latency = latency
        self.rate_limit = rate_limit
        self._last_number = 0

    @property
    def latency(self) -> float:
        """The delay of each response in seconds."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        if not _is_number(seconds) or seconds < 0:
            raise ValueError(f"latency is {seconds!r:.40}: give seconds, 0 or more")
        self._latency = seconds

    @property
    def rate_limit(self) -> float | None:
        """The accepted batches per second; None for no limit."""
        return self.limiter.limit if self.limiter else None

    @rate_limit.setter
    def rate_limit(self, limit: float | None) -> None:
        if limit is not None and (not _is_number(limit) or limit <= 0):
            raise ValueError(f"rate_limit is {limit!r:.40}: give batches per second, more than 0, or None for no limit")
        self.limiter = None if limit is None else RateLimiter(limit)

    def fail(self, status: int, times: int, headers: Mapping[str, str]) -> None:
        """Answer the next requests with an error status."""
        if type(status) is not int or not _MIN_FAILURE_STATUS <= status <= _MAX_STATUS:
            valid = f"{_MIN_FAILURE_STATUS} to {_MAX_STATUS}"
            raise ValueError(f"status is {status!r:.40}, which is not a failure: give a status from {valid}")
        for name, value in headers.items():
            _require_header(name, value)
        self._add(times, status=status, headers=headers)

    def drop(self, after: After, times: int) -> None:
        """Close the connections of the next requests."""
        if after not in get_args(After):
            raise ValueError(f"after is {after!r:.40}: give one of {', '.join(get_args(After))}")
        self._add(times, after=after)

    def next(self) -> Fault | None:
        """The fault for the current request."""
        if not self.pending:
            return None
        fault = self.pending[0]
        fault.left -= 1
        if not fault.left:
            del self.pending[0]
        return fault

    def remove(self, number: int) -> None:
        """Remove a pending fault."""
        self.pending = [fault for fault in self.pending if fault.number != number]

    def _add(self, times: int, **fields: Any) -> None:
        if type(times) is not int or times < 1:
            raise ValueError(f"times is {times!r:.40}: give a number of requests, 1 or more")
        self._last_number += 1
        self.pending.append(Fault(self._last_number, times, **fields))


class RateLimiter:
    """A token bucket with the batches of one second, shared by all connections.

    A full bucket accepts a request of any size; the bucket then refills from below zero.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._tokens = limit
        self._refilled_at = time.monotonic()
        self._accepted: deque[tuple[float, int]] = deque()  # the time and the batches of the last second's requests

    def seconds_until(self, batches: int) -> float:
        """Seconds until the limit accepts these batches; 0 if it does now."""
        self._refill()
        return max(0.0, (min(batches, self.limit) - self._tokens) / self.limit)

    def accept(self, batches: int) -> None:
        """Count batches as accepted."""
        self._tokens -= batches
        self._accepted.append((time.monotonic(), batches))

    def percentage_used(self) -> int:
        """The share of the limit that the last second used. A refilling bucket below zero counts as 100."""
        self._refill()
        while self._accepted and self._accepted[0][0] <= self._refilled_at - 1:
            self._accepted.popleft()
        used = max(sum(batches for _, batches in self._accepted), self.limit - self._tokens)
        return min(100, round(100 * used / self.limit))

    def _refill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self.limit, self._tokens + (now - self._refilled_at) * self.limit)
        self._refilled_at = now


def _require_header(name: str, value: str) -> None:
    """Raise a ValueError for a header that HTTP cannot carry or that the server sets."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r:.40} is not a valid header name: use ASCII letters, digits and -")
    if name.lower() in _FRAMING_HEADERS:
        raise ValueError(f"the sandbox sets the header {name} itself: leave it out")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"the header {name} is {value!r:.40}: use Latin-1 characters without line breaks")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
