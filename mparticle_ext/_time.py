"""Times as the service takes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from ._errors import WrongCallError, kind_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def unixtime_ms(when: datetime | None = None) -> int:
    """Milliseconds since 1970-01-01 UTC: of a datetime, or of now.

    Raises:
        WrongCallError: It is no datetime.
        ValueError: The datetime has no time zone, so that it names no moment.
    """
    if when is None:
        return time.time_ns() // 1_000_000
    if not isinstance(when, datetime):
        raise WrongCallError(f"unixtime_ms takes a datetime, or nothing for now, not {kind_of(when)}")
    if when.tzinfo is None:
        raise ValueError(f"{when!r} has no time zone: give it one, as in datetime.now(timezone.utc)")
    return (when - _EPOCH) // _MILLISECOND
