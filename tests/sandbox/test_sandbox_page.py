"""The sandbox's page as HTTP: who may read and drive it, and what it is told."""

from __future__ import annotations

import json
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
    """What the page is told, event by event, each with its `id`."""
    headers = {"last-event-id": last_id} if last_id else {}
    with httpx.stream("GET", f"{sandbox.page_url}live/stream", headers=headers, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events_in(answer.iter_lines())


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("id: "):
            yield {"id": line[4:], **json.loads(next(lines).removeprefix("data: "))}


def test_every_file_of_the_page_is_served_and_may_do_nothing_but_show(sandbox: Sandbox) -> None:
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
    assert "://" not in page.text.replace("http://www.w3.org/2000/svg", "")  # nothing from outside
    assert httpx.get(f"{sandbox.page_url}page/no.js").status_code == 404
    assert httpx.get(f"{sandbox.page_url}page/..%2f_page.py").status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "10.0.0.1", "", "localhost:x"]
)
def test_under_another_name_it_says_nothing(sandbox: Sandbox, host: str) -> None:
    upload(sandbox, GOOD)
    for path in ("", "page/app.js", "live/stream", "live/arrivals/1", "live/batches.ndjson"):
        answer = httpx.get(sandbox.page_url + path, headers={"host": host})
        assert answer.status_code == 403, path
        assert "production" not in answer.text
    assert post(sandbox, "clear", {}, host=host).status_code == 403
    assert len(sandbox.batches) == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:81", "127.0.0.1:5", "[::1]:80"])
def test_loopback_has_several_names(sandbox: Sandbox, host: str) -> None:
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
def test_pages_of_others_can_neither_drive_nor_read_it(sandbox: Sandbox, headers: dict[str, str]) -> None:
    upload(sandbox, GOOD)
    for path, body in [("clear", {}), ("fail", {"status": 503}), ("settings", {"latency": 9, "rate_limit": None})]:
        assert post(sandbox, path, body, **headers).status_code == 403
    assert (len(sandbox.batches), sandbox.latency) == (1, 0)
    answer = httpx.get(f"{sandbox.page_url}live/arrivals/1", headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_can_and_a_link_leads_to_it(sandbox: Sandbox) -> None:
    own = {"origin": sandbox.page_url.rstrip("/"), "sec-fetch-site": "same-origin"}
    assert post(sandbox, "clear", {}, **own).status_code == 200
    assert httpx.get(sandbox.page_url, headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_uploads_may_come_under_any_name(sandbox: Sandbox) -> None:
    headers = {"host": "s2s.mparticle.com"}
    answer = httpx.post(sandbox.url + "/events", json=GOOD, auth=("sandbox-key", "sandbox-secret"), headers=headers)
    assert answer.status_code == 202


def test_the_stream_tells_what_there_is_and_then_what_comes(sandbox: Sandbox) -> None:
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
        assert next(events)["first"] == 3  # what came before is gone


def test_the_stream_goes_on_where_it_was_cut(sandbox: Sandbox) -> None:
    upload(sandbox, GOOD)
    with stream(sandbox) as events:
        last_id = next(events)["id"]
    upload(sandbox, GOOD)
    with stream(sandbox, last_id) as events:
        assert [row["number"] for row in next(events)["rows"]] == [2]
    for unknown in ("other-1", "nonsense", f"{last_id}x"):
        with stream(sandbox, unknown) as events:
            assert [row["number"] for row in next(events)["rows"]] == [1, 2]


def test_the_stream_tells_many_in_portions_and_no_more_than_the_page_holds(sandbox: Sandbox) -> None:
    upload(sandbox, *(Batch("production") for _ in range(10_300)))
    told: list[int] = []
    with stream(sandbox) as events:
        for event in events:
            assert len(event["rows"]) == 200
            told += [row["number"] for row in event["rows"]]
            if told[-1] == 10_300:
                break
    assert told == list(range(301, 10_301))


def test_large_batches_come_in_smaller_portions(sandbox: Sandbox) -> None:
    large = Batch("production", user_attributes={f"note {number}": "x" * 4096 for number in range(60)})
    upload(sandbox, *[large] * 10)
    with stream(sandbox) as events:
        first, second = next(events)["rows"], next(events)["rows"]
    assert (len(first), len(second)) == (5, 5)


def test_a_page_that_is_open_keeps_no_sandbox_from_stopping() -> None:
    with Sandbox() as sandbox, stream(sandbox) as events:
        next(events)
        sandbox.stop()
        assert list(events) == []


ODD: list[Any] = [b"{", b"\xff", b"[" * 2000, b"[]", b"1", {"environment": 1}, {"user_identities": [1], "events": [1, {}, {"data": 2}], "mpid": {}}, {"user_identities": {"email": 5}, "user_attributes": [], "events": {"a": 1}, "environment": None}]  # fmt: skip


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("path", ["/events", "/bulkevents"])
def test_whatever_arrives_is_told_of(sandbox: Sandbox, body: Any, path: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    httpx.post(sandbox.url + path, content=content, auth=("sandbox-key", "sandbox-secret"))
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    assert row["outcome"] == "refused"
    details = httpx.get(f"{sandbox.page_url}live/arrivals/1").json()
    assert details["document"] == content.decode(errors="replace")


def test_a_row_says_how_near_the_limits_are(sandbox: Sandbox) -> None:
    attributes = {f"a{number}": "x" * 1024 for number in range(20)}
    event = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "n" * 64, "custom_attributes": attributes}}  # fmt: skip
    upload(sandbox, {**GOOD, "user_attributes": {f"u{number}": 1 for number in range(90)}, "events": [event] * 2})
    with stream(sandbox) as events:
        (row,) = next(events)["rows"]
    used = {limit: (used, most) for limit, used, most in row["meters"]}
    assert used["user attributes"] == (90, 100)
    assert used["attributes of an event"] == (20, 100)
    assert used["characters of an event name"] == (64, 256)
    assert used["characters of an attribute"] == (1024, 4096)
    assert used["batches in the request"] == (1, 100)
    assert used["bytes of the request"] == (sandbox.requests[0].size, 262_144)
    assert row["meters"][0][0] == "user attributes"
    assert row["events"] == [["custom_event", "n" * 64]] * 2
    assert row["types"] == ["custom_event"]


def test_a_row_stays_small_whatever_arrives(sandbox: Sandbox) -> None:
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


def test_details_tell_the_request_and_no_credentials(sandbox: Sandbox) -> None:
    upload(sandbox, GOOD, {**GOOD, "source_request_id": "1"})
    details = httpx.get(f"{sandbox.page_url}live/arrivals/2").json()
    assert json.loads(details["document"]) == {**GOOD, "source_request_id": "1"}
    assert (details["method"], details["row"]["path"], details["index"]) == ("POST", "/v2/bulkevents", 1)
    assert details["headers"]["content-type"] == "application/json"
    assert "authorization" not in details["headers"]
    assert httpx.get(f"{sandbox.page_url}live/arrivals/3").status_code == 404
    sandbox.clear()
    assert httpx.get(f"{sandbox.page_url}live/arrivals/2").status_code == 404


def test_only_the_default_keys_are_shown() -> None:
    with Sandbox(api_key="my-key", api_secret="my-secret") as sandbox, stream(sandbox) as events:  # noqa: S106  # a test's
        assert next(events)["default_keys"] is False
    with Sandbox() as sandbox, stream(sandbox) as events:
        assert next(events)["default_keys"] is True


def test_a_download_has_a_line_for_each_batch_with_every_digit(sandbox: Sandbox) -> None:
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
        ("fail", {"status": 200}, "200 is no failure"),
        ("fail", {"status": "x"}, "Expected `int`, got `str` - at `$.status`"),
        ("drop", {"after": "never"}, "Invalid enum value 'never'"),
        ("settings", {"latency": -1, "rate_limit": None}, "latency is -1"),
        ("settings", {"latency": 0, "rate_limit": 0}, "rate_limit is 0"),
        ("undo", [], "Expected `object`, got `array`"),
    ],
)
def test_a_control_that_cannot_be_says_why(sandbox: Sandbox, path: str, body: Any, says: str) -> None:
    answer = post(sandbox, path, body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
