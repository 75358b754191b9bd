"""`Retry-After`: seconds or an HTTP date (RFC 9110, section 10.2.3), from whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST_SECONDS = 86_400  # a day: whoever asks for more is not to be taken at their word


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that an answer asks to wait.

    A date counts from the answer's own `Date`, where it has one: the clocks need not agree.

    Args:
        headers: The answer's headers; names in any case, as `httpx.Headers` reads them.
        now: The time here; the clock's where it is None.

    Returns:
        From 0 to a day; None where the header is absent, negative, past, absurd or garbled.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        asked = float(text)
    else:
        until = _date(text)
        if until is None:
            return None
        since = _date(headers.get("Date", "")) or now or datetime.now(UTC)
        asked = (until - since).total_seconds()
    return asked if 0 <= asked <= _MOST_SECONDS else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what it raises for text that is no date
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
