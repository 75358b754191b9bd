"""What became of a request: the four kinds that everything after is decided by."""

from __future__ import annotations

from enum import Enum

_NOT_TAKEN = frozenset({429, 503})  # mParticle: over a limit, and unavailable
_REQUEST_TIMEOUT = 408


class Outcome(Enum):
    """What became of a request, as far as it is known here."""

    TAKEN = "taken"
    NOT_TAKEN = "not taken"
    """Certainly not: there was no connection, or the service had no room."""
    UNKNOWN = "unknown"
    """It was begun, and no word came that settles it."""
    REFUSED = "refused"
    """Not taken, and it would not be the next time."""


def outcome_of_status(status: int) -> Outcome:
    """What an answer with this status says. One above 599 counts as a 5xx (RFC 9110, section 15)."""
    if 200 <= status <= 299:
        return Outcome.TAKEN
    if status in _NOT_TAKEN:
        return Outcome.NOT_TAKEN
    if status == _REQUEST_TIMEOUT or status >= 500 or status < 200:
        return Outcome.UNKNOWN
    return Outcome.REFUSED
