"""No secret leaks: the credentials are searched for in everything that an upload shows or leaves behind."""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import inspect
import io
import logging
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from traceback import walk_tb
from types import FrameType
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from common import ROOT, wait_until
from faulty_server import Exchange, FaultyServer, Play, answer, status
from mparticle_events.client import Client
from socket_server import contexts, request_from, serving

from mparticle_ext import (
    APIStatusError,
    AsyncEventsApi,
    Attempt,
    Configuration,
    ConfigurationError,
    EventsApi,
    RateLimitError,
    Retry,
    UploadResult,
)
from mparticle_ext.errors import chain

KEY, SECRET, PERSON, PROXY_PASSWORD = "the-api-key", "the+api/secret", "jane@example.com", "the-proxy-password"
SECRETS = [
    KEY,
    SECRET,
    base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    base64.b64encode(SECRET.encode()).decode()[:-2],
    PROXY_PASSWORD,
    base64.b64encode(f"user:{PROXY_PASSWORD}".encode()).decode(),
]
BATCH = {"environment": "production", "user_identities": {"email": PERSON}}
LARGE = {"environment": "production", "partner_identity": "x" * 250_000}


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as in test_signals


@pytest.fixture(autouse=True)
def _collect() -> Iterator[None]:
    """Close what an interrupted upload left to the garbage collector, before the next test."""
    yield
    gc.collect()


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def everything_in(value: Any) -> str:
    """A value's text forms, its pickle, and the request that is attached to it."""
    parts = [repr(value), str(value), repr(getattr(value, "__dict__", ""))]
    parts.append(pickle.dumps(value).decode("latin-1"))
    request = getattr(value, "_request", None)
    if request is not None:
        parts += [repr(list(request.headers.raw)), repr(request.extensions)]
    return "".join(parts)


def package_frames(error: BaseException) -> Iterator[FrameType]:
    """Each frame of the package and its libraries, in the tracebacks of an exception's chain."""
    for one in chain(error):
        for frame, _ in walk_tb(one.__traceback__):
            if not frame.f_code.co_filename.startswith(__file__):
                yield frame


def frames_of(error: BaseException) -> Iterator[str]:
    """The local variables of these frames."""
    for frame in package_frames(error):
        for name, value in frame.f_locals.items():
            with suppress(AttributeError):  # an object whose __init__ was interrupted has no repr
                yield f"{frame.f_code.co_qualname}: {name} = {value!r}"


def require_clean(error: BaseException) -> None:
    """No secret in the text, the traceback and the frames of an exception, its causes and contexts."""
    shown = "".join(traceback.format_exception(error))
    for text in (str(error), repr(error), shown, *frames_of(error)):
        assert not leaks(text), text


def configured(url: str, **others: Any) -> Configuration:
    settings = {"retry": Retry(max_attempts=2, initial_backoff=0.001), "timeout": 0.6, **others}
    return Configuration(KEY, SECRET, base_url=url, **settings)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger writes at DEBUG, httpx's and httpcore's too."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    names = ("", "mparticle_ext", "httpx", "httpcore", "asyncio", "hpack")
    before = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield written
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def silent(exchange: Exchange) -> None:
    exchange.read()
    exchange.wait(1)


def quote_the_request(exchange: Exchange) -> None:
    """A response that quotes personal data of the request."""
    exchange.read()
    body = b'{"errors": [{"code": "BAD_REQUEST", "message": "' + PERSON.encode() + b' is not valid"}]}'
    exchange.send(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


PATHS: dict[str, tuple[Play, ...]] = {
    "accepted": (),
    "accepted at the second attempt": (status(503),),
    "400": (status(400, b'{"errors": []}'),),
    "400 that quotes the request": (quote_the_request,),
    "403": (status(403),),
    "429": (status(429, retry_after="999"),),
    "302": (status(302, location="http://127.0.0.1:1/"),),
    "not HTTP": (answer(b"garbage\r\n\r\n", closes=True),) * 2,
    "no response": (silent, silent),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("path", PATHS)
def test_whatever_the_response(path: str, client: Callable[..., Result], logged: io.StringIO) -> None:
    attempts: list[Attempt] = []
    with FaultyServer(*PATHS[path]) as server:
        settings = configured(server.url, on_attempt=attempts.append)
        result = client(settings, "upload_events", BATCH)
        sent = server.requests[0]
    assert b"authorization: basic " in sent.lower()  # so there is something that can leak
    assert "upload_events of 1 batch(es)" in logged.getvalue()
    assert not leaks(logged.getvalue())
    assert PERSON not in logged.getvalue()
    assert attempts
    assert not leaks(repr(attempts))
    assert not leaks(everything_in(result))
    if isinstance(result, httpx.Response):
        return
    assert any("finish_attempt" in text for text in frames_of(result))
    require_clean(result)
    for error in [result, *getattr(result, "earlier", ())]:
        assert not leaks(everything_in(error))
        assert error.__cause__ is None or not leaks(everything_in(error.__cause__))
    if isinstance(result, APIStatusError):
        assert not leaks(everything_in(result.response))


@pytest.mark.parametrize("client", CLIENTS)
def test_no_connection(client: Callable[..., Result], closed_port: int, logged: io.StringIO) -> None:
    result = client(configured(f"http://127.0.0.1:{closed_port}/v2"), "upload_events", BATCH)
    assert isinstance(result, Exception)
    require_clean(result)
    assert not leaks(logged.getvalue())


@pytest.mark.parametrize("client", CLIENTS)
def test_a_certificate_that_is_not_trusted(client: Callable[..., Result], logged: io.StringIO) -> None:
    server_tls, _ = contexts(trustme.CA())
    with FaultyServer(tls=server_tls) as server:
        result = client(configured(server.url), "upload_events", BATCH)
    assert isinstance(result, Exception)
    assert "CERTIFICATE_VERIFY_FAILED" in str(result)
    require_clean(result)
    assert not leaks(logged.getvalue())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("url", ["https://s2s.mparticle.com/v2", "http://mparticle.invalid/v2"])
def test_a_proxy_that_refuses(url: str, client: Callable[..., Result], logged: io.StringIO) -> None:
    received: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        received.append(request_from(connection))
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with serving(proxy) as port:
        address = f"http://user:{PROXY_PASSWORD}@127.0.0.1:{port}"
        settings = configured(url, proxy=address, allow_http=True)
        result = client(settings, "upload_events", BATCH)
    assert b"proxy-authorization: basic " in received[0].lower()
    assert isinstance(result, Exception)
    require_clean(result)
    assert not leaks(repr(settings) + logged.getvalue())


class MineError(Exception):
    """The exception of a signal handler."""


def unread(exchange: Exchange) -> None:
    exchange.wait()


def handle(_signal: int, _frame: object) -> None:
    raise MineError


def with_alarm(work: Callable[[], object], seconds: float) -> BaseException | None:
    """The exception of a signal handler that interrupted the work; None if it was done before."""
    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        work()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except MineError as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return None


@pytest.mark.parametrize(("play", "body"), [(silent, BATCH), (unread, LARGE)], ids=["read", "write"])
@pytest.mark.parametrize("encrypted", [False, True])
def test_an_exception_of_a_signal_handler(encrypted: bool, play: Play, body: Any, authority: trustme.CA) -> None:
    server_tls, trusted = contexts(authority)
    with FaultyServer(play, tls=server_tls if encrypted else None) as server:
        settings = configured(server.url, timeout=10, ssl_context=trusted)
        with EventsApi(settings) as api:
            error = with_alarm(lambda: api.upload_events(body), 0.2)
    assert error is not None
    assert any("_prepared" in text or "request" in text for text in frames_of(error))
    require_clean(error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a moment can be that of a finalizer
def test_an_exception_of_a_signal_handler_at_any_moment() -> None:
    """Nothing leaks, and no lock of the connection pool stays locked.

    It runs in a process that coverage does not measure, because coverage has a lock that would stay locked.
    """
    folders = [str(ROOT / "tests" / "delivery"), str(ROOT / "tests" / "support")]
    command = [sys.executable, "-c", "import test_secrets; test_secrets.interrupt_at_any_moment()"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def interrupt_at_any_moment() -> None:
    interrupted = 0
    with FaultyServer() as server, EventsApi(configured(server.url, timeout=10)) as api:
        api.upload_events(BATCH)
        for number in range(200):
            error = with_alarm(lambda: api.upload_events(BATCH), 0.00002 + number * 0.00001)
            if error is not None:
                interrupted += 1
                require_clean(error)
        api.upload_events(BATCH)
    assert interrupted > 20


@pytest.mark.parametrize(("play", "body"), [(silent, BATCH), (unread, LARGE)], ids=["read", "write"])
@pytest.mark.parametrize("ending", ["cancelled", "timeout"])
def test_an_upload_that_is_cancelled(ending: str, play: Play, body: Any) -> None:
    async def main(server: FaultyServer) -> BaseException:
        async with AsyncEventsApi(configured(server.url, timeout=10)) as api:
            task = asyncio.create_task(api.upload_events(body))
            await asyncio.to_thread(wait_until, lambda: server.connections == 1)
            await asyncio.sleep(0.1)
            if ending == "cancelled":
                task.cancel()
            try:
                async with asyncio.timeout(0.1):
                    await task
            except (asyncio.CancelledError, TimeoutError) as error:
                return error
        raise AssertionError("it was cancelled")

    with FaultyServer(play) as server:
        error = asyncio.run(main(server))
    assert any("arequest" in text for text in frames_of(error))
    require_clean(error)


@pytest.mark.parametrize("client", CLIENTS[::2])
def test_an_error_of_a_users_transport(client: Callable[..., Any]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        headers = dict(request.headers)  # in the frame of the user
        raise LookupError(len(headers))

    with pytest.raises(LookupError) as raised:
        client(replace(configured("http://localhost/v2"), transport=httpx.MockTransport(fail)), "upload_events", BATCH)
    require_clean(raised.value)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_error_of_upload_all(asynchronous: bool) -> None:
    async def main(api: AsyncEventsApi) -> object:
        async with api:
            return await api.upload_all([BATCH] * 300)

    with FaultyServer(otherwise=status(403)) as server:
        settings = configured(server.url)
        blocking = EventsApi(settings)
        with blocking, pytest.raises(APIStatusError) as raised:
            asyncio.run(main(AsyncEventsApi(settings))) if asynchronous else blocking.upload_all([BATCH] * 300)
    require_clean(raised.value)
    result = UploadResult.of(raised.value)
    assert result is not None
    for one in result.failed:
        assert one.error is not None
        require_clean(one.error)


def test_no_signature_shows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPARTICLE_API_SECRET", SECRET)
    for function in (Configuration, Configuration.from_env, EventsApi.upload_all):
        assert not leaks(str(inspect.signature(function)))


def test_a_configuration_and_a_client_hide_them_and_cannot_be_pickled() -> None:
    configuration = Configuration(KEY, SECRET, proxy=f"http://user:{PROXY_PASSWORD}@proxy:3128")
    assert not leaks(repr(configuration) + str(configuration))
    assert copy.deepcopy(configuration) is copy.copy(configuration) is configuration
    client = Client(KEY, SECRET)
    assert not leaks(repr(client))
    for value in (configuration, client, EventsApi(configuration), AsyncEventsApi(configuration)):
        assert not leaks(repr(value) + repr(vars(value) if hasattr(value, "__dict__") else ""))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(value, protocol)
    with pytest.raises(
        TypeError, match="a Configuration holds a secret and cannot be pickled: create it in the other process"
    ):
        pickle.dumps(configuration)
    with pytest.raises(TypeError, match="a Client holds a secret and cannot be pickled"):
        pickle.dumps(client)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Configuration(KEY + "\n", SECRET),
        lambda: Configuration(KEY, SECRET + "\r"),
        lambda: Configuration(KEY + ":x", SECRET),
        lambda: Configuration(KEY, SECRET, proxy=f"proxy:{PROXY_PASSWORD}"),
        lambda: Configuration(KEY, SECRET, base_url=f"https://{KEY}:{SECRET}@example.com"),
        lambda: Configuration.from_env({"MPARTICLE_API_KEY": KEY, "MPARTICLE_API_SECRET": SECRET + "\0"}),
        lambda: Configuration(KEY, SECRET, pod="moon"),  # type: ignore[arg-type]
        lambda: Configuration(KEY, SECRET, SECRET),  # type: ignore[call-arg, arg-type]
        lambda: Configuration(KEY, SECRET, pdo="eu1"),  # type: ignore[call-arg]
        lambda: Configuration.from_env({"MPARTICLE_API_SECRET": SECRET}),
        lambda: Configuration(KEY, SECRET).replace(pod="moon"),
        lambda: Configuration(KEY, SECRET).replace(api_secret=SECRET + "\n"),
        lambda: Configuration(KEY, SECRET).replace(pdo="eu1"),
    ],
)
def test_a_refused_configuration_does_not_quote_them(make: Callable[[], Any]) -> None:
    with pytest.raises((ConfigurationError, TypeError)) as raised:
        make()
    require_clean(raised.value)


def test_a_refused_replacement_does_not_quote_them() -> None:
    with pytest.raises(ConfigurationError) as raised:
        replace(Configuration(KEY, SECRET), timeout=-1)
    assert not leaks("".join(traceback.format_exception(raised.value)))


@pytest.mark.parametrize("kind", [EventsApi, AsyncEventsApi])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded: No such file or directory"),
        ({"proxy": f"https://user:{PROXY_PASSWORD}@proxy:3128"}, "the certificates of SSL_CERT_FILE or SSL_CERT_DIR"),
        ({"base_url": "https://xn--a"}, "base_url is not a valid address"),
    ],
)
def test_a_client_that_cannot_be_made_leaves_no_secret_in_a_frame(
    kind: Callable[..., Any], settings: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    configuration = Configuration(KEY, SECRET, **settings)
    with pytest.raises(ConfigurationError, match=re.escape(message)) as raised:
        kind(configuration)
    require_clean(raised.value)
    assert configuration not in [value for frame in package_frames(raised.value) for value in frame.f_locals.values()]


def test_upload_all_logs_counts_without_personal_data(logged: io.StringIO) -> None:
    with FaultyServer(*[status(503)] * 100) as server, EventsApi(configured(server.url)) as api:
        with pytest.raises(APIStatusError) as raised:
            api.upload_all([BATCH] * 1000)
        shown = "".join(traceback.format_exception(raised.value)) + repr(UploadResult.of(raised.value))
        assert not leaks(shown + logged.getvalue())
        assert PERSON not in shown + logged.getvalue()
        assert PERSON not in repr(UploadResult.of(raised.value).failed[0])  # type: ignore[union-attr]


def test_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mparticle_ext")
    with (
        FaultyServer(status(503), status(429, retry_after="999")) as server,
        EventsApi(configured(server.url)) as api,
        pytest.raises(RateLimitError),
    ):
        api.bulk_upload_events([BATCH, BATCH])
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "mparticle_ext"]
    ids = {message.split()[1] for _, message in lines}
    assert len(ids) == 1
    assert [level for level, _ in lines] == ["DEBUG", "WARNING", "DEBUG", "ERROR"]
    first, retried, second, lost = (message.partition(": ")[2] for _, message in lines)
    assert first.startswith("attempt 1, bulk_upload_events of 2 batch(es), 271 bytes: ServerError, HTTP 503 in ")
    assert retried.startswith("ServerError, HTTP 503, next attempt in ")
    assert second.startswith("attempt 2, bulk_upload_events of 2 batch(es), 271 bytes: RateLimitError, HTTP 429 in ")
    assert lost.startswith("2 batch(es) not delivered, outcome unknown, after 2 attempt(s) in ")
