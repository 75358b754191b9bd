"""Injected faults over real connections, and how the library handles them."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from common import wait_until

from mparticle_ext import APIError, Batch, Configuration, EventsApi, Outcome, RateLimitError, Retry
from mparticle_ext.sandbox import Sandbox
from mparticle_ext.sandbox._faults import After, RateLimiter

QUICK = Retry(initial_backoff=0.001)


def configured(sandbox: Sandbox, **others: Any) -> Configuration:
    return replace(sandbox.configuration, **{"retry": QUICK, **others})


def statuses(sandbox: Sandbox) -> list[int | None]:
    return [request.status for request in sandbox.requests]


def test_a_retry_after_a_lost_response_counts_once(sandbox: Sandbox) -> None:
    sandbox.drop_connection(after="taken")
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [None, 202]
    assert len(sandbox.batches) == 1
    (dropped,) = sandbox.dropped
    assert "was taken before" in dropped.reason
    assert [request.fates[0].outcome for request in sandbox.requests] == ["taken", "dropped"]


def test_without_an_id_a_lost_response_is_an_unknown_outcome(sandbox: Sandbox) -> None:
    sandbox.drop_connection(after="taken")
    with EventsApi(configured(sandbox, deduplicate=False)) as api, pytest.raises(APIError) as raised:
        api.upload_events(Batch("production"))
    assert raised.value.outcome is Outcome.UNKNOWN
    assert sandbox.counts.taken == 1


@pytest.mark.parametrize("after", ["headers", "request"])
def test_a_lost_request_is_taken_at_the_next_attempt(sandbox: Sandbox, after: After) -> None:
    sandbox.drop_connection(after=after, times=2)
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [None, None, 202]
    assert len(sandbox.batches) == 1
    assert not sandbox.dropped
    lost = sandbox.requests[0]
    assert bool(lost.body) is (after == "request")
    assert "injected fault: the connection was closed" in str(lost.reason)


@pytest.mark.parametrize("after", ["headers", "request", "taken"])
def test_the_connection_is_closed_without_a_byte_of_a_response(sandbox: Sandbox, after: After) -> None:
    sandbox.drop_connection(after=after)
    body = b'{"environment": "production"}'
    basic = base64.b64encode(b"sandbox-key:sandbox-secret")
    head = b"POST /v2/events HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=30) as client:
        client.sendall(head % (basic, len(body)))
        if after != "headers":  # there the headers alone must be enough
            client.sendall(body)
        try:
            received = client.recv(1)
        except ConnectionResetError:
            received = b""
    assert received == b""
    assert httpx.get(sandbox.page_url).status_code == 200


def test_faults_are_used_in_the_order_of_their_injection(sandbox: Sandbox) -> None:
    sandbox.fail(500)
    sandbox.drop_connection("taken")
    sandbox.fail(503, times=2)
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [500, None, 503, 503, 202]
    assert sandbox.counts.taken == 1


def test_latency_delays_the_response(sandbox: Sandbox) -> None:
    sandbox.latency = 0.2
    with EventsApi(configured(sandbox, timeout=0.05, retry=None)) as api, pytest.raises(APIError) as raised:
        api.upload_events(Batch("production"))
    assert raised.value.outcome is Outcome.UNKNOWN
    assert len(sandbox.wait_for(1)) == 1  # it was taken, only the response was too late
    with EventsApi(configured(sandbox)) as api:
        api.upload_events(Batch("production"))
    assert sandbox.requests[-1].seconds >= 0.2


def test_stop_does_not_wait_for_the_latency() -> None:
    with Sandbox(latency=600) as sandbox:
        waiting = threading.Thread(target=httpx.post, args=(sandbox.url + "/events",), kwargs={"timeout": 60})
        waiting.start()
        wait_until(lambda: len(sandbox.requests) == 1)
    waiting.join(30)
    assert not waiting.is_alive()


def bulk(api: EventsApi, batches: int) -> httpx.Headers:
    return api.bulk_upload_events([Batch("production")] * batches).headers


def test_a_rate_limit_has_the_documented_headers(sandbox: Sandbox) -> None:
    sandbox.rate_limit = 100
    with EventsApi(configured(sandbox, retry=None)) as api:
        assert bulk(api, 40)["x-mp-rate-limit-percentage-used"] == "40"
        assert api.rate_limit_used == 40
        sandbox.rate_limit = 0.001
        bulk(api, 1)
        with pytest.raises(RateLimitError) as raised:
            bulk(api, 1)
    headers = raised.value.response.headers
    assert headers["x-mp-rate-limit-exceeded"] == "org"
    assert headers["x-mp-rate-limit-percentage-used"] == "100"
    assert 990 <= int(headers["retry-after"]) <= 1000
    assert sandbox.counts.taken == 41
    assert sandbox.requests[-1].reason == "more than 0.001 batches per second"
    sandbox.rate_limit = None
    with EventsApi(configured(sandbox)) as api:
        assert "x-mp-rate-limit-percentage-used" not in bulk(api, 1)


def test_an_injected_429_has_only_the_given_headers(sandbox: Sandbox) -> None:
    sandbox.fail(429)
    with EventsApi(configured(sandbox, retry=None)) as api, pytest.raises(RateLimitError) as raised:
        bulk(api, 1)
    assert raised.value.retry_after is None
    assert not {name for name in raised.value.response.headers if "rate-limit" in name}


def test_all_clients_share_the_rate_limit(sandbox: Sandbox) -> None:
    sandbox.rate_limit = 0.001
    configuration = configured(sandbox, retry=None)
    with EventsApi(configuration) as first, EventsApi(configuration) as second:
        bulk(first, 1)
        for api in (first, second):
            with pytest.raises(RateLimitError):
                bulk(api, 1)


def test_upload_all_delivers_everything_at_a_rate_limit(sandbox: Sandbox) -> None:
    sandbox.rate_limit = 100
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        result = api.upload_all([Batch("production") for _ in range(150)])
    assert (result.delivered, result.failed) == (150, [])
    assert sandbox.counts.taken == 150


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A function that advances `time.monotonic()`."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return lambda seconds: now.append(now.pop() + seconds)


def test_the_rate_limiter_refills_over_time(clock: Callable[[float], None]) -> None:
    limiter = RateLimiter(100)
    assert limiter.seconds_until(100) == 0
    limiter.accept(80)
    assert limiter.seconds_until(50) == pytest.approx(0.3)
    clock(0.31)
    assert limiter.seconds_until(50) == 0
    limiter.accept(50)
    assert limiter.seconds_until(1000) == pytest.approx(0.99)  # more than the limit needs a full bucket
    clock(1)
    assert limiter.seconds_until(1000) == 0
    limiter.accept(1000)
    clock(5)
    assert limiter.seconds_until(1) == pytest.approx(4.01)
    assert limiter.percentage_used() == 100


def test_the_percentage_is_that_of_the_last_second(clock: Callable[[float], None]) -> None:
    limiter = RateLimiter(200)
    for _ in range(300):
        clock(0.01)
        assert limiter.seconds_until(1) == 0
        limiter.accept(1)
    assert limiter.percentage_used() == pytest.approx(50, abs=1)
    clock(0.5)
    assert limiter.percentage_used() == pytest.approx(25, abs=1)
    clock(0.5)
    assert limiter.percentage_used() == 0


@pytest.mark.parametrize(
    ("inject", "says"),
    [
        (lambda sandbox: sandbox.fail(204), "status is 204, which is not a failure"),
        (lambda sandbox: sandbox.fail("503"), "status is '503', which is not a failure"),
        (lambda sandbox: sandbox.fail(503, times=0), "times is 0: give a number of requests, 1 or more"),
        (lambda sandbox: sandbox.fail(503, x="✓"), "the header x is '✓': use Latin-1 characters without line breaks"),
        (lambda sandbox: sandbox.fail(503, x="a\r\nb: c"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, x="a\n"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, x="\0"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, ñ="a"), "'ñ' is not a valid header name"),
        (lambda sandbox: sandbox.fail(503, **{"x: y\r\nz": "a"}), "is not a valid header name"),
        (lambda sandbox: sandbox.fail(503, **{"": "a"}), "'' is not a valid header name"),
        (lambda sandbox: sandbox.fail(503, Content_Length=7), "the sandbox sets the header Content-Length itself"),
        (lambda sandbox: sandbox.drop_connection(times=1.5), "times is 1.5"),
        (lambda sandbox: sandbox.drop_connection("never"), "after is 'never': give one of headers, request, taken"),
    ],
)
def test_invalid_faults_are_refused(sandbox: Sandbox, inject: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        inject(sandbox)
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [202]


def test_an_injected_status_may_have_any_valid_header(sandbox: Sandbox) -> None:
    sandbox.fail(503, retry_after=2, x_note="grüße,\t~", X_empty="")
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=30) as client:
        client.sendall(b"POST /v2/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 503")
    assert "\r\nx-note: grüße,\t~\r\n".encode("latin-1") in received
    assert b"\r\nretry-after: 2\r\n" in received


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_a_cross_site_request_uses_no_fault_and_is_not_logged(sandbox: Sandbox, headers: dict[str, str]) -> None:
    sandbox.fail(503)
    answer = httpx.post(sandbox.url + "/events", content=b"{}", headers=headers)
    assert (answer.status_code, answer.text) == (
        403,
        "Cross-site requests are not allowed: open the sandbox's own page.",
    )
    assert not sandbox.requests
    assert httpx.post(sandbox.url + "/events").status_code == 503


def test_only_uploads_use_faults(sandbox: Sandbox) -> None:
    sandbox.fail(503)
    assert httpx.get(sandbox.url + "/events").status_code == 405
    assert httpx.get(sandbox.page_url).status_code == 200
    assert httpx.post(sandbox.url + "/events").status_code == 503


def test_a_refused_request_gets_a_response_although_that_of_a_taken_one_would_be_lost(sandbox: Sandbox) -> None:
    sandbox.drop_connection("taken")
    assert httpx.post(sandbox.url + "/events").status_code == 401
