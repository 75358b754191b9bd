"""Whether a request is tried again, and after how long: a policy, and one pure decision by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._errors import ConfigurationError
from ._outcome import Outcome

_DAY_SECONDS = 86_400  # longer than anyone waits


def require_count(name: str, value: Any) -> None:
    """Refuse what is no whole number of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} is {value!r:.40}: give a whole number of at least 1")


def require_seconds(name: str, value: Any) -> None:
    """Refuse what is no time that someone may wait."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value <= _DAY_SECONDS):
        raise ConfigurationError(f"{name} is {value!r:.40}: give seconds, more than 0 and at most a day")


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often a request is tried, and how long is waited between: exponential back-off with full jitter.

    The wait before attempt n + 1 is drawn evenly from 0 to `initial_backoff` · 2ⁿ⁻¹ seconds, at most `max_backoff`: so
    clients that failed together do not come back together. All of it stays inside `Configuration.deadline`.

    Attributes:
        max_attempts: How often a request is sent at most. 8, with the waits below, outlasts a restart of the service:
            25 seconds on average.
        initial_backoff: Seconds that the first wait is at most. Half a second is longer than a request usually takes.
        max_backoff: Seconds that any wait is at most. With 20 a deadline of a minute still holds several attempts.
        budget: How many retries may be on credit. Each retry takes one; a request that is taken brings back a fifth
            of one, and what its last retry took. While none is left nothing is retried: an outage gets hardly more
            requests than good weather. 100 and a fifth are what the AWS SDKs use.

    Raises:
        ConfigurationError: A value that cannot work.
    """

    max_attempts: int = 8
    initial_backoff: float = 0.5
    max_backoff: float = 20.0
    budget: int = 100

    def __post_init__(self) -> None:
        require_count("max_attempts", self.max_attempts)
        require_seconds("initial_backoff", self.initial_backoff)
        require_seconds("max_backoff", self.max_backoff)
        require_count("budget", self.budget)

    def backoff(self, attempts: int, drawn: float) -> float:
        """Seconds to wait after this many attempts; `drawn` is a random number from 0 to 1."""
        return drawn * min(self.max_backoff, self.initial_backoff * 2.0 ** min(attempts - 1, 60))


def wait_before_next(
    outcome: Outcome,
    *,
    policy: Retry | None,
    attempts: int,
    repeatable: bool,
    retry_after: float | None,
    seconds_left: float,
    drawn: float,
) -> float | None:
    """Decide whether a request is tried again.

    Args:
        outcome: What became of the last attempt.
        policy: The policy; None for a single attempt.
        attempts: How many were made.
        repeatable: Whether the service would drop a repetition: each batch has a `source_request_id`.
        retry_after: Seconds that the service asked to wait, at least.
        seconds_left: Of the call's deadline.
        drawn: A random number from 0 to 1.

    Returns:
        Seconds to wait before the next attempt; None where there is none.
    """
    if policy is None or attempts >= policy.max_attempts:
        return None
    if not (outcome is Outcome.NOT_TAKEN or (outcome is Outcome.UNKNOWN and repeatable)):
        return None
    wait = max(policy.backoff(attempts, drawn), retry_after or 0.0)
    return wait if wait < seconds_left else None
