"""Uploads over real sockets: tables of cases, each blocking, with a callback, and from asyncio."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from platform import python_version
from types import FrameType
from typing import Any

import httpx
import pytest
from clients import CLIENTS, Outcome, blocking, configured, identified

from mparticle_ext import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AppEvent,
    AsyncEventsApi,
    AuthenticationError,
    BadRequestError,
    Batch,
    ClosedError,
    Configuration,
    ConfigurationError,
    EventsApi,
    MParticleError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SessionStartEvent,
    ValidationError,
    WrongCallError,
    __version__,
    unixtime_ms,
)
from mparticle_ext.sandbox import Sandbox


@pytest.fixture(scope="module")
def one_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(one_sandbox: Sandbox) -> Sandbox:
    """One sandbox for all tests of this file, because starting one takes time."""
    one_sandbox.clear()
    return one_sandbox


DAY_MS = 86_400_000


def batch_of(*names: str) -> Batch:
    return Batch("development", events=[AppEvent("other", name) for name in names])


def old_batch() -> Batch:
    return Batch("production", events=[AppEvent("other", "old", timestamp_unixtime_ms=unixtime_ms() - 31 * DAY_MS)])


@dataclass(frozen=True)
class Case:
    """An upload, and what is expected of it: the error and its text, the batches that are accepted."""

    name: str
    body: Callable[[], Any]
    method: str = "upload_events"
    error: type[MParticleError] | None = None
    message: str = ""
    accepted: int = 0
    fail: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("one batch", lambda: batch_of("a"), accepted=1),
    Case("one batch as a dict", lambda: {"environment": "production"}, accepted=1),
    Case("three batches", lambda: [batch_of("a"), batch_of("b"), batch_of()], "bulk_upload_events", accepted=3),
    Case("batches from a generator", lambda: (batch_of(name) for name in "ab"), "bulk_upload_events", accepted=2),
    Case("a batch and a dict", lambda: [batch_of("a"), {"environment": "production"}], "bulk_upload_events", accepted=2),
    Case("a hundred batches", lambda: [batch_of()] * 100, "bulk_upload_events", accepted=100),
    Case("old batches", lambda: [old_batch(), old_batch()], "bulk_upload_historical_events", accepted=2),
    Case("no batches", list, "bulk_upload_events", ValidationError, "batches: a bulk request takes 1 to 100 batches, not 0: upload_all takes any number"),
    Case("101 batches", lambda: [batch_of()] * 101, "bulk_upload_events", ValidationError, "batches: a bulk request takes 1 to 100 batches, not 101"),
    Case("an invalid batch", lambda: batch_of("x" * 257), error=ValidationError, message="events[0].data.event_name"),
    Case("an invalid batch among valid ones", lambda: [batch_of("a"), batch_of("b", "x" * 257)], "bulk_upload_events",
         ValidationError, "batches[1]: events[1].data.event_name: has 257 characters, but at most 256 are allowed"),
    Case("an invalid batch that is not validated", lambda: batch_of("x" * 257), error=BadRequestError,
         message="events[0].data.event_name", configuration={"validate": False}),
    Case("a batch that is too large", lambda: Batch("production", partner_identity="x" * 300_000),
         error=ValidationError, message="batch: has 300109 bytes, but a request can have at most 262144: split it"),
    Case("batches that are too large together", lambda: [Batch("production", partner_identity="x" * 60_000)] * 5,
         "bulk_upload_events", ValidationError, "the largest is batches[0] with 60109: send fewer at once"),
    Case("historical without events", lambda: [Batch("production")], "bulk_upload_historical_events",
         ValidationError, "batches[0]: events: is required for a historical upload"),
    Case("historical without a time", lambda: [old_batch(), batch_of("a")], "bulk_upload_historical_events",
         ValidationError, "batches[1]: events[0].data.timestamp_unixtime_ms: is required"),
    Case("historical and too recent", lambda: [Batch("production", events=[SessionStartEvent(timestamp_unixtime_ms=unixtime_ms() - 2 * DAY_MS)])],
         "bulk_upload_historical_events", ValidationError, "is less than 72 hours ago: upload this batch without historical"),
    Case("401", lambda: batch_of(), error=AuthenticationError, message="HTTP 401", fail={"status": 401}),
    Case("403", lambda: batch_of(), error=PermissionDeniedError, message="HTTP 403", configuration={"api_secret": "wrong"}),
    Case("413", lambda: batch_of(), error=PayloadTooLargeError, message="HTTP 413", fail={"status": 413}),
    Case("429", lambda: batch_of(), error=RateLimitError, message="HTTP 429", fail={"status": 429}),
    Case("500", lambda: batch_of(), error=ServerError, message="HTTP 500", fail={"status": 500}),
    Case("503", lambda: batch_of(), error=ServerError, message="HTTP 503", fail={"status": 503}),
    Case("520, which is not a standard status", lambda: batch_of(), error=ServerError, message="HTTP 520", fail={"status": 520}),
    Case("418", lambda: batch_of(), error=APIStatusError, message="HTTP 418", fail={"status": 418}),
    Case("302, which is not followed", lambda: batch_of(), error=APIStatusError, message="HTTP 302",
         fail={"status": 302, "location": "http://127.0.0.1:1/"}),
]  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_upload(case: Case, client: Callable[..., Outcome], sandbox: Sandbox) -> None:
    if case.fail:
        sandbox.fail(**case.fail)
    outcome = client(replace(sandbox.configuration, retry=None, **case.configuration), case.method, case.body())
    if case.error is None:
        assert isinstance(outcome, httpx.Response)
        assert outcome.status_code == 202
    else:
        assert type(outcome) is case.error
        assert case.message in str(outcome)
    assert len(sandbox.batches) == case.accepted
    assert not sandbox.dropped


WRONG_CALLS: list[tuple[str, Any, str]] = [
    ("upload_events", None, "a Batch is expected, not None"),
    (
        "upload_events",
        AppEvent("other", "a"),
        "a Batch is expected, not AppEvent: put it into one: Batch(..., events=[...])",
    ),
    ("upload_events", [batch_of()], "a Batch is expected, not list: use bulk_upload_events"),
    (
        "upload_events",
        bytearray(b"{}"),
        "a Batch is expected, not bytearray: give JSON as bytes, as in bytes(document)",
    ),
    ("bulk_upload_events", None, "a list of batches is expected, not None"),
    (
        "bulk_upload_events",
        batch_of(),
        "a list of batches is expected, not one: put it in a list, or use upload_events",
    ),
    ("bulk_upload_events", "batches", "a list of batches is expected, not str: put the JSON of one batch in a list"),
    ("bulk_upload_events", [batch_of(), 7], "batches[1]: a Batch is expected, not int"),
    ("bulk_upload_historical_events", None, "a list of batches is expected, not None"),
]


@pytest.mark.parametrize(("method", "body", "message"), WRONG_CALLS)
def test_a_wrong_argument_raises_at_once_in_each_form(method: str, body: Any, message: str, sandbox: Sandbox) -> None:
    calls: list[Any] = []
    api, async_api = EventsApi(sandbox.configuration), AsyncEventsApi(sandbox.configuration)
    for upload in (
        lambda: getattr(api, method)(body),
        lambda: getattr(api, method)(body, lambda *call: calls.append(call)),
        lambda: getattr(async_api, method)(body),  # without await
    ):
        with pytest.raises(WrongCallError) as raised:
            upload()  # type: ignore[no-untyped-call]
        assert str(raised.value) == message
    api.close()
    assert not calls
    assert not sandbox.batches


def test_the_error_has_the_response(sandbox: Sandbox) -> None:
    error = blocking(replace(sandbox.configuration, validate=False), "upload_events", {"environment": "prod"})
    assert isinstance(error, BadRequestError)
    assert error.status_code == 400
    assert error.response.json()["errors"][0]["code"] == error.errors[0].code == "BAD_REQUEST"
    assert "environment" in str(error)


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("0", 0.0), ("-1", None), ("soon", None)])
def test_a_rate_limit_error_has_the_wait_and_the_limit(header: str, seconds: float | None, sandbox: Sandbox) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Retry-After": header, "X-mp-rate-limit-exceeded": "org"})

    configuration = Configuration("key", "secret", transport=httpx.MockTransport(handle), retry=None)
    error = blocking(configuration, "upload_events", batch_of())
    assert isinstance(error, RateLimitError)
    assert (error.retry_after, error.limit) == (seconds, "org")
    wait = f"wait {header} s and send again" if seconds is not None else "wait and send again"
    assert str(error) == f"HTTP 429: over the org rate limit: {wait}; nothing was accepted"


@pytest.mark.parametrize("client", CLIENTS)
def test_user_agent(client: Callable[..., Outcome]) -> None:
    received: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        received.append(request.headers["User-Agent"])
        return httpx.Response(202)

    client(Configuration("key", "secret", transport=httpx.MockTransport(handle)), "upload_events", batch_of())
    assert received == [f"mparticle-ext/{__version__} python/{python_version()}"]


@pytest.mark.parametrize("client", CLIENTS)
def test_no_response_in_time(client: Callable[..., Outcome], silent_url: str) -> None:
    error = client(configured(silent_url, timeout=0.05, retry=None), "upload_events", batch_of())
    assert isinstance(error, APITimeoutError)
    assert isinstance(error.__cause__, httpx.ReadTimeout)
    assert str(error).startswith(f"no complete response from {silent_url} (ReadTimeout")


@pytest.mark.parametrize("client", CLIENTS)
def test_no_connection(client: Callable[..., Outcome], closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    error = client(configured(url, retry=None), "upload_events", batch_of())
    assert type(error) is APIConnectionError
    assert str(error).startswith(f"no connection to {url} (ConnectError")
    assert isinstance(error.__cause__, httpx.ConnectError)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_names_the_proxy_without_its_password(client: Callable[..., Outcome], closed_port: int) -> None:
    proxy = f"http://user:hush@127.0.0.1:{closed_port}"
    error = client(Configuration("key", "secret", proxy=proxy, retry=None), "upload_events", batch_of())
    address = f"https://s2s.mparticle.com/v2 through the proxy http://127.0.0.1:{closed_port}"
    assert isinstance(error, APIConnectionError)
    assert f"no connection to {address} (" in str(error)
    assert "hush" not in str(error)


class Faulty(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that raises an exception."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise self.error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.error


@pytest.mark.parametrize("client", CLIENTS)
def test_an_httpx_error_of_a_users_transport_becomes_a_connection_error(client: Callable[..., Outcome]) -> None:
    transport = Faulty(httpx.ReadError("broken"))
    error = client(Configuration("key", "secret", transport=transport, retry=None), "upload_events", batch_of())
    assert type(error) is APIConnectionError
    assert error.__cause__ is transport.error


@pytest.mark.parametrize("error", [OSError("cable"), RuntimeError("bug"), SystemExit(3)])
def test_another_error_of_a_users_transport_passes_unchanged(error: BaseException) -> None:
    configuration = Configuration("key", "secret", transport=Faulty(error))

    async def main() -> None:
        async with AsyncEventsApi(configuration) as api:
            await api.upload_events(batch_of())

    with EventsApi(configuration) as api, pytest.raises(type(error)) as raised:
        api.upload_events(batch_of())
    assert raised.value is error
    if not isinstance(error, SystemExit):  # asyncio ends the loop for it
        with pytest.raises(type(error)) as raised:
            asyncio.run(main())
        assert raised.value is error


class Broken(httpx.SyncByteStream):
    """A response body that breaks."""

    closed = False

    def __iter__(self) -> Any:
        yield b"half"
        raise httpx.ReadError("broken")

    def close(self) -> None:
        self.closed = True


def test_a_response_that_breaks_is_closed() -> None:
    stream = Broken()
    transport = httpx.MockTransport(lambda request: httpx.Response(202, stream=stream))
    error = blocking(Configuration("key", "secret", transport=transport, retry=None), "upload_events", batch_of())
    assert isinstance(error, APIConnectionError)
    assert error.outcome.value == "unknown"
    assert stream.closed


def test_after_close_an_upload_is_refused(sandbox: Sandbox) -> None:
    api = EventsApi(sandbox.configuration)
    api.close()
    for callback in (None, lambda *_: None):
        with pytest.raises(ClosedError, match="this EventsApi is closed: create a new one"):
            api.upload_events(batch_of(), callback)

    async def main() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            pass
        await api.upload_events(batch_of())

    with pytest.raises(ClosedError, match="this AsyncEventsApi is closed: create a new one"):
        asyncio.run(main())


def test_an_api_is_shared_by_threads(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        threads = [
            threading.Thread(target=lambda: [api.upload_events(batch_of()) for _ in range(10)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(sandbox.batches) == 80


def test_a_transport_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"transport is not an httpx\.BaseTransport, which EventsApi needs"):
        EventsApi(Configuration("key", "secret", transport=httpx.AsyncHTTPTransport()))
    with pytest.raises(ConfigurationError, match=r"not an httpx\.AsyncBaseTransport, which AsyncEventsApi needs"):
        AsyncEventsApi(Configuration("key", "secret", transport=httpx.HTTPTransport()))
    with pytest.raises(ConfigurationError, match="transport='aiohttp' is for AsyncEventsApi, not for EventsApi"):
        EventsApi(Configuration("key", "secret", transport="aiohttp"))


@pytest.mark.parametrize("used", ["92", "0", "nonsense", "nan", "-1"])
def test_rate_limit_used(used: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, headers={"X-mp-rate-limit-percentage-used": used})

    configuration = Configuration("key", "secret", transport=httpx.MockTransport(handle))
    expected = float(used) if used in ("92", "0") else None

    async def main() -> None:
        async with AsyncEventsApi(configuration) as api:
            assert api.rate_limit_used is None
            await api.upload_events(identified())
            assert api.rate_limit_used == expected

    with EventsApi(configuration) as api:
        assert api.rate_limit_used is None
        api.upload_events(identified())
        assert api.rate_limit_used == expected
    asyncio.run(main())


def with_events(number: int) -> Batch:
    attributes: dict[str, Any] = {"screen": "home", "position": 3, "price": 19.99}
    return Batch("production", events=[AppEvent("other", "Hello", custom_attributes=attributes) for _ in range(number)])


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """Count the calls of Python functions, and of C functions by name."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls["a Python function"] += 1
        elif event == "c_call":
            calls[argument.__qualname__] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_events_cost_no_python_calls(sandbox: Sandbox) -> None:
    few, many = [with_events(1) for _ in range(2)], [with_events(40) for _ in range(2)]
    with EventsApi(sandbox.configuration) as api:
        api.bulk_upload_events(few)  # makes what is made at first use
        calls_for_few = calls_of(lambda: api.bulk_upload_events(few))
        calls_for_many = calls_of(lambda: api.bulk_upload_events(many))
    assert calls_for_many["Decoder.decode"] == len(many)
    assert calls_for_many["Encoder.encode"] == len(many) + 1  # as JSON, and the first one as MessagePack to find bytes
    assert calls_for_many["a Python function"] == calls_for_few["a Python function"]
