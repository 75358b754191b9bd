"""Retries: the decision and the waits, as pure functions and over real sockets."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from clients import CLIENTS, configured, identified
from clients import Outcome as Result
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, accept, status
from hypothesis import example, given
from hypothesis import strategies as st
from socket_server import dead_address, resolve_to

from mparticle_ext import (
    APIConnectionError,
    APIStatusError,
    AsyncEventsApi,
    Attempt,
    EventsApi,
    Outcome,
    RateLimitError,
    Retry,
    ServerError,
)
from mparticle_ext._delivery.retry import Budget, retry_after_seconds, wait_before_next
from mparticle_ext.errors import outcome_of_status

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
DAY_SECONDS = 86_400.0

STATUSES = {
    Outcome.TAKEN: [200, 202, 204, 299],
    Outcome.NOT_TAKEN: [429],
    Outcome.UNKNOWN: [101, 199, 408, 500, 501, 502, 503, 504, 505, 520, 599, 600, 999],
    Outcome.REFUSED: [300, 301, 304, 308, 400, 401, 403, 404, 409, 413, 418, 422, 428, 499],
}


@pytest.mark.parametrize(("status", "outcome"), [(code, kind) for kind, codes in STATUSES.items() for code in codes])
def test_outcome_of_a_status(status: int, outcome: Outcome) -> None:
    assert outcome_of_status(status) is outcome


policies = st.builds(
    Retry,
    max_attempts=st.integers(1, 50),
    initial_backoff=st.floats(0.001, 100),
    max_backoff=st.floats(0.001, 1000),
)
random_numbers = st.floats(0, 1, exclude_max=True)
retry_afters = st.none() | st.floats(0, DAY_SECONDS)


@given(
    outcome=st.sampled_from(Outcome),
    policy=st.none() | policies,
    attempts=st.integers(1, 2000),
    repeatable=st.booleans(),
    retry_after=retry_afters,
    seconds_left=st.floats(-1, 100_000),
    random=random_numbers,
)
def test_what_is_sent_again(
    outcome: Outcome,
    policy: Retry | None,
    attempts: int,
    repeatable: bool,
    retry_after: float | None,
    seconds_left: float,
    random: float,
) -> None:
    wait = wait_before_next(
        outcome,
        policy=policy,
        attempts=attempts,
        repeatable=repeatable,
        retry_after=retry_after,
        seconds_left=seconds_left,
        random=random,
    )
    safe = outcome is Outcome.NOT_TAKEN or (outcome is Outcome.UNKNOWN and repeatable)
    if wait is None:
        assert (
            policy is None
            or attempts >= policy.max_attempts
            or not safe
            or max(policy.backoff(attempts, random), (retry_after or 0) * (1 + 0.1 * random)) >= seconds_left
        )
        return
    assert policy is not None
    assert safe
    assert attempts < policy.max_attempts
    assert (retry_after or 0) <= wait < seconds_left
    assert 0 <= wait <= max(policy.max_backoff, 1.1 * (retry_after or 0))


@given(policy=policies, attempts=st.integers(1, 5000), random=random_numbers)
def test_the_backoff_is_random_from_0_and_grows_to_its_maximum(policy: Retry, attempts: int, random: float) -> None:
    assert policy.backoff(attempts, 0) == 0
    assert policy.backoff(attempts, random) <= policy.max_backoff
    assert policy.backoff(attempts, random) <= policy.backoff(attempts + 1, random)


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
def test_retry_after(text: str | None, seconds: float | None) -> None:
    headers = httpx.Headers([] if text is None else [(b"Retry-After", text.encode())])
    assert retry_after_seconds(headers, NOW) == seconds


def test_retry_after_as_a_date_is_compared_with_the_date_of_the_response() -> None:
    written = NOW + timedelta(hours=3)
    until = format_datetime(written + timedelta(seconds=9), usegmt=True)
    headers = {"Date": format_datetime(written, usegmt=True), "Retry-After": until}
    assert retry_after_seconds(headers, NOW) == 9
    assert retry_after_seconds({**headers, "Date": "nonsense"}, NOW) == 3 * 3600 + 9


@given(st.integers(0, 10**12))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert retry_after_seconds({"Retry-After": str(seconds)}, NOW) == (seconds if seconds <= DAY_SECONDS else None)


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda time: time.replace(tzinfo=UTC, microsecond=0))
)
def test_retry_after_as_a_date(date: datetime) -> None:
    ahead = (date - NOW).total_seconds()
    found = retry_after_seconds({"Retry-After": format_datetime(date, usegmt=True)}, NOW)
    assert found == (ahead if 0 <= ahead <= DAY_SECONDS else None)


@given(st.text() | st.text(alphabet="0123456789 +-:,GMTadeNovun"), st.text())
@example("Mon, 23 Nov 2026 12:00:07 -0000", "")
@example("0 Jan 0 0:0:0", "")
@example("00:00", "00:00")
def test_retry_after_can_be_any_text(text: str, date: str) -> None:
    found = retry_after_seconds({"Retry-After": text, "Date": date}, NOW)
    assert found is None or 0 <= found <= DAY_SECONDS


def test_retries_spend_the_budget_and_accepted_requests_earn_it() -> None:
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


SLOW = Retry(initial_backoff=60, max_backoff=60)


@pytest.mark.parametrize("client", CLIENTS)
def test_without_a_policy_there_is_one_attempt(client: Callable[..., Result]) -> None:
    with FaultyServer(status(503)) as server:
        error = client(configured(server.url, retry=None), "upload_events", identified())
        assert isinstance(error, ServerError)
        assert error.attempts == len(server.requests) == 1


def test_a_503_is_sent_again_only_with_an_id() -> None:
    play = status(503)
    with FaultyServer(play, play) as server, EventsApi(configured(server.url, deduplicate=False)) as api:
        with pytest.raises(ServerError) as raised:
            api.upload_events({"environment": "production"})
        assert (raised.value.outcome, raised.value.attempts) == (Outcome.UNKNOWN, 1)
        api.upload_events(identified())
        assert len(server.requests) == 3


def test_a_429_holds_back_later_uploads_of_the_same_api_only() -> None:
    with (
        FaultyServer(status(429, retry_after="1")) as server,
        EventsApi(configured(server.url)) as api,
        EventsApi(configured(server.url)) as other,
    ):
        started = time.monotonic()
        future = api.upload_events(identified("a"), lambda *_: None)
        wait_until(lambda: api._engine.pace.held_seconds() > 0)  # noqa: SLF001  # nothing public says so
        other.upload_events(identified("other"))
        assert time.monotonic() - started < 0.9
        api.upload_events(identified("b"))
        assert time.monotonic() - started >= 1
        assert future.result(5).status_code == 202
        assert len(server.taken) == 3


def test_a_429_holds_back_uploads_from_asyncio() -> None:
    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url)) as api:
            started = time.monotonic()
            first = asyncio.create_task(api.upload_events(identified("a")))
            await asyncio.to_thread(wait_until, lambda: api._engine.pace.held_seconds() > 0)  # noqa: SLF001
            await asyncio.gather(first, api.upload_events(identified("b")))
            assert time.monotonic() - started >= 1

    with FaultyServer(status(429, retry_after="1")) as server:
        asyncio.run(main(server))
        assert len(server.requests) == 3


def test_a_429_is_remembered_in_the_next_event_loop() -> None:
    with FaultyServer(status(429, retry_after="30")) as server:
        api = AsyncEventsApi(configured(server.url, deadline=5))

        async def upload() -> None:
            with pytest.raises(RateLimitError):
                await api.upload_events(identified())

        asyncio.run(upload())
        asyncio.run(upload())
        assert len(server.requests) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_a_wait_that_is_longer_than_the_deadline_fails_at_once(client: Callable[..., Result]) -> None:
    with FaultyServer(status(429, retry_after="86400")) as server:
        started = time.monotonic()
        error = client(configured(server.url, deadline=20), "upload_events", identified())
        assert isinstance(error, RateLimitError)
        assert (error.attempts, error.retry_after) == (1, 86_400)
        assert time.monotonic() - started < 10


def test_retry_after_of_a_day_holds_back_uploads_for_one_deadline_at_most() -> None:
    with (
        FaultyServer(status(429, retry_after="86400")) as server,
        EventsApi(configured(server.url, deadline=2)) as api,
    ):
        with pytest.raises(RateLimitError) as raised:
            api.upload_events(identified())
        assert raised.value.attempts == 1
        with pytest.raises(RateLimitError) as raised:
            api.upload_events(identified())
        assert raised.value.attempts == 0
        assert raised.value.retry_after == pytest.approx(2, abs=1)
        assert "not sent, because an earlier upload was over a rate limit" in str(raised.value)
        assert len(server.requests) == 1
        wait_until(lambda: not api._engine.pace.held_seconds())  # noqa: SLF001  # nothing public says so
        assert api.upload_events(identified()).status_code == 202


def spread(starts: list[float]) -> float:
    return max(starts) - min(starts)


def test_uploads_that_a_429_held_back_do_not_start_together() -> None:
    starts: list[float] = []

    def note_and_accept(exchange: Exchange) -> None:
        starts.append(time.monotonic())
        accept(exchange)

    with (
        FaultyServer(status(429, retry_after="2"), otherwise=note_and_accept) as server,
        EventsApi(configured(server.url, max_in_flight=8)) as api,
    ):
        api.upload_events(identified("first"), lambda *_: None)
        wait_until(lambda: api._engine.pace.held_seconds() > 0)  # noqa: SLF001  # nothing public says so
        futures = [api.upload_events(identified(str(number)), lambda *_: None) for number in range(7)]
        assert {future.result(10).status_code for future in futures} == {202}
    assert len(starts) == 8
    assert 0.02 < spread(starts[1:]) < 1


def test_uploads_that_all_got_a_429_do_not_start_together() -> None:
    starts: list[float] = []
    together = threading.Barrier(8)

    def limit(exchange: Exchange) -> None:
        exchange.read()
        together.wait(10)
        exchange.send(b"HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n")

    def note_and_accept(exchange: Exchange) -> None:
        starts.append(time.monotonic())
        accept(exchange)

    with (
        FaultyServer(*[limit] * 8, otherwise=note_and_accept) as server,
        EventsApi(configured(server.url, max_in_flight=8, timeout=10)) as api,
    ):
        futures = [api.upload_events(identified(str(number)), lambda *_: None) for number in range(8)]
        assert {future.result(10).status_code for future in futures} == {202}
    assert 0.05 < spread(starts) < 1


def test_in_an_outage_the_budget_limits_the_retries() -> None:
    policy = Retry(initial_backoff=0.001, max_backoff=0.001, budget=5)
    with FaultyServer(*[status(503)] * 100) as server, EventsApi(configured(server.url, retry=policy)) as api:
        for _ in range(20):
            with pytest.raises(ServerError):
                api.upload_events(identified())
        assert len(server.requests) == 20 + 5


@pytest.mark.parametrize("play", [status(503), status(429, retry_after="1")])
def test_close_finishes_uploads_with_their_retries(play: Any) -> None:
    with FaultyServer(play) as server:
        with EventsApi(configured(server.url)) as api:
            future = api.upload_events(identified(), lambda *_: None)
        assert future.result(0).status_code == 202
        assert len(server.requests) == 2


def test_close_with_a_timeout_makes_the_last_attempt_at_once() -> None:
    with FaultyServer(status(503)) as server:
        attempts: list[Attempt] = []
        api = EventsApi(configured(server.url, retry=SLOW, deadline=600, on_attempt=attempts.append))
        started = time.monotonic()
        future = api.upload_events(identified(), lambda *_: None)
        wait_until(lambda: bool(attempts))
        assert api.close(0.1) == []
        assert time.monotonic() - started < 10
        assert future.result(0).status_code == 202
        assert len(server.taken) == 1


def test_a_cancelled_close_from_asyncio_makes_the_last_attempt_at_once() -> None:
    async def main(server: FaultyServer) -> None:
        attempts: list[Attempt] = []
        api = AsyncEventsApi(configured(server.url, retry=SLOW, deadline=600, on_attempt=attempts.append))
        upload = asyncio.create_task(api.upload_events(identified()))
        await asyncio.to_thread(wait_until, lambda: bool(attempts))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(api.close(), 0.1)
        assert (await asyncio.wait_for(upload, 10)).status_code == 202

    with FaultyServer(status(503)) as server:
        asyncio.run(main(server))
        assert len(server.taken) == 1


@pytest.mark.parametrize("code", [429, 503])
def test_close_does_not_send_again_before_retry_after(code: int) -> None:
    with FaultyServer(status(code, retry_after="20")) as server:
        attempts: list[Attempt] = []
        api = EventsApi(configured(server.url, on_attempt=attempts.append))
        future = api.upload_events(identified(), lambda *_: None)
        wait_until(lambda: bool(attempts))
        assert api.close(0.1) == []
        error = future.exception(0)
        assert isinstance(error, APIStatusError)
        assert (error.status_code, error.attempts, error.earlier) == (code, 1, ())
        assert len(server.requests) == 1


def test_close_does_not_cut_off_an_upload_of_another_thread() -> None:
    closed = threading.Event()
    responses: list[httpx.Response] = []

    def wait_and_accept(exchange: Exchange) -> None:
        exchange.read()
        closed.wait(5)
        exchange.send(ACCEPTED)

    with FaultyServer(wait_and_accept) as server:
        api = EventsApi(configured(server.url, timeout=10))
        thread = threading.Thread(target=lambda: responses.append(api.upload_events(identified())))
        thread.start()
        wait_until(lambda: bool(server.requests))
        api.close()
        closed.set()
        thread.join(5)
        assert responses[0].status_code == 202


def close_unread(exchange: Exchange) -> None:
    exchange.close()


def test_a_stale_connection_is_replaced_at_once_if_that_is_safe() -> None:
    """The server closed it while the request was on its way, so whether the request arrived is not known."""
    settings: dict[str, Any] = {"retry": SLOW, "deduplicate": False}
    with FaultyServer(accept, close_unread) as server, EventsApi(configured(server.url, **settings)) as api:
        api.upload_events(identified("a"))
        started = time.monotonic()
        api.upload_events(identified("b"))
        assert time.monotonic() - started < 10
        assert len(server.taken) == 2
    with FaultyServer(accept, close_unread) as server, EventsApi(configured(server.url, **settings)) as api:
        api.upload_events({"environment": "production"})
        with pytest.raises(APIConnectionError) as raised:
            api.upload_events({"environment": "production"})
        assert raised.value.outcome is Outcome.UNKNOWN


def test_on_attempt_is_called_with_each_attempt() -> None:
    attempts: list[Attempt] = []
    with FaultyServer(status(503)) as server, EventsApi(configured(server.url, on_attempt=attempts.append)) as api:
        api.upload_events({"environment": "production", "source_request_id": "1"})
    first, second = attempts
    assert first.upload_id == second.upload_id
    assert (first.number, first.status_code, first.outcome) == (1, 503, Outcome.UNKNOWN)
    assert (second.number, second.status_code, second.outcome) == (2, 202, Outcome.TAKEN)
    assert isinstance(first.error, ServerError)
    assert first.next_in_seconds is not None
    assert (second.next_in_seconds, second.error) == (None, None)
    assert (first.operation, first.batches, first.body_bytes) == ("upload_events", 1, 52)
    assert 0 < first.seconds < 5


def waits(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """The level and the reason of each wait that was logged."""
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    return [(level, text.split(": ")[1].split(", next")[0]) for level, text in logged if "next attempt in" in text]


@pytest.mark.parametrize("client", CLIENTS)
def test_only_the_first_wait_of_a_call_is_a_warning(
    client: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mparticle_ext")
    with FaultyServer(status(503), status(500)) as server:
        client(configured(server.url), "upload_events", identified())
    assert waits(caplog) == [("WARNING", "ServerError, HTTP 503"), ("INFO", "ServerError, HTTP 500")]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_only_the_first_wait_of_an_upload_all_is_a_warning(
    asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def upload_all(settings: Any) -> None:
        async with AsyncEventsApi(settings) as api:
            await api.upload_all([identified(str(number)) for number in range(300)])

    caplog.set_level("INFO", "mparticle_ext")
    with FaultyServer(*[status(503)] * 3) as server:
        settings = configured(server.url)
        if asynchronous:
            asyncio.run(upload_all(settings))
        else:
            with EventsApi(settings) as api:
                api.upload_all([identified(str(number)) for number in range(300)])
    assert [level for level, _ in waits(caplog)] == ["WARNING", "INFO", "INFO"]


def test_an_upload_that_an_earlier_429_holds_back_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with (
        FaultyServer(status(429, retry_after="1")) as server,
        EventsApi(configured(server.url, retry=Retry(max_attempts=1))) as api,
    ):
        with pytest.raises(RateLimitError):
            api.upload_events(identified())
        api.upload_events(identified())
    assert waits(caplog) == [("WARNING", "an earlier upload was over a rate limit")]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_response_that_takes_long_is_a_warning_while_the_call_waits(
    client: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    def answer_after_the_warning(exchange: Exchange) -> None:
        exchange.read()
        wait_until(lambda: bool(caplog.records))
        exchange.send(ACCEPTED)

    with FaultyServer(answer_after_the_warning) as server:
        client(configured(server.url, timeout=30), "upload_events", identified())
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    pattern = rf"upload [0-9a-f]{{8}}: no response from {re.escape(server.url)} for [2-9] s, gives up in \d\d s"
    assert re.fullmatch(pattern, record.getMessage())


@pytest.mark.parametrize("client", CLIENTS)
def test_a_silence_after_a_retry_is_a_warning_too(
    client: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    def answer_after_the_warning(exchange: Exchange) -> None:
        exchange.read()
        wait_until(lambda: len(caplog.records) == 2)
        exchange.send(ACCEPTED)

    with FaultyServer(status(503), answer_after_the_warning) as server:
        client(configured(server.url, timeout=30), "upload_events", identified())
    retry, silence = (record.getMessage() for record in caplog.records)
    assert "ServerError, HTTP 503, next attempt in" in retry
    assert "no response from" in silence


def test_an_upload_all_warns_of_a_silence_again_after_a_response(caplog: pytest.LogCaptureFixture) -> None:
    def answer_after_a_warning(exchange: Exchange) -> None:
        before = len(caplog.records)
        exchange.read()
        wait_until(lambda: len(caplog.records) > before)
        exchange.send(ACCEPTED)

    settings = {"timeout": 30, "max_in_flight": 1}
    with FaultyServer(otherwise=answer_after_a_warning) as server, EventsApi(configured(server.url, **settings)) as api:
        assert api.upload_all([identified(str(number)) for number in range(200)]).delivered == 200
    assert len(caplog.records) == 2


def test_an_upload_all_warns_once_of_responses_that_take_long(caplog: pytest.LogCaptureFixture) -> None:
    def answer_after_the_warning(exchange: Exchange) -> None:
        exchange.read()
        wait_until(lambda: bool(caplog.records))
        exchange.wait(1.5)  # in which the other requests would be logged
        exchange.send(ACCEPTED)

    settings = {"timeout": 30, "max_in_flight": 3}
    with (
        FaultyServer(otherwise=answer_after_the_warning) as server,
        EventsApi(configured(server.url, **settings)) as api,
    ):
        assert api.upload_all([identified(str(number)) for number in range(300)]).delivered == 300
    assert len(caplog.records) == 1


def test_a_connection_that_takes_long_is_a_warning_while_the_call_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with dead_address() as (host, port):
        resolve_to(monkeypatch, port, host)
        settings = configured(f"http://mparticle.invalid:{port}/v2", allow_http=True, timeout=4, retry=None)
        with EventsApi(settings) as api, pytest.raises(APIConnectionError):
            api.upload_events(identified())
    assert f"no connection to http://mparticle.invalid:{port}/v2 for " in caplog.records[0].getMessage()


def test_a_person_at_a_terminal_sees_the_first_wait_of_a_call() -> None:
    code = "import mparticle_ext as m, sys; m.EventsApi(m.Configuration('k', 's', base_url=sys.argv[1])).upload_events(m.Batch('production'))"
    with FaultyServer(status(503)) as server:
        done = subprocess.run([sys.executable, "-c", code, server.url], capture_output=True, text=True, check=True)
    assert re.fullmatch(
        r"upload [0-9a-f]{8}: ServerError, HTTP 503, next attempt in 0\.\d\d s, gives up in 60 s\n", done.stderr
    )


@pytest.mark.skipif(sys.platform != "linux", reason="counts with /proc")
def test_api_objects_that_are_not_closed_leave_one_thread_and_no_connection() -> None:
    code = """
import gc, os, sys, threading, mparticle_ext as m
for _ in range(30):
    m.EventsApi(m.Configuration("k", "s", base_url=sys.argv[1])).upload_events(m.Batch("production"))
gc.collect()
print(len(os.listdir("/proc/self/task")) - 1, len([fd for fd in os.listdir("/proc/self/fd") if "socket" in os.path.realpath(f"/proc/self/fd/{fd}")]))
"""
    with FaultyServer() as server:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, server.url], capture_output=True, text=True, check=True
        )
    threads, sockets = map(int, done.stdout.split())
    assert threads <= 1
    assert sockets <= 1
