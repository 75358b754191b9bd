"""How fast an API object sends: its own rate, waits after a 429, and mParticle's limit. Nothing here waits.

`upload_all` finds the limit as TCP finds its bandwidth. It starts with one request in flight and doubles their number.
The first 429 sets a rate: the batches that were accepted a second. After that the rate rises slowly, or quickly while
the limit is not nearly used, and each further 429 lowers it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..configuration import Configuration
from ..errors import RateLimitError

if TYPE_CHECKING:
    import httpx
    from mparticle_events.models import ApiError

_NEARLY_USED = 90.0  # percent of the limit
_UNUSED_SECONDS = 3.0  # in which no response says so: another process has ended. One response alone says little
_DECREASE = 0.85  # of the rate, at a 429
_FAST = 0.2  # of the rate, a second: the increase while the limit is not nearly used
_SEARCH = 0.03  # the increase otherwise, until the second 429
_PROBE = 0.003  # the increase after that; it grows with each second since the last 429
_EARLY_SECONDS = 0.001  # that a timer can end too early
_LONGEST_WAIT_SECONDS = 1.0  # until an upload looks for its place again
_CREDIT_SECONDS = 0.2  # of a pause that are made up for
_EVENT_SECONDS = 1.0  # in which several 429s count once
_PERIOD_SECONDS = 1.0  # in which batches are counted before the first 429
_MIN_RATE = 1.0
_UNLIMITED = float("inf")
_JITTER = 0.1  # of a wait after a 429, at most


class Pace:
    """The pace that all uploads of one API object share. Safe for threads.

    Attributes:
        rate_limit_used: How much of the tightest limit is used, in percent, by the last response that said.
        window: How many requests of an `upload_all` can be in flight.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.rate_limit_used: float | None = None
        self.window = 1
        self._configured = configuration.rate
        self._rate: float | None = None
        self._longest_hold = configuration.deadline
        self._held_until = self._hold = self._spacing = 0.0
        self._reserved = self._released = self._next = 0.0  # places, as numbers of batches
        self._released_at = 0.0
        self._limited_at = self._nearly_used_at = 0.0
        self._refusal: tuple[httpx.Response, Sequence[ApiError]] | None = None
        self._searching = True
        self._accepted = 0  # batches of this period, before the first 429
        self._accepted_before = 0  # of the period before
        self._accepted_at = -_UNLIMITED
        self._counted_from = time.monotonic()
        self._lock = threading.Lock()

    def held_seconds(self) -> float:
        """Seconds that a 429 holds back the next request, with jitter; 0 if it does not."""
        held = self._held_until - time.monotonic() if self._held_until else 0.0
        return held + _JITTER * self._hold * random.random() if held > 0 else 0.0  # noqa: S311  # not a secret

    def refusal(self, *, is_sent: bool) -> RateLimitError:
        """The error of an upload that cannot wait so long."""
        with self._lock:
            assert self._refusal is not None, "only a 429 holds back uploads"  # noqa: S101
            response, errors = self._refusal
        return RateLimitError(response, errors, max(0.0, self._held_until - time.monotonic()), is_sent=is_sent)

    def reserve(self, batches: int) -> float:
        """The place of a request of an `upload_all`, as the number of batches before it. Places are kept in order."""
        with self._lock:
            self._release()
            place = self._reserved
            self._reserved += batches
            return place

    def seconds_before(self, place: float, batches: int) -> float:
        """The seconds until a place, at most a second: the rate can rise meanwhile. 0 for now, and then it is taken."""
        with self._lock:
            self._release()
            rate = self._allowed_rate()
            if (seconds := (place - self._released) / rate) > _EARLY_SECONDS:
                return min(seconds, _LONGEST_WAIT_SECONDS)
            self._next, self._spacing = place + batches, batches / rate
            return 0.0

    def accepted(self, batches: int, response: httpx.Response) -> None:
        """Note a request that was accepted."""
        now = time.monotonic()
        with self._lock:
            self.window = min(2 * self.window, 1024)
            used = _percentage(response)
            self.rate_limit_used = self.rate_limit_used if used is None else used
            self._accepted_at = now
            if is_nearly_used := used is not None and used >= _NEARLY_USED:
                self._nearly_used_at = now
            if self._rate is not None:
                self._rate += batches * self._increase(now)
                return
            if now - self._counted_from >= _PERIOD_SECONDS:
                self._accepted_before, self._accepted, self._counted_from = self._accepted, 0, now
            self._accepted += batches
            if is_nearly_used:
                self._set_first_rate(now)

    def limited(self, seconds: float, error: RateLimitError) -> None:
        """Note a 429, and hold back every upload for some seconds."""
        now = time.monotonic()
        with self._lock:
            hold = min(seconds, self._longest_hold)
            until = now + hold
            if until > self._held_until:
                self._held_until, self._hold = until, hold
                if self._allowed_rate() == self._rate:
                    self._released = max(self._released, self._next)
                self._refusal = error.response, error.errors
            if self._rate is None:
                self._set_first_rate(now)
            elif now - self._limited_at > _EVENT_SECONDS:
                self._searching = False
                self._set_rate(_DECREASE * self._rate, now)

    def accepts(self) -> bool:
        """Whether a request was accepted within a deadline, not counting the last hold and wait for a place."""
        return time.monotonic() - self._accepted_at < self._longest_hold + self._hold + self._spacing

    def _allowed_rate(self) -> float:
        return min(self._rate or _UNLIMITED, self._configured or _UNLIMITED)

    def _release(self) -> None:
        """Let as many batches go as the time since the last call allows. A pause is made up for in part."""
        now, rate = time.monotonic(), self._allowed_rate()
        seconds = max(0.0, now - max(self._released_at, self._held_until - _CREDIT_SECONDS))
        credit = _CREDIT_SECONDS * rate if rate == self._rate else 0.0
        allowed = self._released + rate * seconds if rate < _UNLIMITED else _UNLIMITED
        self._released, self._released_at = min(allowed, self._reserved + credit), now

    def _set_first_rate(self, now: float) -> None:
        """The rate of the last seconds; none if nothing was accepted, because others use the limit."""
        share = (self.rate_limit_used or 100.0) / 100
        if accepted := max(self._accepted, self._accepted_before):
            self._set_rate(accepted / _PERIOD_SECONDS / max(share, 0.5), now)

    def _set_rate(self, rate: float, now: float) -> None:
        self._rate = max(_MIN_RATE, rate)
        self._limited_at = self._nearly_used_at = now

    def _increase(self, now: float) -> float:
        """The increase of the rate per accepted batch: at a rate of r batches a second, r times this a second."""
        if self.rate_limit_used is not None and now - self._nearly_used_at > _UNUSED_SECONDS:
            return _FAST
        return _SEARCH if self._searching else _PROBE * (1 + now - self._limited_at)


def _percentage(response: httpx.Response) -> float | None:
    try:
        percent = float(response.headers.get("X-mp-rate-limit-percentage-used", "nan"))
    except ValueError:
        return None
    return percent if 0 <= percent < float("inf") else None
