"""Nothing leaks: the key, the secret, and what stands for them, looked for in all that can be read of an upload."""

from __future__ import annotations

import asyncio
import base64
import copy
import inspect
import io
import logging
import pickle
import ssl
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from faulty_server import Exchange, FaultyServer, Play, answer, status
from mparticle_events.client import Client

from mparticle_ext import (
    APIStatusError,
    AsyncEventsApi,
    Attempt,
    Batch,
    Configuration,
    ConfigurationError,
    EventsApi,
    RateLimitError,
    Retry,
    UploadResult,
)

KEY, SECRET, PERSON, PROXY_PASSWORD = "the-api-key", "the+api/secret", "jane@example.com", "the-proxy-password"
SECRETS = [
    KEY,
    SECRET,
    base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    base64.b64encode(SECRET.encode()).decode()[:-2],
    PROXY_PASSWORD,
]
BATCH = {"environment": "production", "user_identities": {"email": PERSON}}


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def configured(server: FaultyServer, **others: Any) -> Configuration:
    settings = {"retry": Retry(max_attempts=2, initial_backoff=0.001), "timeout": 0.6, **others}
    return Configuration(KEY, SECRET, base_url=server.url, **settings)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger says, httpx's and httpcore's too, at DEBUG."""
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


def echoes_the_request(exchange: Exchange) -> None:
    """A service that quotes what it got, personal data and all."""
    exchange.read()
    body = b'{"errors": [{"code": "BAD_REQUEST", "message": "' + PERSON.encode() + b' is no good"}]}'
    exchange.send(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


PATHS: list[tuple[Play, ...]] = [
    (),
    (status(503),),
    (status(400, b'{"errors": []}'),),
    (echoes_the_request,),
    (status(403),),
    (status(429, retry_after="999"),),
    (status(302, location="http://127.0.0.1:1/"),),
    (answer(b"garbage\r\n\r\n", closes=True),) * 2,
    (silent, silent),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("plays", PATHS, ids=range(len(PATHS)))
def test_on_no_path(plays: tuple[Play, ...], client: Callable[..., Result], logged: io.StringIO) -> None:
    attempts: list[Attempt] = []
    with FaultyServer(*plays) as server:
        came = client(
            configured(server, on_attempt=attempts.append), "upload_events", {**BATCH, "source_request_id": "1"}
        )
        sent = server.requests[0]
    assert b"authorization: basic " in sent.lower()  # it was there to leak
    assert "upload_events of 1 batch(es)" in logged.getvalue()
    assert not leaks(logged.getvalue())
    assert PERSON not in logged.getvalue()
    assert attempts
    assert not leaks(repr(attempts))
    if isinstance(came, httpx.Response):
        assert not leaks(everything_in(came))
        return
    shown = "".join(traceback.TracebackException.from_exception(came, capture_locals=True).format())
    assert "_attempt" in shown
    for text in (str(came), repr(came), shown, everything_in(came)):
        assert not leaks(text)
    for error in [came, *getattr(came, "earlier", ())]:
        assert not leaks(everything_in(error))
        assert error.__cause__ is None or not leaks(everything_in(error.__cause__))
    if isinstance(came, APIStatusError):
        assert not leaks(everything_in(came.response))


def everything_in(value: Any) -> str:
    """A value's pickle, its repr, and what hangs on it, as an error reporter would walk it."""
    parts = [repr(value), str(value), repr(getattr(value, "__dict__", ""))]
    parts.append(pickle.dumps(value).decode("latin-1"))
    request = getattr(value, "_request", None)
    if request is not None:
        parts += [repr(list(request.headers.raw)), repr(request.extensions)]
    return "".join(parts)


@pytest.mark.parametrize("client", CLIENTS)
def test_nor_over_tls_and_through_a_proxy(client: Callable[..., Result], logged: io.StringIO) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with FaultyServer(tls=context) as server:
        came = client(configured(server), "upload_events", BATCH)  # a certificate that is not trusted
        assert "CERTIFICATE_VERIFY_FAILED" in str(came)
        assert not leaks(str(came) + logged.getvalue())
    with FaultyServer(status(407), status(407)) as proxy:
        through = proxy.url.removesuffix("/v2").replace("://", f"://user:{PROXY_PASSWORD}@")
        configuration = Configuration(KEY, SECRET, proxy=through, retry=None)
        came = client(configuration, "upload_events", BATCH)
        assert isinstance(came, Exception)
        shown = "".join(traceback.TracebackException.from_exception(came, capture_locals=True).format())
        assert not leaks(str(came) + shown + logged.getvalue() + repr(configuration))


def test_no_signature_shows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPARTICLE_API_SECRET", SECRET)
    for function in (Configuration, Configuration.from_env, EventsApi.upload_all):
        assert not leaks(str(inspect.signature(function)))


def test_a_configuration_is_shown_without_them_and_goes_into_no_pickle() -> None:
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
    with pytest.raises(TypeError, match="a Configuration holds a secret, which goes into no pickle"):
        pickle.dumps(configuration)
    with pytest.raises(TypeError, match="a Client holds a secret, which goes into no pickle"):
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
        lambda: replace(Configuration(KEY, SECRET), timeout=-1),
    ],
)
def test_a_refused_configuration_does_not_quote_them(make: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make()
    assert not leaks("".join(traceback.format_exception(raised.value)))


def test_upload_all_tells_counts_not_people(logged: io.StringIO) -> None:
    with FaultyServer(*[status(503)] * 400) as server, EventsApi(configured(server)) as api:
        with pytest.raises(APIStatusError) as raised:
            api.upload_all([BATCH] * 5000)
        shown = "".join(traceback.format_exception(raised.value)) + repr(UploadResult.of(raised.value))
        assert not leaks(shown + logged.getvalue())
        assert PERSON not in shown + logged.getvalue()
        assert PERSON not in repr(UploadResult.of(raised.value).failed[0])  # type: ignore[union-attr]


def test_a_callback_that_raises_is_named_not_shown(logged: io.StringIO) -> None:
    from functools import partial

    def callback(batch: Any, *_: Any) -> None:
        raise RuntimeError("mine")

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:
            await api.upload_events(BATCH, partial(callback, BATCH))

    with FaultyServer() as server:
        with EventsApi(configured(server)) as api:
            api.upload_events(BATCH, partial(callback, BATCH))
        asyncio.run(main(server))
    assert logged.getvalue().count("RuntimeError: mine") == 2
    assert PERSON not in logged.getvalue()


def test_the_lines_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "mparticle_ext")
    with (
        FaultyServer(status(503), status(429, retry_after="999")) as server,
        EventsApi(configured(server)) as api,
        pytest.raises(RateLimitError),
    ):
        api.bulk_upload_events([BATCH, BATCH])
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "mparticle_ext"]
    ids = {message.split()[1] for _, message in lines}
    assert len(ids) == 1
    assert [level for level, _ in lines] == ["DEBUG", "INFO", "DEBUG", "ERROR"]
    first, retried, second, lost = (message.partition(": ")[2] for _, message in lines)
    assert first.startswith("attempt 1, bulk_upload_events of 2 batch(es), 153 bytes: ServerError, HTTP 503 in ")
    assert retried.startswith("ServerError, HTTP 503, tried again in ")
    assert second.startswith("attempt 2, bulk_upload_events of 2 batch(es), 153 bytes: RateLimitError, HTTP 429 in ")
    assert lost.startswith("2 batch(es) not delivered, outcome not taken, after 2 attempt(s) in ")


def test_the_hook_is_told_of_each_attempt_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    attempts: list[Attempt] = []

    def hook(attempt: Attempt) -> None:
        attempts.append(attempt)
        raise RuntimeError("mine")

    with FaultyServer(status(503)) as server, EventsApi(configured(server, on_attempt=hook)) as api:
        api.upload_events(Batch("production"))
    first, second = attempts
    assert first.upload_id == second.upload_id
    assert (first.number, first.status_code, first.outcome.value) == (1, 503, "not taken")
    assert (second.number, second.status_code, second.outcome.value) == (2, 202, "taken")
    assert first.next_in_seconds is not None
    assert (second.next_in_seconds, second.error) == (None, None)
    assert (first.operation, first.batches, first.body_bytes) == ("upload_events", 1, 28)
    assert 0 < first.seconds < 1
    assert caplog.text.count("on_attempt raised") == 2
