"""Whether and when a request is sent again: the decision, `Retry-After` and the retry budget. Nothing here waits."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..configuration import Retry
from ..errors import Outcome

_MAX_RETRY_AFTER = 86_400.0  # seconds; a longer wait is not plausible
_EARNED = 0.2
_JITTER = 0.1  # of `Retry-After`, so that uploads that were refused together do not start together


def wait_before_next(
    outcome: Outcome,
    *,
    policy: Retry | None,
    attempts: int,
    repeatable: bool,
    retry_after: float | None,
    seconds_left: float,
    random: float,
) -> float | None:
    """Seconds until the next attempt; None if there is none. Times are in seconds, `random` is from 0 to 1."""
    if policy is None or attempts >= policy.max_attempts:
        return None
    if not (outcome is Outcome.NOT_TAKEN or (outcome is Outcome.UNKNOWN and repeatable)):
        return None
    wait = max(policy.backoff(attempts, random), (retry_after or 0.0) * (1 + _JITTER * random))
    return wait if wait < seconds_left else None


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds, up to a day, that `Retry-After` asks for: a number or an HTTP date (RFC 9110, section 10.2.3).

    A date is compared with the response's own `Date` if there is one, because clocks differ; else with `now`.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        until = _date(text)
        if until is None:
            return None
        seconds = (until - (_date(headers.get("Date", "")) or now or datetime.now(UTC))).total_seconds()
    return seconds if 0 <= seconds <= _MAX_RETRY_AFTER else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # the exceptions for text that is not a date
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


class Budget:
    """The retries that all uploads of an API object share. See `Retry.budget`."""

    def __init__(self, size: int) -> None:
        self._size = self._left = float(size)
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Take one retry; False if none is left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self, *, retried: bool) -> None:
        """Give back what an accepted request earns."""
        if self._left < self._size:
            with self._lock:
                self._left = min(self._size, self._left + _EARNED + retried)
