"""The sandbox answers like mParticle, and its log has what it received."""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import socket
import subprocess
import sys
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from common import wait_until
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mparticle_ext import AppEvent, Batch, EventsApi, FirstRunEvent, WrongCallError
from mparticle_ext.sandbox import Counts, Sandbox

KEYS = ("sandbox-key", "sandbox-secret")
GOOD = {"environment": "production"}
OLD = {
    "environment": "production",
    "events": [{"event_type": "first_run", "data": {"timestamp_unixtime_ms": 946684800000}}],
}


def post(
    sandbox: Sandbox, body: object, path: str = "/events", auth: tuple[str, str] | None = KEYS, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(sandbox.url + path, content=content, auth=auth, headers=headers)


def test_credentials(sandbox: Sandbox) -> None:
    assert post(sandbox, GOOD).status_code == 202
    assert post(sandbox, GOOD, auth=None).status_code == 401
    assert post(sandbox, GOOD, auth=None, authorization="Basic !!!").status_code == 401
    assert post(sandbox, GOOD, auth=None, authorization="Bearer x").status_code == 401
    assert post(sandbox, GOOD, auth=("sandbox-key", "wrong")).status_code == 403
    assert len(sandbox.batches) == 1


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/events", b"{", "JSON"),
        ("/events", {}, "environment: is required"),
        ("/events", [GOOD], "must be an object, not a list"),
        ("/bulkevents", GOOD, "must be a list, not an object"),
        ("/bulkevents", [], "batches: give 1 to 100, not 0"),
        ("/bulkevents", [GOOD] * 101, "batches: give 1 to 100, not 101"),
    ],
)
def test_an_invalid_body_is_refused_with_the_path_of_the_error(
    sandbox: Sandbox, path: str, body: object, says: str
) -> None:
    answer = post(sandbox, body, path)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == "BAD_REQUEST"
    assert says in error["message"]
    assert not sandbox.batches


def test_a_body_over_the_size_limit_is_refused(sandbox: Sandbox) -> None:
    assert post(sandbox, b" " * 262_145).status_code == 413


def test_an_invalid_batch_of_a_bulk_request_is_dropped_with_a_reason(sandbox: Sandbox) -> None:
    answer = post(sandbox, [GOOD, {"environment": "prod"}], "/bulkevents")
    assert (answer.status_code, answer.content) == (202, b"")
    assert len(sandbox.batches) == 1
    (dropped,) = sandbox.dropped
    assert dropped.document == b'{"environment": "prod"}'
    assert dropped.reason.startswith("batches[1]: environment: is 'prod'")


def test_a_historical_batch_that_is_not_processed_is_dropped(sandbox: Sandbox) -> None:
    assert post(sandbox, [GOOD, OLD], "/bulkevents/historical").status_code == 202
    assert len(sandbox.batches) == 1
    assert "historical" in sandbox.dropped[0].reason


def test_a_second_batch_with_the_same_source_request_id_is_dropped(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert post(sandbox, {**GOOD, "source_request_id": "1"}).status_code == 202
    assert len(sandbox.batches) == 1
    assert "was taken before" in sandbox.dropped[0].reason


def test_injected_error_statuses(sandbox: Sandbox) -> None:
    sandbox.fail(429, times=2, retry_after="2", x_mp_rate_limit_exceeded="org")
    answers = [post(sandbox, GOOD) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 202]
    assert answers[0].headers["retry-after"] == "2"
    assert answers[0].headers["x-mp-rate-limit-exceeded"] == "org"


def test_a_success_status_is_not_a_fault(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="status is 204, which is not a failure: give a status from 300 to 599"):
        sandbox.fail(204)


def test_clear_deletes_requests_ids_and_faults(sandbox: Sandbox) -> None:
    batch = {**GOOD, "source_request_id": "1"}
    post(sandbox, batch)
    post(sandbox, batch)
    sandbox.fail(503)
    sandbox.clear()
    assert (sandbox.batches, sandbox.dropped) == ([], [])
    assert post(sandbox, batch).status_code == 202
    assert len(sandbox.batches) == 1


def test_unknown_paths_and_methods_are_refused(sandbox: Sandbox) -> None:
    assert post(sandbox, GOOD, "/elsewhere").status_code == 404
    assert httpx.get(sandbox.url + "/events").status_code == 405


def test_the_log_is_readable_after_stop() -> None:
    sandbox = Sandbox(api_key="a", api_secret="b")  # noqa: S106  # valid only for this sandbox
    with pytest.raises(RuntimeError, match="is not running"):
        _ = sandbox.url
    sandbox.start()
    assert post(sandbox, GOOD, auth=("a", "b")).status_code == 202
    url = sandbox.url
    sandbox.stop()
    sandbox.stop()
    assert len(sandbox.batches) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)


def test_a_second_start_is_an_error_until_it_is_stopped(sandbox: Sandbox) -> None:
    url = sandbox.url
    with pytest.raises(RuntimeError, match="the sandbox is already running"):
        sandbox.start()
    assert sandbox.url == url
    sandbox.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)
    assert post(sandbox.start(), GOOD).status_code == 202


def start_request(sandbox: Sandbox) -> socket.socket:
    """A connection with an incomplete request that the sandbox is reading."""
    client = socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=30)
    head = b"POST /v2/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n"
    client.sendall(head + b"{")
    assert client.recv(4096).startswith(b"HTTP/1.1 100")
    return client


def test_stop_logs_nothing_while_a_request_is_incomplete(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox() as sandbox, start_request(sandbox) as client:
        sandbox.stop()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert "the client closed the connection" in str(sandbox.requests[0].reason)
    assert not caplog.records


def test_stop_logs_nothing_while_a_client_does_not_read(caplog: pytest.LogCaptureFixture) -> None:
    large = json.dumps([{**GOOD, "user_attributes": {f"note {number}": "x" * 4096 for number in range(60)}}]).encode()
    with Sandbox() as sandbox, socket.socket() as client:
        deliver(sandbox, [large] * 60)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", httpx.URL(sandbox.url).port or 0))
        client.sendall(b"GET /live/batches.ndjson HTTP/1.1\r\nHost: localhost\r\n\r\n")
        running = sandbox._server._server  # noqa: SLF001  # only uvicorn knows when it waits for the reader
        assert running is not None
        connections = running.server_state.connections
        wait_until(
            lambda: any(isinstance(one, HttpToolsProtocol) and one.flow.write_paused for one in list(connections))
        )
        sandbox.stop()
    assert not caplog.records


def test_a_port_in_use_is_an_error() -> None:
    with Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox(port=httpx.URL(sandbox.url).port or 0).start()


def named(number: int) -> dict[str, str]:
    return {**GOOD, "source_request_id": f"{number}"}


def ids_of(sandbox: Sandbox) -> list[object]:
    return [batch.source_request_id for batch in sandbox.batches]


def test_batches_is_a_sequence(sandbox: Sandbox) -> None:
    for number in range(5):
        post(sandbox, named(number))
    assert isinstance(sandbox.batches[0], Batch)
    assert sandbox.batches[-1].source_request_id == "4"
    assert [batch.source_request_id for batch in sandbox.batches[1:3]] == ["1", "2"]
    assert sandbox.batches == list(sandbox.batches)
    assert sandbox.batches != []
    assert repr(sandbox.batches).endswith(", ... 5 in all]")
    assert repr(sandbox.dropped) == "[]"
    with pytest.raises(IndexError):
        sandbox.batches[5]


def test_requests_have_headers_body_and_outcomes_but_no_credentials(sandbox: Sandbox) -> None:
    before = datetime.now(UTC)
    post(sandbox, [GOOD, {"environment": "prod"}], "/bulkevents", cookie="secret=1", x_other="a: b")
    post(sandbox, b"{")
    bulk, broken = sandbox.requests
    assert (bulk.method, bulk.path, bulk.status, bulk.reason) == ("POST", "/v2/bulkevents", 202, None)
    assert bulk.body == json.dumps([GOOD, {"environment": "prod"}]).encode()
    assert bulk.size == len(bulk.body)
    assert bulk.headers["x_other"] == "a: b"
    assert not {"authorization", "cookie"} & bulk.headers.keys()
    assert before - timedelta(seconds=1) < bulk.time < datetime.now(UTC) + timedelta(seconds=1)
    assert bulk.seconds > 0
    assert [fate.outcome for fate in bulk.fates] == ["taken", "dropped"]
    assert "batches[1]: environment" in str(bulk.fates[1].reason)
    assert broken.status == 400
    assert [fate.outcome for fate in broken.fates] == ["refused"]
    assert "JSON" in str(broken.reason)
    assert repr(broken) == "<Request POST /v2/events 400>"


def test_a_wrong_path_is_refused_with_the_valid_paths(sandbox: Sandbox) -> None:
    answer = post(sandbox, GOOD, "/event")
    assert "the path does not exist: use one of /v2/events, /v2/bulkevents" in answer.json()["errors"][0]["message"]
    assert sandbox.requests[0].status == 404


def test_a_body_over_the_size_limit_is_stored_up_to_the_limit(sandbox: Sandbox) -> None:
    assert post(sandbox, b" " * 2_000_000).status_code == 413
    (request,) = sandbox.requests
    assert request.size == 2_000_000
    assert len(request.body) == 262_144


def test_a_client_that_closes_the_connection_during_a_request(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0)) as client:
        client.sendall(b"POST /v2/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    wait_until(lambda: len(sandbox.requests) == 1)
    assert sandbox.requests[0].status is None
    assert "the client closed the connection" in str(sandbox.requests[0].reason)
    assert post(sandbox, GOOD).status_code == 202


def test_wait_for(sandbox: Sandbox) -> None:
    sending = threading.Thread(target=lambda: [post(sandbox, named(number)) for number in range(3)])
    sending.start()
    assert [batch.source_request_id for batch in sandbox.wait_for(2, timeout=30)] == ["0", "1"]
    sending.join()
    assert len(sandbox.wait_for(3, timeout=0)) == 3
    sandbox.clear()
    assert sandbox.wait_for(0) == []


def test_a_timeout_of_wait_for_says_why_batches_were_not_taken(sandbox: Sandbox) -> None:
    post(sandbox, [GOOD, {"environment": "prod"}], "/bulkevents")
    post(sandbox, GOOD, auth=("sandbox-key", "wrong"))
    with pytest.raises(TimeoutError) as raised:
        sandbox.wait_for(2, timeout=0.01)
    message = str(raised.value)
    assert message.startswith("1 of 2 batches taken, 1 dropped, 1 requests refused in 0.01 seconds")
    assert "\n  /v2/bulkevents: batches[1]: environment: is 'prod'" in message
    assert "\n  /v2/events: the credentials are wrong" in message
    with pytest.raises(WrongCallError, match="timeout is -1: give seconds"):
        sandbox.wait_for(1, timeout=-1)


def test_the_events_of_a_class_of_all_batches(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        for name in ("a", "b"):
            api.upload_events(Batch("development", events=[AppEvent("other", name), FirstRunEvent()]))
    assert [event.event_name for event in sandbox.events(AppEvent)] == ["a", "b"]


def test_keep_limits_the_stored_batches_but_not_the_counts() -> None:
    with Sandbox(keep=3) as sandbox:
        for number in range(5):
            post(sandbox, named(number))
        post(sandbox, named(0))
        assert ids_of(sandbox) == ["2", "3", "4"]
        assert [json.loads(request.body)["source_request_id"] for request in sandbox.requests] == ["3", "4", "0"]
        assert sandbox.counts == Counts(requests=6, refused=0, taken=5, dropped=1)
        assert "was taken before" in sandbox.dropped[0].reason
        assert [batch.source_request_id for batch in sandbox.wait_for(4)] == ["2", "3"]
        sandbox.clear()
        assert sandbox.counts == Counts(0, 0, 0, 0)
        assert not sandbox.requests


def test_keep_limits_batches_whatever_their_number_in_a_request() -> None:
    bodies = [json.dumps([named(10 * number + index) for index in range(10)]).encode() for number in range(30)]
    with Sandbox(keep=25) as sandbox:
        deliver(sandbox, bodies)
        assert [request.body for request in sandbox.requests] == bodies[
            -3:
        ]  # only half of the oldest one's batches are stored
        assert ids_of(sandbox) == [str(number) for number in range(275, 300)]
        assert sandbox.counts == Counts(requests=30, refused=0, taken=300, dropped=0)
        for _ in range(24):
            post(sandbox, b"{")
        assert [len(request.fates) for request in sandbox.requests] == [10, *[1] * 24]
        post(sandbox, b"{")
        assert {request.status for request in sandbox.requests} == {400}
        assert len(sandbox.batches) == 25
        assert sandbox.counts == Counts(requests=55, refused=25, taken=300, dropped=0)


def test_the_headers_of_stored_requests_are_limited_too() -> None:
    with Sandbox() as sandbox, httpx.Client(headers={"x-large": "x" * 1_000_000}) as client:
        for _ in range(70):
            client.post(sandbox.url + "/events", content=b"{}")
        assert 60 <= len(sandbox.requests) <= 67


def test_keep_zero_only_counts() -> None:
    with Sandbox(keep=0) as sandbox:
        deliver(sandbox, [json.dumps([GOOD] * 3).encode()] * 2)
        assert (sandbox.batches, sandbox.requests) == ([], [])
        assert sandbox.counts == Counts(requests=2, refused=0, taken=6, dropped=0)


@pytest.mark.parametrize("keep", [None, 1000])
def test_request_bodies_take_at_most_64_mib_also_those_without_credentials(keep: int | None) -> None:
    large = b" " * 250_000 + json.dumps(GOOD).encode()
    with Sandbox(keep=keep) as sandbox:
        for auth, times in ((KEYS, 10), (None, 300)):
            with httpx.Client(auth=auth) as client:
                for _ in range(times):
                    client.post(sandbox.url + "/events", content=large)
        assert 60 * 1024**2 < sum(len(request.body) for request in sandbox.requests) < 64 * 1024**2
        assert {request.status for request in sandbox.requests} == {401}
        assert len(sandbox.batches) == 10  # refused requests do not displace them
        assert sandbox.counts == Counts(requests=310, refused=300, taken=10, dropped=0)
        sandbox.clear()
        post(sandbox, large)
        assert [request.body for request in sandbox.requests] == [large]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"port": 99999}, "port is 99999: give a number up to 65535, or 0 for any free port"),
        ({"port": "4000"}, "port is '4000'"),
        ({"keep": -1}, "keep is -1: give a number of batches, 0 or more, or None for all"),
        ({"keep": True}, "keep is True"),
        ({"latency": -1}, "latency is -1: give seconds, 0 or more"),
        ({"latency": "1"}, "latency is '1'"),
        ({"latency": float("nan")}, "latency is nan"),
        ({"rate_limit": 0}, "rate_limit is 0: give batches per second, more than 0, or None"),
        ({"rate_limit": True}, "rate_limit is True"),
    ],
)
def test_invalid_arguments_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Sandbox(**settings)
    if settings.keys() <= {"latency", "rate_limit"}:
        ((name, value),) = settings.items()
        with pytest.raises(ValueError, match=says):
            setattr(Sandbox(), name, value)


@pytest.mark.slow
def test_a_hundred_thousand_batches_are_stored_as_bytes(sandbox: Sandbox) -> None:
    attributes = {f"attribute {number}": "x" * 40 for number in range(5)}
    requests = [
        json.dumps([{**named(100 * number + index), "user_attributes": attributes} for index in range(100)]).encode()
        for number in range(1000)
    ]
    deliver(sandbox, requests[:1])  # so that one-time objects are not measured
    gc.collect()
    tracked = len(gc.get_objects())
    tracemalloc.start()
    try:
        deliver(sandbox, requests[1:])
        sandbox.wait_for(100_000, timeout=60)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(gc.get_objects()) - tracked < 5_000  # the garbage collector does not track batches
    assert held < sum(map(len, requests)) + 100_000 * 300
    assert sandbox.batches[99_999].source_request_id == "99999"


def deliver(sandbox: Sandbox, bodies: list[bytes]) -> None:
    """Send bulk requests one after the other over one connection."""
    basic = base64.b64encode(":".join(KEYS).encode()).decode()
    head = f"POST /v2/bulkevents HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0)) as client:
        for body in bodies:
            client.sendall((head % len(body)).encode() + body)
            assert client.recv(4096).startswith(b"HTTP/1.1 202")


def test_an_import_without_the_extra_says_what_to_install() -> None:
    program = "import sys; sys.modules['uvicorn'] = None; import mparticle_ext.sandbox"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert 'ImportError: the sandbox needs its extra: pip install "mparticle-ext[sandbox]"' in done.stderr


def test_it_takes_all_batches_of_upload_all(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        assert api.upload_all(Batch("production") for _ in range(250)).delivered == 250
    assert sandbox.counts.taken == 250
    assert sum(len(request.fates) for request in sandbox.requests) == 250
