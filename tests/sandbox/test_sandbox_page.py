"""The HTTP endpoints of the sandbox's page: access checks, event stream, details and controls."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mparticle_ext import Batch, EventsApi
from mparticle_ext.sandbox import Sandbox

GOOD = {"environment": "production"}


def upload(sandbox: Sandbox, *batches: Any) -> None:
    with EventsApi(sandbox.configuration) as api:
        api.upload_all(batches)


def post(sandbox: Sandbox, path: str, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(f"{sandbox.page_url}live/{path}", json=body, headers=headers)


@contextmanager
def stream(sandbox: Sandbox, last_id: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    """The events of the stream, each with its `id`."""
    headers = {"last-event-id": last_id} if last_id else {}
    with httpx.stream("GET", f"{sandbox.page_url}live/stream", headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_in(answer.iter_lines())


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("id: "):
            yield {"id": line[4:], **json.loads(next(lines).removeprefix("data: "))}


def test_the_files_of_the_page_have_security_headers(sandbox: Sandbox) -> None:
    page = httpx.get(sandbox.page_url)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    types = {"style.css": "text/css", "app.js": "text/javascript", "list.js": "text/javascript"}
    answers = [page, *(httpx.get(f"{sandbox.page_url}page/{name}") for name in types)]
    assert [answer.headers["content-type"].split(";")[0] for answer in answers[1:]] == list(types.values())
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
    assert "://" not in page.text.replace("http://www.w3.org/2000/svg", "")  # no external resources
    assert httpx.get(f"{sandbox.page_url}page/no.js").status_code == 404
    assert httpx.get(f"{sandbox.page_url}page/..%2f_page.py").status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "10.0.0.1", "", "localhost:x"]
)
def test_another_host_name_is_refused(sandbox: Sandbox, host: str) -> None:
    upload(sandbox, GOOD)
    for path in ("", "page/app.js", "live/stream", "live/rows/1", "live/batches.ndjson"):
        answer = httpx.get(sandbox.page_url + path, headers={"host": host})
        assert answer.status_code == 403, path
        assert "production" not in answer.text
    assert post(sandbox, "clear", {}, host=host).status_code == 403
    assert len(sandbox.batches) == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:81", "127.0.0.1:5", "[::1]:80"])
def test_each_loopback_host_name_is_allowed(sandbox: Sandbox, host: str) -> None:
    assert httpx.get(sandbox.page_url, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_cross_site_requests_can_neither_read_nor_control_it(sandbox: Sandbox, headers: dict[str, str]) -> None:
    upload(sandbox, GOOD)
    for path, body in [("clear", {}), ("fail", {"status": 503}), ("settings", {"latency": 9, "rate_limit": None})]:
        assert post(sandbox, path, body, **headers).status_code == 403
    assert (len(sandbox.batches), sandbox.latency) == (1, 0)
    answer = httpx.get(f"{sandbox.page_url}live/rows/1", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_can_control_it_and_a_link_can_open_it(sandbox: Sandbox) -> None:
    own = {"origin": sandbox.page_url.rstrip("/"), "sec-fetch-site": "same-origin"}
    assert post(sandbox, "clear", {}, **own).status_code == 200
    assert httpx.get(sandbox.page_url, headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_uploads_may_use_any_host_name(sandbox: Sandbox) -> None:
    headers = {"host": "s2s.mparticle.com"}
    answer = httpx.post(sandbox.url + "/events", json=GOOD, auth=("sandbox-key", "sandbox-secret"), headers=headers)
    assert answer.status_code == 202


def test_the_stream_has_the_stored_rows_and_then_each_change(sandbox: Sandbox) -> None:
    upload(sandbox, {**GOOD, "user_identities": {"email": "a@b.c", "customer_id": "7"}})
    with stream(sandbox) as events:
        first = next(events)
        assert first["counts"] == {"requests": 1, "refused": 0, "taken": 1, "dropped": 0}
        (row,) = first["rows"]
        assert (row["number"], row["outcome"], row["status"], row["environment"]) == (1, "taken", 202, "production")
        assert row["identities"] == [["customer_id", "7"], ["email", "a@b.c"]]
        sandbox.fail(503, times=2)
        assert [(one["status"], one["left"]) for one in next(events)["pending"]] == [(503, 2)]
        httpx.post(sandbox.url + "/events", json=GOOD)
        second = next(events)
        assert [(row["outcome"], row["status"]) for row in second["rows"]] == [("refused", 503)]
        sandbox.clear()
        assert next(events)["first"] == 3  # the rows before the clear are removed


def test_the_stream_resumes_after_the_last_event(sandbox: Sandbox) -> None:
    upload(sandbox, GOOD)
    with stream(sandbox) as events:
        last_id = next(events)["id"]
    upload(sandbox, GOOD)
    with stream(sandbox, last_id) as events:
        assert [row["number"] for row in next(events)["rows"]] == [2]
    for unknown in ("other-1", "nonsense", f"{last_id}x"):
        with stream(sandbox, unknown) as events:
            assert [row["number"] for row in next(events)["rows"]] == [1, 2]


def test_the_stream_sends_many_rows_in_parts_up_to_the_limit_of_the_page(sandbox: Sandbox) -> None:
    upload(sandbox, *(Batch("production") for _ in range(10_300)))
    numbers: list[int] = []
    with stream(sandbox) as events:
        for event in events:
            assert len(event["rows"]) == 200
            numbers += [row["number"] for row in event["rows"]]
            if numbers[-1] == 10_300:
                break
    assert numbers == list(range(301, 10_301))


def test_the_stream_sends_large_batches_in_smaller_parts(sandbox: Sandbox) -> None:
    large = Batch("production", user_attributes={f"note {number}": "x" * 4096 for number in range(60)})
    upload(sandbox, *[large] * 10)
    with stream(sandbox) as events:
        first, second = next(events)["rows"], next(events)["rows"]
    assert (len(first), len(second)) == (5, 5)


def test_stop_ends_the_stream_of_an_open_page() -> None:
    with Sandbox() as sandbox, stream(sandbox) as events:
        next(events)
        sandbox.stop()
        assert list(events) == []


INVALID: list[Any] = [b"{", b"\xff", b"[" * 2000, b"[]", b"1", {"environment": 1}, {"user_identities": [1], "events": [1, {}, {"data": 2}], "mpid": {}}, {"user_identities": {"email": 5}, "user_attributes": [], "events": {"a": 1}, "environment": None}]  # fmt: skip


@pytest.mark.parametrize("body", INVALID, ids=range(len(INVALID)))
@pytest.mark.parametrize("path", ["/events", "/bulkevents"])
def test_any_invalid_body_gets_a_row_and_details(sandbox: Sandbox, body: Any, path: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    httpx.post(sandbox.url + path, content=content, auth=("sandbox-key", "sandbox-secret"))
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    assert row["outcome"] == "refused"
    details = httpx.get(f"{sandbox.page_url}live/rows/1").json()
    assert details["document"] == content.decode(errors="replace")


def test_a_row_has_the_use_of_each_limit(sandbox: Sandbox) -> None:
    attributes = {f"a{number}": "x" * 1024 for number in range(20)}
    event = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "n" * 64, "custom_attributes": attributes}}  # fmt: skip
    upload(sandbox, {**GOOD, "user_attributes": {f"u{number}": 1 for number in range(90)}, "events": [event] * 2})
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    used = {limit: (used, maximum) for limit, used, maximum in row["limits"]}
    assert used["user attributes"] == (90, 100)
    assert used["attributes of an event"] == (20, 100)
    assert used["characters of an event name"] == (64, 256)
    assert used["characters of an attribute"] == (1024, 4096)
    assert used["batches in the request"] == (1, 100)
    assert used["bytes of the request"] == (sandbox.requests[0].size, 262_144)
    assert row["limits"][0][0] == "user attributes"
    assert row["events"] == [["custom_event", "n" * 64]] * 2
    assert row["types"] == ["custom_event"]


NOW = int(time.time() * 1000)
AT = "events[0].data.timestamp_unixtime_ms: is"
NO_IDENTITY = "the batch has no identity: mParticle cannot know whose events these are"
OLD = "which is more than 72 hours ago: give milliseconds, or use the historical upload"


@pytest.mark.parametrize(
    ("fields", "at", "path", "warnings"),
    [
        ({"mpid": 1}, NOW, "/events", []),
        ({"user_identities": {"email": "a@example.com"}}, NOW + 3_600_000, "/events", []),
        ({"device_info": {"platform": "iOS", "ios_idfv": "c56a4180-65aa-42ec-a945-5fd21dec0538"}}, NOW, "/events", []),
        ({"device_info": {"platform": "iOS"}, "user_identities": {"email": ""}}, NOW, "/events", [NO_IDENTITY]),
        ({}, NOW, "/events", [NO_IDENTITY]),
        ({"mpid": 1}, NOW - 73 * 3_600_000, "/events", [f"{AT} {NOW - 73 * 3_600_000}, {OLD}"]),
        ({"mpid": 1}, NOW - 73 * 3_600_000, "/bulkevents/historical", []),
        ({"mpid": 1}, NOW // 1000, "/bulkevents", [f"{AT} {NOW // 1000}, {OLD}"]),
        ({"mpid": 1}, NOW * 2, "/events", [f"{AT} {NOW * 2}, which is in the future: give milliseconds"]),
    ],
    ids=range(9),  # the times differ in each process
)
def test_a_row_says_what_is_surprising(
    sandbox: Sandbox, fields: dict[str, Any], at: int, path: str, warnings: list[str]
) -> None:
    batch = {**GOOD, **fields, "events": [{"event_type": "first_run", "data": {"timestamp_unixtime_ms": at}}]}
    body = batch if path == "/events" else [batch]
    httpx.post(sandbox.url + path, json=body, auth=("sandbox-key", "sandbox-secret"))
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    assert row.get("warnings", []) == warnings


def test_a_row_is_small_even_if_the_batch_is_large(sandbox: Sandbox) -> None:
    identities = {f"{number} {'i' * 60}": "v" for number in range(1000)} | {"customer_id": "7"}
    typed = [{"event_type": f"{number} {'t' * 60}"} for number in range(1000)]
    body = {**GOOD, "mpid": 5, "user_identities": identities, "events": typed}
    httpx.post(f"{sandbox.url}/{'p' * 5000}", json=body)
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    assert row["size"] > 100_000
    assert len(json.dumps(row)) < 10_000
    assert row["identities"][0] == ["customer_id", "7"]
    assert row["identities"][-1] == ["mpid", "5"]
    assert (len(row["identities"]), len(row["types"]), row["event_count"]) == (41, 40, 1000)


def test_details_have_the_request_but_no_credentials(sandbox: Sandbox) -> None:
    upload(sandbox, GOOD, {**GOOD, "source_request_id": "1"})
    details = httpx.get(f"{sandbox.page_url}live/rows/2").json()
    assert json.loads(details["document"]) == {**GOOD, "source_request_id": "1"}
    assert (details["method"], details["row"]["path"], details["index"]) == ("POST", "/v2/bulkevents", 1)
    assert details["headers"]["content-type"] == "application/json"
    assert "authorization" not in details["headers"]
    assert httpx.get(f"{sandbox.page_url}live/rows/3").status_code == 404
    sandbox.clear()
    assert httpx.get(f"{sandbox.page_url}live/rows/2").status_code == 404


def test_the_page_may_show_only_the_default_keys() -> None:
    with Sandbox(api_key="my-key", api_secret="my-secret") as sandbox, stream(sandbox) as events:  # noqa: S106  # valid only for this sandbox
        assert next(events)["default_keys"] is False
    with Sandbox() as sandbox, stream(sandbox) as events:
        assert next(events)["default_keys"] is True


def test_the_download_has_one_line_per_batch_and_keeps_all_digits(sandbox: Sandbox) -> None:
    bodies = [b'{\n "environment": "production",\n "mpid": 7346244611012968789\n}', b'{"environment":"development"}']
    for body in bodies:
        httpx.post(sandbox.url + "/events", content=body, auth=("sandbox-key", "sandbox-secret"))
    answer = httpx.get(f"{sandbox.page_url}live/batches.ndjson")
    assert answer.text.splitlines() == ['{"environment":"production","mpid":7346244611012968789}', '{"environment":"development"}']  # fmt: skip
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_the_controls(sandbox: Sandbox) -> None:
    assert post(sandbox, "fail", {"status": 429, "retry_after": 7}).status_code == 200
    assert post(sandbox, "fail", {"status": 503, "times": 5, "retry_after": None}).status_code == 200
    assert post(sandbox, "undo", {"number": 2}).status_code == 200
    answer = httpx.post(sandbox.url + "/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert httpx.post(sandbox.url + "/events").status_code == 401
    assert post(sandbox, "drop", {"after": "request"}).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(sandbox.url + "/events")
    assert post(sandbox, "settings", {"latency": 0.01, "rate_limit": 5}).status_code == 200
    assert (sandbox.latency, sandbox.rate_limit) == (0.01, 5)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("fail", {"status": 200}, "status is 200, which is not a failure"),
        ("fail", {"status": "x"}, "Expected `int`, got `str` - at `$.status`"),
        ("drop", {"after": "never"}, "Invalid enum value 'never'"),
        ("settings", {"latency": -1, "rate_limit": None}, "latency is -1"),
        ("settings", {"latency": 0, "rate_limit": 0}, "rate_limit is 0"),
        ("undo", [], "Expected `object`, got `array`"),
    ],
)
def test_an_invalid_control_gets_an_error_message(sandbox: Sandbox, path: str, body: Any, says: str) -> None:
    answer = post(sandbox, path, body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
