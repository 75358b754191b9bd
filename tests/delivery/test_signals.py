"""Exceptions from outside, such as a signal handler's or a hook's: they reach the caller unchanged, without a retry."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache, partial
from types import FrameType
from typing import Any, TypeAlias

import httpx
import pytest
import trustme
from clients import configured, identified
from common import wait_until
from faulty_server import Exchange, FaultyServer, status
from socket_server import contexts, dead_address, resolve_to

from mparticle_ext import (
    APIConnectionError,
    AsyncEventsApi,
    Attempt,
    EventsApi,
    MParticleError,
    Outcome,
    Retry,
    UploadResult,
)

LARGE = {"environment": "production", "partner_identity": "x" * 250_000}
SLOW = Retry(initial_backoff=60, max_backoff=60)
pytestmark = pytest.mark.filterwarnings(  # an exception during connect leaves the socket to the garbage collector
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
Upload: TypeAlias = Callable[[EventsApi], object]


@pytest.fixture(autouse=True)
def _collect() -> Iterator[None]:
    """Close what an interrupted upload left to the garbage collector, before the next test."""
    yield
    gc.collect()


class SoftTimeLimitExceeded(Exception):  # noqa: N818  # its name in Celery
    """As Celery's, which its handler of SIGUSR1 raises."""


class LostDatabaseError(ConnectionResetError):
    """An OSError of the user's own."""


ERRORS: list[Callable[[], BaseException]] = [
    lambda: TimeoutError("mine"),
    lambda: LostDatabaseError("mine"),
    lambda: SoftTimeLimitExceeded("mine"),
    lambda: SystemExit(3),
]
ERROR_NAMES = ["TimeoutError", "OSError", "SoftTimeLimitExceeded", "SystemExit"]


def always() -> bool:
    return True


@contextlib.contextmanager
def alarm(handler: Any, seconds: float = 0.2, ready: Callable[[], object] = always) -> Iterator[None]:
    """Call the handler in the main thread after some seconds, or later, when it is `ready`."""

    def call(number: int, frame: FrameType | None) -> None:
        if ready():
            handler(number, frame)
        else:
            signal.setitimer(signal.ITIMER_REAL, 0.05)

    before = signal.signal(signal.SIGALRM, handler if ready is always else call)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def raising(error: BaseException) -> Callable[[int, FrameType | None], None]:
    def handler(_signal: int, _frame: FrameType | None) -> None:
        raise error

    return handler


def silent(exchange: Exchange) -> None:
    exchange.read()
    exchange.wait()


def unread(exchange: Exchange) -> None:
    exchange.wait()


def half_a_response(exchange: Exchange) -> None:
    exchange.read()
    exchange.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf")
    exchange.wait()


def upload(api: EventsApi, body: Any = None) -> object:
    return api.upload_events(body or identified())


PHASES: dict[str, tuple[Any, Upload]] = {
    "send": (unread, lambda api: api.bulk_upload_events([LARGE])),
    "wait for the response": (silent, upload),
    "body of the response": (half_a_response, upload),
    "wait for the next attempt": (status(503, retry_after="20"), upload),
}


def check(
    error: BaseException, work: Callable[[], object], handler: Any = None, ready: Callable[[], object] = always
) -> None:
    """The exception is raised while the work waits, and reaches the caller at once, as it is."""
    started = time.monotonic()
    cause = error.__cause__
    with pytest.raises(type(error)) as raised, alarm(handler or raising(error), ready=ready):
        work()
    assert raised.value is error
    assert error.__cause__ is cause
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
@pytest.mark.parametrize("phase", PHASES)
def test_an_exception_of_a_signal_handler(phase: str, make: Callable[[], BaseException]) -> None:
    play, work = PHASES[phase]
    with FaultyServer(play) as server:
        with EventsApi(configured(server.url, timeout=20)) as api:
            check(make(), lambda: work(api), ready=lambda: server.connections if phase == "send" else server.requests)
        assert len(server.requests) == (0 if phase == "send" else 1)
        assert server.connections == 1


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
@pytest.mark.parametrize("addresses", [1, 2])
def test_during_connect(addresses: int, make: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    with dead_address() as (host, port):
        resolve_to(monkeypatch, port, *[host] * addresses)
        settings = configured(f"http://mparticle.invalid:{port}/v2", allow_http=True, timeout=20, retry=SLOW)
        with EventsApi(settings) as api:
            check(make(), lambda: upload(api))


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
def test_during_the_tls_handshake(make: Callable[[], BaseException]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v2"
        with EventsApi(configured(url, ssl_context=ssl.create_default_context(), timeout=20)) as api:
            check(make(), lambda: upload(api))


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
def test_while_reading_over_tls(make: Callable[[], BaseException], authority: trustme.CA) -> None:
    server_tls, trusted = contexts(authority)
    with (
        FaultyServer(silent, tls=server_tls) as server,
        EventsApi(configured(server.url, ssl_context=trusted, timeout=20)) as api,
    ):
        check(make(), lambda: upload(api), ready=lambda: server.requests)


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
def test_while_a_429_holds_the_upload_back(make: Callable[[], BaseException]) -> None:
    with (
        FaultyServer(status(429, retry_after="10")) as server,
        EventsApi(configured(server.url)) as api,
    ):
        api.upload_events(identified("a"), lambda *_: None)
        wait_until(lambda: api._engine.pace.held_seconds() > 0)  # noqa: SLF001  # nothing public says so
        check(make(), lambda: upload(api))
        api.close(0)
        assert len(server.requests) == 1


class Handlers:
    """Signal handlers of several forms that raise a TimeoutError."""

    def __init__(self) -> None:
        self.error = TimeoutError("mine")
        self.error.__cause__ = OSError("the user's cause")

    def method(self, _signal: int, _frame: FrameType | None) -> None:
        raise self.error

    def indirect(self, _signal: int, _frame: FrameType | None) -> None:
        self.method(_signal, _frame)

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        raise self.error

    def partial(self, _extra: str, _signal: int, _frame: FrameType | None) -> None:
        raise self.error

    def restoring(self, _signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        raise self.error

    def any_arguments(self, *_: object) -> None:
        raise self.error

    def without_its_frame(self, _signal: int, _frame: FrameType | None) -> None:
        del _signal, _frame
        raise self.error

    def with_a_connection(self, _signal: int, _frame: FrameType | None) -> None:
        try:
            socket.create_connection(("127.0.0.1", 0), timeout=1)
        except OSError:
            raise self.error from self.error.__cause__


@pytest.mark.parametrize(
    "form",
    [
        "method",
        "indirect",
        "callable",
        "partial",
        "restoring",
        "any_arguments",
        "without_its_frame",
        "cached",
        "with_a_connection",
    ],
)
def test_a_handler_of_any_form(form: str) -> None:
    handlers = Handlers()
    forms = {
        "callable": handlers,
        "partial": partial(handlers.partial, "extra"),
        "cached": lru_cache(handlers.restoring),
    }
    with FaultyServer(silent) as server:
        with EventsApi(configured(server.url, timeout=20)) as api:
            handler = forms.get(form) or getattr(handlers, form)
            check(handlers.error, lambda: upload(api), handler)  # installed as it is
        assert len(server.requests) <= 1


def test_an_error_of_a_socket_that_is_traced_is_retried(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.create_connection

    def traced(*arguments: Any, **others: Any) -> socket.socket:
        frame, caller = sys._getframe(0), sys._getframe(1)  # noqa: SLF001
        assert frame is not caller
        return connect(*arguments, **others)

    monkeypatch.setattr(socket, "create_connection", traced)
    url = f"http://127.0.0.1:{closed_port}/v2"
    with EventsApi(configured(url, retry=Retry(max_attempts=2))) as api, pytest.raises(APIConnectionError) as raised:
        upload(api)
    assert raised.value.attempts == 2


def test_a_real_timeout_while_a_handler_is_installed_stays_an_error_of_ours() -> None:
    with (
        FaultyServer(silent) as server,
        EventsApi(configured(server.url, timeout=0.2, retry=None)) as api,
        alarm(raising(TimeoutError("mine")), 10),
        pytest.raises(APIConnectionError),
    ):
        upload(api)


def test_the_api_can_be_used_after_an_exception() -> None:
    with FaultyServer(silent) as server:
        with EventsApi(configured(server.url, timeout=20)) as api:
            check(TimeoutError("mine"), lambda: upload(api), ready=lambda: server.requests)
            assert api.upload_events(identified("next")).status_code == 202
        assert [one["source_request_id"] for one in server.taken] == ["next"]


def test_an_upload_in_an_except_block_leaves_the_users_exception_as_it_is(closed_port: int) -> None:
    def fail(reason: str) -> None:
        raise ssl.SSLCertVerificationError(reason)

    settings = configured(f"http://127.0.0.1:{closed_port}/v2")
    with EventsApi(settings) as api:
        try:
            fail("mine")
        except ssl.SSLCertVerificationError as users:
            with pytest.raises(APIConnectionError) as raised:
                upload(api)
            assert raised.value.outcome is Outcome.NOT_TAKEN  # the user's certificate is not ours
            assert raised.value.attempts > 1
            traceback = users.__traceback__
            assert traceback is not None
            assert traceback.tb_next is not None
            assert traceback.tb_next.tb_frame.f_locals == {"reason": "mine"}


# Hooks


def hook_raising(error: BaseException, at: int = 1) -> Callable[[Attempt], None]:
    """A hook that raises at an attempt."""
    calls: list[Attempt] = []

    def hook(attempt: Attempt) -> None:
        calls.append(attempt)
        if len(calls) == at:
            raise error

    return hook


HOOK_ERRORS: list[Callable[[], BaseException]] = [
    lambda: ValueError("mine"),
    lambda: SystemExit(3),
    lambda: TimeoutError("mine"),
    lambda: httpx.ReadTimeout("mine"),
]
HOOK_NAMES = ["ValueError", "SystemExit", "TimeoutError", "httpx.ReadTimeout"]


@pytest.mark.parametrize("make", HOOK_ERRORS, ids=HOOK_NAMES)
@pytest.mark.parametrize("code", [202, 503])
def test_an_exception_of_on_attempt_reaches_the_caller(code: int, make: Callable[[], BaseException]) -> None:
    error = make()
    with FaultyServer(status(code)) as server:
        with EventsApi(configured(server.url, on_attempt=hook_raising(error))) as api:
            with pytest.raises(type(error)) as raised:
                upload(api)
            assert raised.value is error
        assert len(server.requests) == 1


@pytest.mark.parametrize("make", HOOK_ERRORS, ids=HOOK_NAMES)
def test_an_exception_of_on_attempt_reaches_the_callback_as_the_cause(make: Callable[[], BaseException]) -> None:
    error, calls = make(), []
    with FaultyServer(status(503)) as server:
        with EventsApi(configured(server.url, on_attempt=hook_raising(error))) as api:
            future = api.upload_events(identified(), lambda *call: calls.append(call))
            ours = future.exception(10)
        assert type(ours) is MParticleError
        assert ours.__cause__ is error
        assert calls == [(ours, None, None)]
        assert len(server.requests) == 1


@pytest.mark.parametrize("make", HOOK_ERRORS, ids=HOOK_NAMES)
def test_an_exception_of_on_attempt_reaches_the_caller_in_asyncio(make: Callable[[], BaseException]) -> None:
    error = make()

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url, on_attempt=hook_raising(error))) as api:
            await api.upload_events(identified())

    with FaultyServer(status(503)) as server:
        with pytest.raises(type(error)) as raised:
            asyncio.run(main(server))
        assert raised.value is error
        assert len(server.requests) == 1


BATCHES = [{"environment": "production", "source_request_id": str(number)} for number in range(250)]


def require_account(error: BaseException, server: FaultyServer) -> UploadResult:
    """Each batch that was read has one result, and none that was accepted counts as not accepted."""
    result = UploadResult.of(error)
    assert result is not None
    accepted = {one["source_request_id"] for one in server.taken}
    indices = [one.index for one in result.failed]
    assert len(set(indices)) == len(indices)
    for one in result.failed:
        is_unknown = getattr(one.error, "outcome", None) is Outcome.UNKNOWN
        assert is_unknown or str(one.index) not in accepted, one.error
    assert result.delivered <= len(accepted)
    return result


@pytest.mark.parametrize("make", HOOK_ERRORS, ids=HOOK_NAMES)
def test_an_exception_of_on_attempt_ends_upload_all_with_the_account(make: Callable[[], BaseException]) -> None:
    error = make()
    with FaultyServer() as server:
        settings = configured(server.url, on_attempt=hook_raising(error, at=2), max_in_flight=1)
        with EventsApi(settings) as api, pytest.raises(type(error)) as raised:
            api.upload_all(BATCHES)
        assert raised.value is error
        result = require_account(error, server)
        assert result.delivered == 200  # the second request was accepted before its hook raised
        assert len(server.requests) == 2


@pytest.mark.parametrize("make", HOOK_ERRORS, ids=HOOK_NAMES)
def test_an_exception_of_on_attempt_ends_upload_all_in_asyncio(make: Callable[[], BaseException]) -> None:
    error = make()

    async def main(server: FaultyServer) -> None:
        settings = configured(server.url, on_attempt=hook_raising(error, at=2), max_in_flight=1)
        async with AsyncEventsApi(settings) as api:
            await api.upload_all(BATCHES)

    with FaultyServer() as server:
        with pytest.raises(type(error)) as raised:
            asyncio.run(main(server))
        assert raised.value is error
        assert require_account(error, server).delivered == 200


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
def test_an_exception_of_a_signal_handler_ends_upload_all(make: Callable[[], BaseException]) -> None:
    error, answered = make(), threading.Event()

    def answer_later(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        answered.wait(5)
        exchange.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def handler(_signal: int, _frame: FrameType | None) -> None:
        threading.Timer(0.3, answered.set).start()
        raise error

    with FaultyServer(otherwise=answer_later) as server, EventsApi(configured(server.url, timeout=20)) as api:
        check(error, lambda: api.upload_all(BATCHES), handler, ready=lambda: server.taken)
        result = require_account(error, server)
        assert result.delivered == len(server.taken) > 0  # it waited for the responses in flight


@pytest.mark.parametrize("make", ERRORS, ids=ERROR_NAMES)
def test_the_exception_of_a_second_signal_reaches_the_caller_at_once(make: Callable[[], BaseException]) -> None:
    first, second = make(), make()
    errors = iter([first, second])

    def handler(_signal: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        raise next(errors)

    with FaultyServer(otherwise=silent) as server, EventsApi(configured(server.url, timeout=3, retry=None)) as api:
        started = time.monotonic()
        with pytest.raises(type(second)) as raised, alarm(handler, ready=lambda: server.requests):
            api.upload_all(BATCHES)
        assert raised.value is second
        assert time.monotonic() - started < 2
        result = require_account(second, server)
        assert result.delivered == 0
        assert {one.error.outcome for one in result.failed} <= {Outcome.UNKNOWN, Outcome.NOT_TAKEN}  # type: ignore[union-attr]


class RaisingTransport(httpx.AsyncBaseTransport):
    """A transport of a user's own, in which an exception is raised that is not httpx's."""

    def __init__(self, fail: Callable[[], object]) -> None:
        self.requests = 0
        self._fail = fail

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        self._fail()
        return httpx.Response(202)


@pytest.mark.parametrize("by_signal", [True, False])
def test_a_timeout_error_that_is_not_of_the_deadline_reaches_the_caller_in_asyncio(by_signal: bool) -> None:
    error = TimeoutError("mine")
    transport = RaisingTransport(lambda: signal.raise_signal(signal.SIGALRM) if by_signal else raising(error)(0, None))

    async def main() -> None:
        async with AsyncEventsApi(configured("http://127.0.0.1:9/v2", transport=transport)) as api:
            await api.upload_events(identified())

    with alarm(raising(error), 60), pytest.raises(TimeoutError) as raised:
        asyncio.run(main())
    assert raised.value is error
    assert transport.requests == 1


class OwnTransport(httpx.BaseTransport):
    """A transport of a user's own, whose own code finds no connection, or httpx's."""

    def __init__(self, *, own_sockets: bool) -> None:
        self.requests = 0
        self._own_sockets = own_sockets
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        try:
            return self._connect() if self._own_sockets else self._inner.handle_request(request)
        except OSError as error:
            raise httpx.ConnectError("no connection") from error

    def _connect(self) -> httpx.Response:
        raise ConnectionRefusedError


@pytest.mark.parametrize("own_sockets", [True, False])
def test_an_error_of_a_users_own_transport_is_retried(own_sockets: bool, closed_port: int) -> None:
    transport = OwnTransport(own_sockets=own_sockets)
    settings = configured(f"http://127.0.0.1:{closed_port}/v2", transport=transport)
    with (
        EventsApi(settings) as api,
        alarm(raising(TimeoutError("mine")), 60),
        pytest.raises(APIConnectionError) as raised,
    ):
        upload(api)
    assert raised.value.attempts == transport.requests > 1


class Named(Enum):
    """An enum of the user's own."""

    ONE = 1


def test_an_error_of_an_enum_is_not_taken_for_one_of_a_signal_handler() -> None:
    def fail() -> None:
        try:
            Named(5)
        except ValueError as error:
            raise httpx.RemoteProtocolError("bad") from error

    settings = configured("http://127.0.0.1:9/v2", transport=RaisingTransport(fail), retry=None)

    async def main() -> None:
        async with AsyncEventsApi(settings) as api:
            await api.upload_events(identified())

    with pytest.raises(APIConnectionError):
        asyncio.run(main())
