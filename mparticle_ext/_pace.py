"""How fast an EventsApi may send: what its own rate and the service's answers allow. Nothing here waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ._errors import RateLimitError

if TYPE_CHECKING:
    import httpx
    from mparticle_events.models import ApiError

_BUSY_PERCENT = 80.0  # of the service's limit: from here on upload_all slows down ...
_BUSIEST_SECONDS = 1.0  # ... to a request in this many seconds at 100 %


class Pace:
    """What the uploads of one EventsApi share: the time until which a 429 holds them back, and the rate.

    Attributes:
        rate_limit_used: The service's last word on how much of its tightest limit is used, in percent.
    """

    def __init__(self, rate: float | None) -> None:
        self.rate_limit_used: float | None = None
        self._rate = rate
        self._next_at = 0.0
        self._held_until = 0.0
        self._refusal: tuple[httpx.Response, Sequence[ApiError]] | None = None
        self._changing = threading.Lock()

    def hold(self, seconds: float, error: RateLimitError) -> None:
        """Hold back every upload for some seconds, for a 429."""
        until = time.monotonic() + seconds
        with self._changing:
            if until > self._held_until:
                self._held_until = until
                self._refusal = error.response, error.errors

    def held_seconds(self) -> float:
        """How long uploads are held back, from now; 0 for not at all."""
        return max(0.0, self._held_until - time.monotonic()) if self._held_until else 0.0

    def refusal(self) -> RateLimitError:
        """The error of an upload that cannot wait so long."""
        with self._changing:
            assert self._refusal is not None, "uploads are held back by a 429 only"  # noqa: S101
            response, errors = self._refusal
        return RateLimitError(response, errors, retry_after=self.held_seconds())

    def note(self, response: httpx.Response) -> None:
        """Read from an answer how much of the limit is used."""
        said = response.headers.get("X-mp-rate-limit-percentage-used")
        if said is None:
            return
        try:
            percent = float(said)
        except ValueError:
            return
        if 0 <= percent < float("inf"):
            self.rate_limit_used = percent

    def seconds_before(self, batches: int) -> float:
        """How long to wait before a request of `upload_all` with so many batches; its place is taken by asking."""
        now = time.monotonic()
        with self._changing:
            start = max(now, self._next_at)
            self._next_at = start + (batches / self._rate if self._rate else 0.0)
            return start - now + self._slowdown()

    def _slowdown(self) -> float:
        above = (self.rate_limit_used or 0.0) - _BUSY_PERCENT
        return _BUSIEST_SECONDS * min(1.0, max(0.0, above / (100.0 - _BUSY_PERCENT)))
