"""Uploads over real sockets: one table of cases, each blocking, with a callback, and from asyncio."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from platform import python_version
from typing import Any

import httpx
import pytest
from clients import CLIENTS, Outcome, blocking, with_callback

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
    UploadStoppedError,
    ValidationError,
    WrongCallError,
    __version__,
    unixtime_ms,
)
from mparticle_ext.sandbox import Sandbox

DAY_MS = 86_400_000


def batch_of(*names: str) -> Batch:
    return Batch("development", events=[AppEvent("other", name) for name in names])


def old_batch() -> Batch:
    return Batch("production", events=[AppEvent("other", "old", timestamp_unixtime_ms=unixtime_ms() - 31 * DAY_MS)])


@dataclass(frozen=True)
class Case:
    """What is done, and what must come of it."""

    name: str
    body: Callable[[], Any]
    method: str = "upload_events"
    error: type[MParticleError] | None = None
    says: str = ""
    taken: int = 0
    fail: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("one batch", lambda: batch_of("a"), taken=1),
    Case("one batch as a dict", lambda: {"environment": "production"}, taken=1),
    Case("three batches", lambda: [batch_of("a"), batch_of("b"), batch_of()], "bulk_upload_events", taken=3),
    Case("batches from a generator", lambda: (batch_of(name) for name in "ab"), "bulk_upload_events", taken=2),
    Case("a batch and a dict", lambda: [batch_of("a"), {"environment": "production"}], "bulk_upload_events", taken=2),
    Case("a hundred batches", lambda: [batch_of()] * 100, "bulk_upload_events", taken=100),
    Case("old batches", lambda: [old_batch(), old_batch()], "bulk_upload_historical_events", taken=2),
    Case("no batches", list, "bulk_upload_events", ValidationError, "batches: a bulk request takes 1 to 100, not 0"),
    Case("101 batches", lambda: [batch_of()] * 101, "bulk_upload_events", ValidationError, "batches: a bulk request takes 1 to 100, not 101"),
    Case("a bad batch alone", lambda: batch_of("x" * 257), error=ValidationError, says="events[0].data.event_name"),
    Case("a bad one among good ones", lambda: [batch_of("a"), batch_of("b", "x" * 257)], "bulk_upload_events",
         ValidationError, "batches[1]: events[1].data.event_name: has 257 characters, but at most 256 are taken"),
    Case("not checked, refused there", lambda: batch_of("x" * 257), error=BadRequestError,
         says="events[0].data.event_name", configuration={"validate": False}),
    Case("too large a batch", lambda: Batch("production", partner_identity="x" * 300_000),
         error=ValidationError, says="batch: is 300050 bytes, but at most 262144 are taken: send it in parts"),
    Case("too large together", lambda: [Batch("production", partner_identity="x" * 60_000)] * 5,
         "bulk_upload_events", ValidationError, "the largest is batches[0] with 60050: send fewer at once"),
    Case("historical without events", lambda: [Batch("production")], "bulk_upload_historical_events",
         ValidationError, "batches[0]: events: is required for a historical upload"),
    Case("historical without a time", lambda: [old_batch(), batch_of("a")], "bulk_upload_historical_events",
         ValidationError, "batches[1]: events[0].data.timestamp_unixtime_ms: is required"),
    Case("historical and too young", lambda: [Batch("production", events=[SessionStartEvent(timestamp_unixtime_ms=unixtime_ms() - 2 * DAY_MS)])],
         "bulk_upload_historical_events", ValidationError, "older than 72 hours"),
    Case("401", lambda: batch_of(), error=AuthenticationError, says="HTTP 401", fail={"status": 401}),
    Case("403", lambda: batch_of(), error=PermissionDeniedError, says="check them", configuration={"api_secret": "wrong"}),
    Case("413", lambda: batch_of(), error=PayloadTooLargeError, says="HTTP 413", fail={"status": 413}),
    Case("429", lambda: batch_of(), error=RateLimitError, says="HTTP 429", fail={"status": 429}),
    Case("500", lambda: batch_of(), error=ServerError, says="HTTP 500", fail={"status": 500}),
    Case("503", lambda: batch_of(), error=ServerError, says="HTTP 503", fail={"status": 503}),
    Case("520, which no standard names", lambda: batch_of(), error=ServerError, says="HTTP 520", fail={"status": 520}),
    Case("418", lambda: batch_of(), error=APIStatusError, says="HTTP 418", fail={"status": 418}),
    Case("302, which is not followed", lambda: batch_of(), error=APIStatusError, says="HTTP 302",
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
        assert case.says in str(outcome)
    assert len(sandbox.batches) == case.taken
    assert not sandbox.dropped


async def coroutine(*_: object) -> None: ...


WRONG_CALLBACKS: list[tuple[Any, str]] = [
    (5, "callback is a function of (error, data, response), not int"),
    (coroutine, "callback is a coroutine function, which only AsyncEventsApi awaits"),
]


@pytest.mark.parametrize(("callback", "message"), WRONG_CALLBACKS)
def test_a_wrong_callback_is_refused_before_anything_is_sent(callback: Any, message: str, sandbox: Sandbox) -> None:
    async def from_asyncio() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            await api.upload_events(batch_of(), callback)

    with EventsApi(sandbox.configuration) as api, pytest.raises(WrongCallError) as raised:
        api.upload_events(batch_of(), callback)
    assert str(raised.value) == message
    if not callable(callback):
        with pytest.raises(WrongCallError):
            asyncio.run(from_asyncio())
    assert not sandbox.batches


WRONG_CALLS: list[tuple[str, Any, str]] = [
    ("upload_events", None, "a Batch is expected, not None"),
    ("upload_events", [batch_of()], "a Batch is expected, not list: use bulk_upload_events"),
    ("upload_events", "batch", "a Batch is expected, not str"),
    ("bulk_upload_events", None, "a list of batches is expected, not None"),
    (
        "bulk_upload_events",
        batch_of(),
        "a list of batches is expected, not one: put it in a list, or use upload_events",
    ),
    ("bulk_upload_events", "batches", "a list of batches is expected, not str"),
    ("bulk_upload_events", [batch_of(), 7], "batches[1]: a Batch is expected, not int"),
    ("bulk_upload_historical_events", None, "a list of batches is expected, not None"),
]


@pytest.mark.parametrize(("method", "body", "message"), WRONG_CALLS)
def test_a_wrong_call_raises_at_once_in_every_form(method: str, body: Any, message: str, sandbox: Sandbox) -> None:
    calls: list[Any] = []

    async def from_asyncio(*callback: Any) -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            await getattr(api, method)(body, *callback)

    with EventsApi(sandbox.configuration) as api:
        for upload in (
            lambda: getattr(api, method)(body),
            lambda: getattr(api, method)(body, lambda *call: calls.append(call)),
            lambda: asyncio.run(from_asyncio()),
            lambda: asyncio.run(from_asyncio(lambda *call: calls.append(call))),
        ):
            with pytest.raises(WrongCallError) as raised:
                upload()
            assert str(raised.value) == message
    assert not calls
    assert not sandbox.batches


def test_the_response_of_a_refusal_says_what_the_service_said(sandbox: Sandbox) -> None:
    error = blocking(replace(sandbox.configuration, validate=False), "upload_events", {"environment": "prod"})
    assert isinstance(error, BadRequestError)
    assert error.status_code == 400
    assert error.response.json()["errors"][0]["code"] == error.errors[0].code == "BAD_REQUEST"
    assert "environment" in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"), [("2", 2.0), ("0", 0.0), ("-1", None), ("soon", None), ("", None), ("²", None)]
)
def test_a_rate_limit_says_how_long_and_which(header: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers=[(b"Retry-After", header.encode()), (b"X-mp-rate-limit-exceeded", b"org")])
    error = RateLimitError(response)
    assert (error.retry_after, error.limit) == (seconds, "org")
    wait = f"wait {header} s and send again" if seconds is not None else "wait and send again"
    assert str(error) == f"HTTP 429: over the org's rate limit: {wait}; nothing was taken"


@pytest.fixture
def silent() -> Iterable[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"


@pytest.mark.parametrize("client", CLIENTS)
def test_who_sends_is_said(client: Callable[..., Outcome]) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["User-Agent"])
        return httpx.Response(202)

    client(Configuration("key", "secret", transport=httpx.MockTransport(answer)), "upload_events", batch_of())
    assert seen == [f"mparticle-ext/{__version__} python/{python_version()}"]


@pytest.mark.parametrize("client", CLIENTS)
def test_no_answer_in_time(client: Callable[..., Outcome], silent: str) -> None:
    error = client(Configuration("key", "secret", base_url=silent, timeout=0.05), "upload_events", batch_of())
    assert isinstance(error, APITimeoutError)
    assert isinstance(error.__cause__, httpx.ReadTimeout)
    assert str(error).startswith(f"no whole answer from {silent} (ReadTimeout")


@pytest.mark.parametrize("client", CLIENTS)
def test_no_connection(client: Callable[..., Outcome]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    configuration = Configuration("key", "secret", base_url=f"http://127.0.0.1:{free}", retry=None)
    error = client(configuration, "upload_events", batch_of())
    assert type(error) is APIConnectionError
    assert str(error).startswith(f"no connection to http://127.0.0.1:{free} (ConnectError")
    assert isinstance(error.__cause__, httpx.ConnectError)


def test_a_callback_that_raises_is_logged_and_spoils_nothing(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("mine")

    with EventsApi(sandbox.configuration) as api:
        assert api.upload_events(batch_of(), broken).result(timeout=10).status_code == 202
        assert api.upload_events(batch_of()).status_code == 202
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info and record.exc_info[1]] == [
        ("mine",)
    ]
    assert caplog.records[0].name == "mparticle_ext"


def test_an_async_callback_is_awaited_and_what_it_raises_is_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[Any] = []

    async def slow_and_broken(error: Exception | None, _data: None, response: httpx.Response | None) -> None:
        await asyncio.sleep(0)
        called.append((error, response and response.status_code))
        raise RuntimeError("mine")

    async def main() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            await api.upload_events(batch_of(), slow_and_broken)

    asyncio.run(main())
    assert called == [(None, 202)]
    assert "slow_and_broken" in caplog.text


class Gate(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that lets nothing through until it is opened, and counts what waits in it."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside = 0
        self.most = 0
        self._counting = threading.Lock()

    def _enter(self, by: int) -> None:
        with self._counting:
            self.inside += by
            self.most = max(self.most, self.inside)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._enter(1)
        self.opened.wait(10)
        self._enter(-1)
        return httpx.Response(202, request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._enter(1)
        while not self.opened.is_set():  # noqa: ASYNC110  # opened from a thread, so asyncio.Event does not do
            await asyncio.sleep(0.001)
        self._enter(-1)
        return httpx.Response(202, request=request)


def configured(gate: Gate, **others: Any) -> Configuration:
    return Configuration("key", "secret", transport=gate, max_in_flight=2, **others)


def test_uploads_in_flight_are_bounded_and_the_next_call_waits() -> None:
    gate, answers = Gate(), []
    with EventsApi(configured(gate)) as api:
        api.upload_events(batch_of(), lambda *call: answers.append(call))
        api.upload_events(batch_of(), lambda *call: answers.append(call))
        third = threading.Thread(target=api.upload_events, args=(batch_of(), lambda *call: answers.append(call)))
        third.start()
        third.join(0.1)
        assert third.is_alive()
        assert gate.most == 2
        gate.opened.set()
        third.join(10)
    assert len(answers) == 3
    assert gate.most == 2


def test_asyncio_uploads_in_flight_are_bounded_and_the_next_call_waits() -> None:
    gate, answers = Gate(), []

    async def main() -> None:
        async with AsyncEventsApi(configured(gate)) as api:
            for _ in range(2):
                await api.upload_events(batch_of(), lambda *call: answers.append(call))
            third = asyncio.create_task(api.upload_events(batch_of(), lambda *call: answers.append(call)))
            await asyncio.sleep(0.05)
            assert not third.done()
            gate.opened.set()
            await third

    asyncio.run(main())
    assert (len(answers), gate.most) == (3, 2)


def test_asyncio_uploads_that_wait_together_keep_the_bound() -> None:
    gate, answers = Gate(), []

    async def main() -> None:
        async with AsyncEventsApi(configured(gate)) as api:
            uploads = [
                asyncio.create_task(api.upload_events(batch_of(), lambda *call: answers.append(call)))
                for _ in range(10)
            ]
            await asyncio.sleep(0.05)
            gate.opened.set()
            await asyncio.gather(*uploads)

    asyncio.run(main())
    assert (len(answers), gate.most) == (10, 2)


def test_asyncio_callbacks_may_each_close(sandbox: Sandbox) -> None:
    async def main() -> None:
        api = AsyncEventsApi(sandbox.configuration)

        async def close(*_: object) -> None:
            await api.close()

        tasks = [await api.upload_events(batch_of(), close) for _ in range(3)]
        await asyncio.wait_for(asyncio.gather(*tasks), 10)

    asyncio.run(main())
    assert len(sandbox.batches) == 3


def test_callbacks_may_upload_more_than_is_in_flight(sandbox: Sandbox) -> None:
    with EventsApi(replace(sandbox.configuration, max_in_flight=1)) as api:
        both = threading.Barrier(3)

        def again(*_: object) -> None:
            for name in "bc":
                api.upload_events(batch_of(name), lambda *_: threading.Thread(target=both.wait, args=(10,)).start())

        api.upload_events(batch_of("a"), again)
        both.wait(10)
    assert len(sandbox.batches) == 3


def test_a_callback_that_exits_spoils_nothing(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with EventsApi(replace(sandbox.configuration, max_in_flight=1)) as api:
        for _ in range(2):
            assert api.upload_events(batch_of(), lambda *_: sys.exit(3)).result(timeout=10).status_code == 202
    assert len(caplog.records) == 2


class Broken(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport with faults of its own, one after the other."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise self.faults.pop(0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.faults.pop(0)


@pytest.mark.parametrize("client", [with_callback, from_asyncio_with_callback])
def test_a_fault_of_the_transport_comes_as_an_error_of_ours(client: Callable[..., Outcome]) -> None:
    configuration = Configuration("key", "secret", transport=Broken(OSError("cable"), RuntimeError("bug")))
    assert type(client(configuration, "upload_events", batch_of())) is APIConnectionError
    outcome = client(configuration, "upload_events", batch_of())
    assert type(outcome) is MParticleError
    assert str(outcome) == "unexpected RuntimeError: bug"


def test_an_upload_that_ends_its_thread_frees_its_place() -> None:
    configuration = Configuration("key", "secret", transport=Broken(SystemExit(), SystemExit()), max_in_flight=1)
    with EventsApi(configuration) as api:
        for _ in range(2):
            assert isinstance(api.upload_events(batch_of(), lambda *_: None).exception(timeout=10), MParticleError)


def test_an_upload_is_sent_once_also_when_no_thread_can_be_started(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with EventsApi(sandbox.configuration) as api:
        gate = threading.Event()
        api.upload_events(batch_of("a"), lambda *_: gate.wait(10))  # holds the one thread that there is
        monkeypatch.setattr(threading.Thread, "start", no_more)
        api.upload_events(batch_of("b"), lambda *call: calls.append(call))
        monkeypatch.undo()
        gate.set()
    assert len(calls) == 1
    assert len(sandbox.batches) == 2


def test_what_a_futures_own_callback_uploads_does_not_wait_for_itself(sandbox: Sandbox) -> None:
    done = threading.Event()
    with EventsApi(replace(sandbox.configuration, max_in_flight=1)) as api:

        def more(_: Any) -> None:
            for name in "bcd":
                api.upload_events(batch_of(name), lambda *_: None)
            done.set()

        api.upload_events(batch_of("a"), lambda *_: None).add_done_callback(more)
        assert done.wait(10)
    assert len(sandbox.batches) == 4


def test_closing_in_a_callback_lets_the_others_finish() -> None:
    gate, outcomes = Gate(), []
    api = EventsApi(Configuration("key", "secret", transport=gate, max_in_flight=4))
    finished = threading.Barrier(5)

    def callback(error: Exception | None, _data: None, _response: httpx.Response | None) -> None:
        api.close()
        outcomes.append(error)
        threading.Thread(target=finished.wait, args=(10,)).start()

    for _ in range(4):
        api.upload_events(batch_of(), callback)
    gate.opened.set()
    finished.wait(10)
    assert outcomes == [None] * 4
    with pytest.raises(ClosedError):
        api.upload_events(batch_of())


def test_close_from_a_callback(sandbox: Sandbox) -> None:
    api = EventsApi(sandbox.configuration)
    closed = threading.Event()

    def finish(*_: object) -> None:
        api.close()
        closed.set()

    api.upload_events(batch_of(), finish)
    assert closed.wait(10)
    with pytest.raises(ClosedError):
        api.upload_events(batch_of())


def test_what_is_handed_over_is_what_is_sent(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        batch = batch_of("a")
        for name in "bcd":
            api.upload_events(batch, lambda *_: None)
            batch.add_event(AppEvent("other", name))
    assert sorted(len(batch.events or ()) for batch in sandbox.batches) == [1, 2, 3]


def test_after_close_an_upload_is_refused(sandbox: Sandbox) -> None:
    api = EventsApi(sandbox.configuration)
    api.close()
    with pytest.raises(ClosedError, match="is closed"):
        api.upload_events(batch_of(), lambda *_: None)

    async def main() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            pass
        await api.upload_events(batch_of())

    with pytest.raises(ClosedError, match="is closed"):
        asyncio.run(main())


def test_one_pool_serves_many_threads(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        threads = [
            threading.Thread(target=lambda: [api.upload_events(batch_of()) for _ in range(20)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(sandbox.batches) == 160


def test_a_transport_of_the_other_colour_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no httpx\.BaseTransport"):
        EventsApi(Configuration("key", "secret", transport=httpx.AsyncHTTPTransport()))
    with pytest.raises(ConfigurationError, match=r"no httpx\.AsyncBaseTransport"):
        AsyncEventsApi(Configuration("key", "secret", transport=httpx.HTTPTransport()))


def test_asyncio_callbacks_may_wait_for_further_uploads(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncEventsApi(replace(sandbox.configuration, max_in_flight=1)) as api:

            async def again(*_: object) -> None:
                tasks = await asyncio.gather(*(api.upload_events(batch_of(name), lambda *_: None) for name in "bc"))
                await asyncio.gather(*tasks)

            await (await api.upload_events(batch_of("a"), again))

    asyncio.run(asyncio.wait_for(main(), 10))
    assert len(sandbox.batches) == 3


def test_an_upload_that_waited_while_the_api_closed_is_refused() -> None:
    gate, calls = Gate(), []

    async def main() -> None:
        api = AsyncEventsApi(Configuration("key", "secret", transport=gate, max_in_flight=1))
        await api.upload_events(batch_of(), lambda *call: calls.append(call))
        waiting = asyncio.create_task(api.upload_events(batch_of(), lambda *call: calls.append(call)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(api.close())
        await asyncio.sleep(0)
        gate.opened.set()
        await closing
        with pytest.raises(ClosedError):
            await waiting

    asyncio.run(main())
    assert len(calls) == 1


@pytest.mark.parametrize("pause", [None, 0.01])
def test_a_cancelled_upload_tells_its_callback(pause: float | None) -> None:
    gate, calls = Gate(), []

    async def main() -> None:
        async with AsyncEventsApi(configured(gate)) as api:
            task = await api.upload_events(batch_of(), lambda *call: calls.append(call))
            if pause is not None:
                await asyncio.sleep(pause)
            task.cancel()

    asyncio.run(main())
    ((error, _, _),) = calls
    assert type(error) is UploadStoppedError
    assert "cancelled" in str(error)
