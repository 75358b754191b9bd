"""Uploads with a callback: futures, flush, close, and callbacks that raise or upload."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial, wraps
from typing import Any

import httpx
import pytest
from clients import configured, identified
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer

from mparticle_ext import (
    AppEvent,
    AsyncEventsApi,
    Batch,
    ClosedError,
    Configuration,
    EventsApi,
    MParticleError,
    WrongCallError,
)


def ignore(*_: object) -> None: ...


async def coroutine_function(*_: object) -> None: ...


def of_the_response(response: object) -> None: ...


def of_two(error: object, response: object) -> None: ...


def of_keywords(*, error: object, data: object, response: object) -> None: ...


@wraps(of_the_response)
def wrapper(error: object, data: object, response: object) -> None: ...


class AsyncCallable:
    async def __call__(self, *_: object) -> None:
        """Never awaited."""


class Receiver:
    def one(self, response: object) -> None: ...

    def three(self, error: object, data: object, response: object) -> None: ...

    def more(self, error: object, data: object, response: object, more: object = None) -> None: ...

    @staticmethod
    def static(error: object, data: object, response: object) -> None: ...

    def __call__(self, error: object, data: object, response: object) -> None: ...


class Uninspectable:
    """As a callable of a C extension without a signature."""

    __signature__ = "none"

    def __call__(self, *_: object) -> None: ...


CALLED = "callback is called with (error, data, response), but takes"
OF_PYTHON_SDK = (
    "mParticle's Python SDK passes only the response; here write callback(error, data, response), and read "
    "response if error is None"
)


class Gate(httpx.BaseTransport):
    """A transport that answers when it is opened, and counts the requests that wait."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.opened.wait(10)
        with self._lock:
            self.inside -= 1
        return httpx.Response(202)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (5, "callback takes a function of (error, data, response), not int"),
        (coroutine_function, "callback takes a plain function: a coroutine would never be awaited"),
        (AsyncCallable(), "callback takes a plain function: a coroutine would never be awaited"),
        (of_the_response, f"{CALLED} (response): {OF_PYTHON_SDK}"),
        (Receiver().one, f"{CALLED} (response): {OF_PYTHON_SDK}"),
        (partial(of_two, "secret"), f"{CALLED} (response): {OF_PYTHON_SDK}"),
        (lambda: None, f"{CALLED} (): write callback(error, data, response)"),
        (of_two, f"{CALLED} (error, response): write callback(error, data, response)"),
        (lambda a, b, c, d: None, f"{CALLED} (a, b, c, d): write callback(error, data, response)"),
        (of_keywords, f"{CALLED} (*, error, data, response): write callback(error, data, response)"),
        (Receiver.three, f"{CALLED} (self, error, data, response): write callback(error, data, response)"),
        (partial(Receiver().more, *"abcd"), f"{CALLED} (): write callback(error, data, response)"),
    ],
)
def test_a_wrong_callback_is_refused_before_anything_is_sent(callback: Any, message: str, server: FaultyServer) -> None:
    with EventsApi(configured(server.url)) as api, pytest.raises(WrongCallError) as raised:
        api.upload_events(identified(), callback)
    assert str(raised.value) == message
    assert not server.requests


@pytest.mark.parametrize(
    "callback",
    [
        wrapper,
        Receiver(),
        Receiver().three,
        Receiver().more,
        Receiver.static,
        partial(Receiver.three, Receiver()),
        partial(Receiver().more, more=1),
        lambda error, *others: None,
        lambda error, data=None, response=None, **others: None,
        Uninspectable(),
        print,
        min,
    ],
)
def test_a_callback_that_takes_three_arguments_is_called(
    callback: Any, server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    with EventsApi(configured(server.url)) as api:
        api.upload_events(identified(), callback).result(10)
    assert "positional argument" not in caplog.text


@pytest.mark.parametrize("method", ["upload_events", "bulk_upload_events", "bulk_upload_historical_events"])
def test_the_asyncio_client_refuses_a_callback_without_await(method: str, server: FaultyServer) -> None:
    api = AsyncEventsApi(configured(server.url))
    for body in (identified(), [identified()]):
        with pytest.raises(WrongCallError) as raised:
            getattr(api, method)(body, ignore)
        assert str(raised.value) == "AsyncEventsApi takes no callback: await the upload, or use EventsApi"
    assert not server.requests


@pytest.mark.parametrize("error", [RuntimeError("mine"), SystemExit(3)])
def test_an_exception_of_a_callback_is_logged(
    error: BaseException, server: FaultyServer, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise error

    with EventsApi(configured(server.url, max_in_flight=1)) as api:
        for _ in range(2):
            assert api.upload_events(identified(), failing).result(10).status_code == 202
    assert [record.exc_info[1] for record in caplog.records if record.exc_info] == [error, error]
    assert {record.name for record in caplog.records} == {"mparticle_ext"}
    assert "failing raised an exception" in caplog.text


def test_a_coroutine_that_a_callback_returns_is_logged(server: FaultyServer, caplog: pytest.LogCaptureFixture) -> None:
    with EventsApi(configured(server.url)) as api:
        assert api.upload_events(identified(), lambda *call: coroutine_function(*call)).result(10).status_code == 202
    assert "callback takes a plain function, but this one returned a coroutine" in caplog.text


def test_the_log_names_a_callback_without_its_arguments(caplog: pytest.LogCaptureFixture, server: FaultyServer) -> None:
    def callback(batch: Any, *_: Any) -> None:
        raise RuntimeError("mine")

    caplog.set_level(logging.DEBUG)
    batch = {"environment": "production", "user_identities": {"email": "jane@example.com"}}
    with EventsApi(configured(server.url)) as api:
        api.upload_events(batch, partial(callback, batch))
    assert "the callback partial raised an exception" in caplog.text
    assert "jane@example.com" not in caplog.text


def test_uploads_in_flight_are_limited_and_the_next_call_waits() -> None:
    gate = Gate()
    with EventsApi(Configuration("key", "secret", transport=gate, max_in_flight=2)) as api:
        futures = [api.upload_events(identified(), ignore) for _ in range(2)]
        third = threading.Thread(target=lambda: futures.append(api.upload_events(identified(), ignore)))
        third.start()
        wait_until(lambda: gate.inside == 2)
        third.join(0.1)
        assert third.is_alive()
        gate.opened.set()
        third.join(10)
    assert len(futures) == 3
    assert gate.most == 2


def test_a_callback_can_upload_more_than_is_in_flight(server: FaultyServer) -> None:
    with EventsApi(configured(server.url, max_in_flight=1)) as api:
        futures: list[Any] = []

        def upload_more(*_: object) -> None:
            futures.extend(api.upload_events(identified(name), ignore) for name in "bc")

        api.upload_events(identified("a"), upload_more)
        assert api.flush() == []
    assert [future.result(0).status_code for future in futures] == [202, 202]
    assert len(server.taken) == 3


def test_a_callback_of_a_future_can_upload(server: FaultyServer) -> None:
    with EventsApi(configured(server.url, max_in_flight=1)) as api:
        future = api.upload_events(identified("a"), ignore)
        future.add_done_callback(lambda _: [api.upload_events(identified(name), ignore) for name in "bcd"])
        wait_until(lambda: len(server.taken) == 4)


def test_later_changes_of_a_batch_are_not_sent(server: FaultyServer) -> None:
    with EventsApi(configured(server.url)) as api:
        batch = Batch("production", events=[AppEvent("other", "a")])
        for name in "bcd":
            api.upload_events(batch, ignore)
            batch.add_event(AppEvent("other", name))
    assert sorted(len(one["events"]) for one in server.taken) == [1, 2, 3]


def test_an_error_of_the_batch_goes_to_the_callback(server: FaultyServer) -> None:
    calls: list[Any] = []
    with EventsApi(configured(server.url)) as api:
        future = api.upload_events({"environment": "moon"}, lambda *call: calls.append(call))
        error = future.exception(10)
    assert calls == [(error, None, None)]
    assert str(error).startswith("batch: environment: is 'moon'")
    assert not server.requests


@pytest.mark.parametrize("fault", [RuntimeError("bug"), SystemExit(3)])
def test_an_unexpected_error_becomes_the_cause_of_ours(fault: BaseException) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise fault

    configuration = Configuration("key", "secret", transport=httpx.MockTransport(fail), max_in_flight=1)
    with EventsApi(configuration) as api:
        for _ in range(2):  # the slot becomes free again
            error = api.upload_events(identified(), ignore).exception(10)
            assert type(error) is MParticleError
            assert str(error) == f"unexpected {type(fault).__name__}: {fault}"
            assert error.__cause__ is fault


start_thread = threading.Thread.start


def no_more_threads(thread: threading.Thread) -> None:
    """As where the interpreter exits; the server of the test goes on."""
    if thread.name.startswith("mparticle"):
        raise RuntimeError("can't start new thread")
    start_thread(thread)


def test_without_another_thread_an_upload_is_sent_once(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    with EventsApi(configured(server.url)) as api:
        gate = threading.Event()
        api.upload_events(identified("a"), lambda *_: gate.wait(10))  # occupies the only thread
        monkeypatch.setattr(threading.Thread, "start", no_more_threads)
        api.upload_events(identified("b"), lambda *call: calls.append(call))
        monkeypatch.undo()
        gate.set()
    assert len(calls) == 1
    assert len(server.taken) == 2


def test_without_threads_a_callback_can_upload_and_flush(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pending: list[int] = []
    api = EventsApi(configured(server.url))

    def callback(*_: Any) -> None:
        api.upload_events(identified("inner"), ignore)
        pending.append(len(api.flush()))

    monkeypatch.setattr(threading.Thread, "start", no_more_threads)
    api.upload_events(identified("outer"), callback)
    monkeypatch.undo()
    api.close()
    assert pending == [1]  # itself
    assert len(server.taken) == 2


def test_ctrl_c_during_submit_frees_the_slot(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with EventsApi(configured(server.url, max_in_flight=1)) as api:
        monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            api.upload_events(identified("a"), ignore)
        monkeypatch.undo()
        assert api.flush() == []
        assert api.upload_events(identified("b"), ignore).result(5).status_code == 202


def held_by(gate: threading.Event) -> Callable[[Exchange], None]:
    """Accept a request when the gate is opened."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        gate.wait(10)
        exchange.take()
        exchange.send(ACCEPTED)

    return play


def test_flush_returns_the_uploads_that_are_not_finished() -> None:
    gate = threading.Event()
    with FaultyServer(held_by(gate)) as server, EventsApi(configured(server.url, timeout=10)) as api:
        assert api.flush() == []
        batch = identified()
        future = api.upload_events(batch, ignore)
        (pending,) = api.flush(0.05)
        assert pending.future is future
        assert pending.batches == [batch]
        (pending,) = api.close(0)
        assert not future.done()
        gate.set()
        assert future.result(10).status_code == 202


def test_flush_waits_until_the_callback_has_returned(server: FaultyServer) -> None:
    returned: list[bool] = []

    def slow(*_: object) -> None:
        threading.Event().wait(0.1)
        returned.append(True)

    with EventsApi(configured(server.url)) as api:
        future = api.upload_events(identified(), slow)
        assert api.flush() == []
        assert returned
        assert future.done()


def test_flush_waits_for_the_uploads_of_callbacks(server: FaultyServer) -> None:
    with EventsApi(configured(server.url)) as api:

        def upload(number: int) -> None:
            if number < 20:
                api.upload_events(identified(str(number)), lambda *_: upload(number + 1))

        upload(0)
        assert api.flush() == []
        assert len(server.taken) == 20


def test_flush_does_not_wait_for_later_uploads() -> None:
    gate, first = threading.Event(), threading.Event()
    with (
        FaultyServer(held_by(first), held_by(gate)) as server,
        EventsApi(configured(server.url, timeout=10)) as api,
    ):
        api.upload_events(identified("a"), ignore)
        wait_until(lambda: len(server.requests) == 1)
        flushed: list[Any] = []
        thread = threading.Thread(target=lambda: flushed.append(api.flush(10)))
        thread.start()
        thread.join(0.1)  # it waits for the first upload
        api.upload_events(identified("b"), ignore)
        first.set()
        thread.join(5)
        assert flushed == [[]]
        assert not gate.is_set()
        gate.set()


def test_flush_in_a_callback_does_not_wait_for_the_callback_itself(server: FaultyServer) -> None:
    pending: list[Any] = []
    with EventsApi(configured(server.url)) as api:
        future = api.upload_events(identified(), lambda *_: pending.extend(api.flush()))
        future.result(5)
    assert [one.future for one in pending] == [future]


def test_closing_in_callbacks_lets_the_other_uploads_finish() -> None:
    gate, errors = Gate(), []
    api = EventsApi(Configuration("key", "secret", transport=gate, max_in_flight=4))

    def callback(error: Exception | None, _data: None, _response: httpx.Response | None) -> None:
        api.close()
        errors.append(error)

    futures = [api.upload_events(identified(), callback) for _ in range(4)]
    gate.opened.set()
    assert {future.result(10).status_code for future in futures} == {202}
    assert errors == [None] * 4
    with pytest.raises(ClosedError):
        api.upload_events(identified())


def test_an_upload_that_waits_for_a_free_slot_is_refused_by_close() -> None:
    gate = threading.Event()
    with FaultyServer(held_by(gate)) as server:
        api = EventsApi(configured(server.url, max_in_flight=1, timeout=10))
        api.upload_events(identified("a"), ignore)
        errors: list[BaseException] = []

        def second() -> None:
            try:
                api.upload_events(identified("b"), ignore)
            except ClosedError as error:
                errors.append(error)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        api.close(0)
        gate.set()
        thread.join(5)
        assert "was closed while the upload waited for a free slot" in str(errors[0])
        assert len(server.requests) == 1


def test_an_unfinished_upload_has_the_ids_that_it_is_sent_with() -> None:
    """So it can be sent again without counting twice."""

    def slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        exchange.wait(1.0)
        exchange.send(ACCEPTED)

    with FaultyServer(slow) as server, EventsApi(configured(server.url, timeout=10)) as api:
        api.upload_events(Batch("production"), lambda *_: None)
        wait_until(lambda: bool(server.taken))
        (pending,) = api.flush(0.01)
        assert server.taken[0]["source_request_id"] == pending.batches[0].source_request_id  # type: ignore[union-attr]
