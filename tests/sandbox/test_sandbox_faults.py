"""What goes wrong on purpose, over real connections, and what the library makes of it."""

from __future__ import annotations

import base64
import socket
import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest
from common import wait_until

from mparticle_ext import APIError, Batch, Configuration, EventsApi, Outcome, RateLimitError, Retry
from mparticle_ext.sandbox import Sandbox
from mparticle_ext.sandbox._faults import After, Rate

QUICK = Retry(initial_backoff=0.001)


def configured(sandbox: Sandbox, **others: Any) -> Configuration:
    return replace(sandbox.configuration, **{"retry": QUICK, **others})


def statuses(sandbox: Sandbox) -> list[int | None]:
    return [request.status for request in sandbox.requests]


def test_a_batch_that_was_taken_without_an_answer_counts_once(sandbox: Sandbox) -> None:
    sandbox.drop_connection(after="taken")
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [None, 202]
    assert len(sandbox.batches) == 1
    (dropped,) = sandbox.dropped
    assert "was taken before" in dropped.reason
    assert [request.fates[0].outcome for request in sandbox.requests] == ["taken", "dropped"]


def test_without_an_id_nobody_can_tell(sandbox: Sandbox) -> None:
    sandbox.drop_connection(after="taken")
    with EventsApi(configured(sandbox)) as api, pytest.raises(APIError) as raised:
        api.upload_events(Batch("production"))
    assert raised.value.outcome is Outcome.UNKNOWN
    assert sandbox.counts.taken == 1


@pytest.mark.parametrize("after", ["headers", "request"])
def test_a_request_that_was_lost_is_taken_at_the_next_attempt(sandbox: Sandbox, after: After) -> None:
    sandbox.drop_connection(after=after, times=2)
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [None, None, 202]
    assert len(sandbox.batches) == 1
    assert not sandbox.dropped
    lost = sandbox.requests[0]
    assert bool(lost.body) is (after == "request")
    assert "was told to close the connection" in str(lost.reason)


@pytest.mark.parametrize("after", ["headers", "request", "taken"])
def test_the_connection_is_closed_at_the_socket_without_a_byte(sandbox: Sandbox, after: After) -> None:
    sandbox.drop_connection(after=after)
    body = b'{"environment": "production"}'
    basic = base64.b64encode(b"sandbox-key:sandbox-secret")
    head = b"POST /v2/events HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=30) as client:
        client.sendall(head % (basic, len(body)))
        if after != "headers":  # for that one the head alone must be enough
            client.sendall(body)
        try:
            said = client.recv(1)
        except ConnectionResetError:
            said = b""
    assert said == b""
    assert httpx.get(sandbox.page_url).status_code == 200


def test_faults_come_in_the_order_that_they_were_asked_for(sandbox: Sandbox) -> None:
    sandbox.fail(500)
    sandbox.drop_connection("taken")
    sandbox.fail(503, times=2)
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [500, None, 503, 503, 202]
    assert sandbox.counts.taken == 1


def test_a_slow_answer(sandbox: Sandbox) -> None:
    sandbox.latency = 0.2
    with EventsApi(configured(sandbox, timeout=0.05, retry=None)) as api, pytest.raises(APIError) as raised:
        api.upload_events(Batch("production"))
    assert raised.value.outcome is Outcome.UNKNOWN
    assert len(sandbox.wait_for(1)) == 1  # it was taken, only the answer came too late
    with EventsApi(configured(sandbox)) as api:
        api.upload_events(Batch("production"))
    assert sandbox.requests[-1].seconds >= 0.2


def test_a_sandbox_that_stops_lets_no_answer_wait() -> None:
    with Sandbox(latency=600) as sandbox:
        waiting = threading.Thread(target=httpx.post, args=(sandbox.url + "/events",), kwargs={"timeout": 60})
        waiting.start()
        wait_until(lambda: len(sandbox.requests) == 1)
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_rate_limit(sandbox: Sandbox) -> None:
    sandbox.rate_limit = 200
    with EventsApi(configured(sandbox, retry=None)) as api:
        answer = api.bulk_upload_events([Batch("production")] * 100)
        assert answer.headers["x-mp-rate-limit-percentage-used"] == "50"
        assert api.rate_limit_used == 50
        sandbox.rate_limit = 0.001
        api.upload_events(Batch("production"))
        with pytest.raises(RateLimitError) as raised:
            api.upload_events(Batch("production"))
    response = raised.value.response
    assert response.headers["x-mp-rate-limit-exceeded"] == "org"
    assert 990 <= int(response.headers["retry-after"]) <= 1000
    assert sandbox.counts.taken == 101
    assert sandbox.requests[-1].reason == "more than 0.001 batches a second"
    sandbox.rate_limit = None
    with EventsApi(configured(sandbox)) as api:
        assert "x-mp-rate-limit-percentage-used" not in api.upload_events(Batch("production")).headers


def test_the_library_keeps_to_a_rate_limit_and_loses_nothing(sandbox: Sandbox) -> None:
    sandbox.rate_limit = 100
    with EventsApi(configured(sandbox, deduplicate=True)) as api:
        result = api.upload_all([Batch("production") for _ in range(150)])
    assert (result.delivered, result.failed) == (150, [])
    assert sandbox.counts.taken == 150


def test_a_rate_drains_as_time_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    rate = Rate(100)
    assert rate.seconds_until(100) == 0
    assert rate.take(80) == 80
    assert rate.seconds_until(50) == pytest.approx(0.3)
    now += 0.31
    assert rate.seconds_until(50) == 0
    assert rate.take(50) == pytest.approx(99)
    assert rate.seconds_until(1000) == pytest.approx(0.99)  # more than a second's: only when nothing else is in it
    now += 1
    assert rate.seconds_until(1000) == 0


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda sandbox: sandbox.fail(204), "204 is no failure"),
        (lambda sandbox: sandbox.fail("503"), "'503' is no failure"),
        (lambda sandbox: sandbox.fail(503, times=0), "times is 0: give how many requests, 1 or more"),
        (lambda sandbox: sandbox.fail(503, x="✓"), "the header x is '✓': HTTP carries Latin-1 without line breaks"),
        (lambda sandbox: sandbox.fail(503, x="a\r\nb: c"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, x="a\n"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, x="\0"), "the header x is"),
        (lambda sandbox: sandbox.fail(503, ñ="a"), "'ñ' is no name of a header"),
        (lambda sandbox: sandbox.fail(503, **{"x: y\r\nz": "a"}), "is no name of a header"),
        (lambda sandbox: sandbox.fail(503, **{"": "a"}), "'' is no name of a header"),
        (lambda sandbox: sandbox.fail(503, Content_Length=7), "Content-Length is set by the sandbox itself"),
        (lambda sandbox: sandbox.drop_connection(times=1.5), "times is 1.5"),
        (lambda sandbox: sandbox.drop_connection("never"), "after is 'never': it is one of headers, request, taken"),
    ],
)
def test_what_cannot_be_asked_for(sandbox: Sandbox, ask: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ask(sandbox)
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("production"))
    assert statuses(sandbox) == [202]


def test_a_failure_may_say_what_http_can_carry(sandbox: Sandbox) -> None:
    sandbox.fail(503, retry_after=2, x_note="grüße,\t~", X_empty="")
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=30) as client:
        client.sendall(b"POST /v2/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert said.startswith(b"HTTP/1.1 503")
    assert "\r\nx-note: grüße,\t~\r\n".encode("latin-1") in said
    assert b"\r\nretry-after: 2\r\n" in said


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_another_sites_page_uses_no_fault_up_and_leaves_no_trace(sandbox: Sandbox, headers: dict[str, str]) -> None:
    sandbox.fail(503)
    answer = httpx.post(sandbox.url + "/events", content=b"{}", headers=headers)
    assert (answer.status_code, answer.text) == (403, "Another site's page may not use the sandbox.")
    assert not sandbox.requests
    assert httpx.post(sandbox.url + "/events").status_code == 503


def test_what_is_no_use_of_a_fault_uses_none_up(sandbox: Sandbox) -> None:
    sandbox.fail(503)
    assert httpx.get(sandbox.url + "/events").status_code == 405
    assert httpx.get(sandbox.page_url).status_code == 200
    assert httpx.post(sandbox.url + "/events").status_code == 503


def test_what_is_refused_is_answered_as_such_also_where_the_answer_to_a_taken_one_would_be_lost(
    sandbox: Sandbox,
) -> None:
    sandbox.drop_connection("taken")
    assert httpx.post(sandbox.url + "/events").status_code == 401
