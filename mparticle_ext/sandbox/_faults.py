"""What goes wrong on purpose: the next requests, the time an answer takes, and a rate limit."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from msgspec import Struct

After: TypeAlias = Literal["headers", "request", "taken"]

_FIRST_FAILURE = 300  # the first HTTP status that takes nothing
_LAST_STATUS = 599
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = ("content-length", "transfer-encoding")  # others than the server's own break the connection
_BURST_SECONDS = 1.0  # what a second allows may come at once


class Fault(Struct):
    """What the next requests meet, each of `left`: a status, or a connection that is closed."""

    number: int
    left: int
    status: int | None = None
    headers: Mapping[str, str] = {}
    after: After | None = None


class Faults:
    """The faults that are still to come, and the two settings that stay. To be changed by one thread at a time."""

    def __init__(self, latency: float, rate_limit: float | None) -> None:
        self.pending: list[Fault] = []
        self.latency = latency
        self.rate_limit = rate_limit
        self._numbers = 0

    @property
    def latency(self) -> float:
        """Seconds that an answer waits."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        if not _is_number(seconds) or seconds < 0:
            raise ValueError(f"latency is {seconds!r:.40}: give seconds, 0 or more")
        self._latency = seconds

    @property
    def rate_limit(self) -> float | None:
        """Batches a second that are taken; None for all."""
        return self.rate.limit if self.rate else None

    @rate_limit.setter
    def rate_limit(self, batches: float | None) -> None:
        if batches is not None and (not _is_number(batches) or batches <= 0):
            raise ValueError(f"rate_limit is {batches!r:.40}: give batches a second, more than 0, or None for no limit")
        self.rate = None if batches is None else Rate(batches)

    def fail(self, status: int, times: int, headers: Mapping[str, str]) -> None:
        """Answer the next requests with a status."""
        if type(status) is not int or not _FIRST_FAILURE <= status <= _LAST_STATUS:
            raise ValueError(f"{status!r:.40} is no failure: give a status from {_FIRST_FAILURE} to {_LAST_STATUS}")
        for name, value in headers.items():
            _require_header(name, value)
        self._add(times, status=status, headers=headers)

    def drop(self, after: After, times: int) -> None:
        """Close the connection of the next requests."""
        if after not in get_args(After):
            raise ValueError(f"after is {after!r:.40}: it is one of {', '.join(get_args(After))}")
        self._add(times, after=after)

    def next(self) -> Fault | None:
        """What the request that comes now meets."""
        if not self.pending:
            return None
        fault = self.pending[0]
        fault.left -= 1
        if not fault.left:
            del self.pending[0]
        return fault

    def undo(self, number: int) -> None:
        """Take one back."""
        self.pending = [fault for fault in self.pending if fault.number != number]

    def _add(self, times: int, **what: Any) -> None:
        if type(times) is not int or times < 1:
            raise ValueError(f"times is {times!r:.40}: give how many requests, 1 or more")
        self._numbers += 1
        self.pending.append(Fault(self._numbers, times, **what))


class Rate:
    """A bucket that each batch fills and that drains at the limit. An empty one takes a request of any size."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._level = 0.0
        self._drained_at = time.monotonic()

    def seconds_until(self, batches: int) -> float:
        """How long until so many are taken; 0 for now."""
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._drained_at) * self.limit)
        self._drained_at = now
        over = self._level + batches - max(self.limit * _BURST_SECONDS, batches)
        return max(0.0, over / self.limit)

    def take(self, batches: int) -> float:
        """Count batches, and say how much of the limit is used, in percent."""
        self._level += batches
        return min(100.0, 100 * self._level / (self.limit * _BURST_SECONDS))


def _require_header(name: str, value: str) -> None:
    """Raise a ValueError for a header that HTTP cannot carry, or that is not for the asking."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r:.40} is no name of a header: use letters, digits and - in ASCII")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set by the sandbox itself: leave it out")
    if not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"the header {name} is {value!r:.40}: HTTP carries Latin-1 without line breaks")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
