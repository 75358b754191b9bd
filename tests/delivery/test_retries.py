"""The decision whether to try again, and how long to wait: tables, and cases that Hypothesis looks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mparticle_ext import Outcome, Retry
from mparticle_ext._delivery.retry import Budget, retry_after_seconds, wait_before_next
from mparticle_ext.errors import outcome_of_status

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
DAY_SECONDS = 86_400.0

STATUSES = {
    Outcome.TAKEN: [200, 202, 204, 299],
    Outcome.NOT_TAKEN: [429, 503],
    Outcome.UNKNOWN: [101, 199, 408, 500, 501, 502, 504, 505, 520, 599, 600, 999],
    Outcome.REFUSED: [300, 301, 304, 308, 400, 401, 403, 404, 409, 413, 418, 422, 428, 499],
}


@pytest.mark.parametrize(("status", "outcome"), [(code, kind) for kind, codes in STATUSES.items() for code in codes])
def test_what_a_status_says(status: int, outcome: Outcome) -> None:
    assert outcome_of_status(status) is outcome


policies = st.builds(
    Retry,
    max_attempts=st.integers(1, 50),
    initial_backoff=st.floats(0.001, 100),
    max_backoff=st.floats(0.001, 1000),
)
drawn = st.floats(0, 1, exclude_max=True)
asked = st.none() | st.floats(0, DAY_SECONDS)


@given(
    outcome=st.sampled_from(Outcome),
    policy=st.none() | policies,
    attempts=st.integers(1, 2000),
    repeatable=st.booleans(),
    retry_after=asked,
    seconds_left=st.floats(-1, 100_000),
    random=drawn,
)
def test_what_is_tried_again(
    outcome: Outcome,
    policy: Retry | None,
    attempts: int,
    repeatable: bool,
    retry_after: float | None,
    seconds_left: float,
    drawn: float,
) -> None:
    wait = wait_before_next(
        outcome,
        policy=policy,
        attempts=attempts,
        repeatable=repeatable,
        retry_after=retry_after,
        seconds_left=seconds_left,
        random=drawn,
    )
    safe = outcome is Outcome.NOT_TAKEN or (outcome is Outcome.UNKNOWN and repeatable)
    if wait is None:
        assert (
            policy is None
            or attempts >= policy.max_attempts
            or not safe
            or max(policy.backoff(attempts, drawn), retry_after or 0) >= seconds_left
        )
        return
    assert policy is not None
    assert safe
    assert attempts < policy.max_attempts
    assert (retry_after or 0) <= wait < seconds_left
    assert 0 <= wait <= max(policy.max_backoff, retry_after or 0)


@given(policy=policies, attempts=st.integers(1, 5000), random=drawn)
def test_the_backoff_grows_to_its_bound_and_is_spread_from_nought(policy: Retry, attempts: int, drawn: float) -> None:
    assert policy.backoff(attempts, 0) == 0
    assert policy.backoff(attempts, drawn) <= policy.max_backoff
    assert policy.backoff(attempts, drawn) <= policy.backoff(attempts + 1, drawn)


RETRY_AFTER: list[tuple[str | None, float | None]] = [
    (None, None),
    ("", None),
    ("0", 0.0),
    ("2", 2.0),
    (" 120 ", 120.0),
    ("0000000000000000000005", 5.0),
    ("86400", DAY_SECONDS),
    ("86401", None),
    ("9" * 400, None),
    ("-1", None),
    ("+1", None),
    ("1.5", None),
    ("1e1", None),
    ("²", None),
    ("1, 2", None),
    ("soon", None),
    ("Mon, 23 Nov 2026 12:00:07 GMT", 7.0),
    ("Monday, 23-Nov-26 12:00:07 GMT", 7.0),
    ("Mon Nov 23 12:00:07 2026", 7.0),
    ("Mon, 23 Nov 2026 14:00:07 +0200", 7.0),
    ("Mon, 23 Nov 2026 11:59:59 GMT", None),
    ("Wed, 25 Nov 2026 12:00:07 GMT", None),
    ("Mon, 23 Nov 99999 12:00:07 GMT", None),
    ("Mon, 23 Nov 2026 12:00:07 +99999999", None),
    ("Mon, 99 Nov 2026 12:00:07 GMT", None),
]


@pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER)
def test_what_retry_after_asks(text: str | None, seconds: float | None) -> None:
    headers = httpx.Headers([] if text is None else [(b"Retry-After", text.encode())])
    assert retry_after_seconds(headers, NOW) == seconds


def test_a_date_counts_from_the_clock_of_who_wrote_it() -> None:
    written = NOW + timedelta(hours=3)
    until = format_datetime(written + timedelta(seconds=9), usegmt=True)
    headers = {"Date": format_datetime(written, usegmt=True), "Retry-After": until}
    assert retry_after_seconds(headers, NOW) == 9
    assert retry_after_seconds({**headers, "Date": "nonsense"}, NOW) == 3 * 3600 + 9


@given(st.integers(0, 10**12))
def test_seconds_are_read_whole(seconds: int) -> None:
    assert retry_after_seconds({"Retry-After": str(seconds)}, NOW) == (seconds if seconds <= DAY_SECONDS else None)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda time: time.replace(tzinfo=UTC, microsecond=0))
)
def test_dates_are_read_back(date: datetime) -> None:
    ahead = (date - NOW).total_seconds()
    found = retry_after_seconds({"Retry-After": format_datetime(date, usegmt=True)}, NOW)
    assert found == (ahead if 0 <= ahead <= DAY_SECONDS else None)


@given(st.text() | st.text(alphabet="0123456789 +-:,GMTadeNovun"), st.text())
@example("Mon, 23 Nov 2026 12:00:07 -0000", "")
@example("0 Jan 0 0:0:0", "")
@example("00:00", "00:00")
def test_no_text_does_harm(text: str, date: str) -> None:
    found = retry_after_seconds({"Retry-After": text, "Date": date}, NOW)
    assert found is None or 0 <= found <= DAY_SECONDS


def test_a_budget_is_spent_by_retries_and_earned_by_what_is_taken() -> None:
    budget = Budget(2)
    assert [budget.spend(), budget.spend(), budget.spend()] == [True, True, False]
    budget.earn(retried=True)
    assert [budget.spend(), budget.spend()] == [True, False]
    for _ in range(4):
        budget.earn(retried=False)
    assert budget.spend()
    assert not budget.spend()
    for _ in range(99):
        budget.earn(retried=True)
    assert [budget.spend(), budget.spend(), budget.spend()] == [True, True, False]
