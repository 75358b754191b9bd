"""The sandbox answers as mParticle does."""

from __future__ import annotations

import json

import httpx
import pytest

from mparticle_ext.sandbox import Sandbox

KEYS = ("sandbox-key", "sandbox-secret")
GOOD = {"environment": "production"}
OLD = {"environment": "production", "events": [{"event_type": "first_run", "data": {"timestamp_unixtime_ms": 1}}]}


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
        ("/events", b"{", "is no JSON"),
        ("/events", {}, "environment: is required"),
        ("/events", [GOOD], "must be an object, not a list"),
        ("/bulkevents", GOOD, "must be a list, not an object"),
        ("/bulkevents", [], "batches: 1 to 100 are taken, not 0"),
        ("/bulkevents", [GOOD] * 101, "batches: 1 to 100 are taken, not 101"),
    ],
)
def test_what_is_malformed_is_refused_with_a_body_that_names_the_place(
    sandbox: Sandbox, path: str, body: object, says: str
) -> None:
    answer = post(sandbox, body, path)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["code"] == "BAD_REQUEST"
    assert says in error["message"]
    assert not sandbox.batches


def test_too_large(sandbox: Sandbox) -> None:
    assert post(sandbox, b" " * 262_145).status_code == 413


def test_a_bad_batch_of_a_bulk_request_is_dropped_in_silence_and_can_be_looked_at(sandbox: Sandbox) -> None:
    answer = post(sandbox, [GOOD, {"environment": "prod"}], "/bulkevents")
    assert (answer.status_code, answer.content) == (202, b"")
    assert len(sandbox.batches) == 1
    (dropped,) = sandbox.dropped
    assert dropped.document == b'{"environment": "prod"}'
    assert dropped.reason.startswith("batches[1]: environment: is 'prod'")


def test_historical_batches_that_are_not_processed(sandbox: Sandbox) -> None:
    assert post(sandbox, [GOOD, OLD], "/bulkevents/historical").status_code == 202
    assert len(sandbox.batches) == 1
    assert "historical" in sandbox.dropped[0].reason


def test_a_source_request_id_is_taken_once(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert post(sandbox, {**GOOD, "source_request_id": "1"}).status_code == 202
    assert len(sandbox.batches) == 1
    assert "was taken before" in sandbox.dropped[0].reason


def test_failing_on_demand(sandbox: Sandbox) -> None:
    sandbox.fail(429, times=2, retry_after="2", x_mp_rate_limit_exceeded="org")
    answers = [post(sandbox, GOOD) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 202]
    assert answers[0].headers["retry-after"] == "2"
    assert answers[0].headers["x-mp-rate-limit-exceeded"] == "org"


def test_what_is_no_failure_cannot_be_asked_for(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="204 is no failure"):
        sandbox.fail(204)


def test_it_forgets_when_told(sandbox: Sandbox) -> None:
    again = {**GOOD, "source_request_id": "1"}
    post(sandbox, again)
    post(sandbox, again)
    sandbox.fail(503)
    sandbox.clear()
    assert (sandbox.batches, sandbox.dropped) == ([], [])
    assert post(sandbox, again).status_code == 202
    assert len(sandbox.batches) == 1


def test_other_paths_and_methods(sandbox: Sandbox) -> None:
    assert post(sandbox, GOOD, "/elsewhere").status_code == 404
    assert httpx.get(sandbox.url + "/events").status_code == 405


def test_it_answers_from_start_to_stop_and_what_arrived_stays() -> None:
    sandbox = Sandbox(api_key="a", api_secret="b")  # noqa: S106  # opens nothing but this sandbox
    with pytest.raises(RuntimeError, match="does not run"):
        _ = sandbox.url
    sandbox.start()
    assert post(sandbox, GOOD, auth=("a", "b")).status_code == 202
    url = sandbox.url
    sandbox.stop()
    sandbox.stop()
    assert len(sandbox.batches) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.post(url)


def test_a_port_that_is_taken() -> None:
    with Sandbox() as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox(port=httpx.URL(sandbox.url).port or 0).start()
