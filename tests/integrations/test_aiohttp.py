"""`Configuration(transport="aiohttp")`: requests go through httpx-aiohttp, with the promises of httpx's own transport."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import gc
import socket
import time
import traceback
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import trustme
from faulty_server import Exchange, FaultyServer, Play, accept, answer, status
from socket_server import accepting, contexts, relay, request_from, serving

from mparticle_ext import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncEventsApi,
    BadRequestError,
    Batch,
    Configuration,
    ConfigurationError,
    EventsApi,
    Outcome,
    Retry,
)
from mparticle_ext.sandbox import Sandbox

CONFIGURATION = Configuration("the-key", "the-secret", transport="aiohttp", retry=None, allow_http=True)
CREDENTIALS = base64.b64encode(b"user:the-password").decode()
PROXY_PASSWORD = pytest.mark.filterwarnings(
    "ignore:.*(BasicAuth|proxy_auth).*deprecated:DeprecationWarning"
)  # httpx-aiohttp


def upload(base_url: str, *, batches: int = 1, **settings: Any) -> list[httpx.Response]:
    """Upload batches one after the other."""
    configuration = dataclasses.replace(CONFIGURATION, base_url=base_url, **settings)

    async def main() -> list[httpx.Response]:
        async with AsyncEventsApi(configuration) as api:
            return [await api.upload_events(Batch("production")) for _ in range(batches)]

    return asyncio.run(main())


def failure(base_url: str, **settings: Any) -> APIError:
    with pytest.raises(APIError) as raised:
        upload(base_url, **settings)
    return raised.value


def test_it_is_aiohttp_that_sends_and_a_connection_is_reused() -> None:
    with FaultyServer() as server:
        upload(server.url, batches=3)
    assert (len(server.taken), server.connections) == (3, 1)
    assert b"\r\nauthorization: Basic " in server.requests[0], "httpx's own transport does not write it in lower case"
    assert b"aiohttp" not in server.requests[0], "the User-Agent is ours"


def test_upload_all(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncEventsApi(dataclasses.replace(sandbox.configuration, transport="aiohttp")) as api:
            result = await api.upload_all(Batch("production") for _ in range(250))
        assert (result.delivered, result.failed) == (250, [])

    asyncio.run(main())
    assert len(sandbox.batches) == 250


def cut(exchange: Exchange) -> None:
    exchange.read()
    exchange.close()


def reset(exchange: Exchange) -> None:
    exchange.read()
    exchange.reset()


@pytest.mark.parametrize(
    "play",
    [
        cut,
        reset,
        answer(b"nonsense\r\n\r\n", closes=True),
        answer(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nabc", closes=True),
        answer(b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", closes=True),
        answer(b"HTTP/1.1 202 Accepted\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", closes=True),
        answer(b"HTTP/1.1 202 Accepted\r\n" + b"X: a\r\n" * 50_000 + b"\r\n", closes=True),
    ],
    ids=["closed", "reset", "not HTTP", "half a body", "bad chunk", "large header", "many headers"],
)
def test_without_a_complete_response_the_outcome_is_unknown_and_the_upload_is_repeated(play: Play) -> None:
    with FaultyServer(play, play) as server:
        error = failure(server.url)
        assert isinstance(error, APIConnectionError)
        assert not isinstance(error, APITimeoutError)
        assert error.outcome is Outcome.UNKNOWN
        upload(server.url, retry=Retry(initial_backoff=0.001))
    assert len(server.taken) == 1


def test_a_refused_connection_is_not_taken(closed_port: int) -> None:
    error = failure(f"http://127.0.0.1:{closed_port}/v2")
    assert type(error) is APIConnectionError
    assert error.outcome is Outcome.NOT_TAKEN


def test_an_untrusted_certificate_is_refused_once(authority: trustme.CA) -> None:
    server_context, client_context = contexts(authority)
    with FaultyServer(tls=server_context) as server:
        error = failure(server.url, retry=Retry())
        assert (type(error), error.outcome, error.attempts) == (APIConnectionError, Outcome.REFUSED, 1)
        upload(server.url, ssl_context=client_context)
    assert len(server.taken) == 1


def silent(exchange: Exchange) -> None:
    exchange.read()
    exchange.wait()


def dripping(exchange: Exchange) -> None:
    exchange.read()
    exchange.drip(b"HTTP/1.1 202 Accepted\r\nX: " + b"a" * 2_000, 0.01)


def dripping_body(exchange: Exchange) -> None:
    exchange.read()
    exchange.drip(b"HTTP/1.1 202 Accepted\r\nContent-Length: 10000\r\n\r\n" + b"a" * 2_000, 0.01)


def interim(exchange: Exchange) -> None:
    exchange.read()
    exchange.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, 0.001)


@pytest.mark.parametrize("play", [silent, dripping, dripping_body, interim])
def test_the_deadline_is_hard(play: Play) -> None:
    started = time.monotonic()
    with FaultyServer(play) as server:
        error = failure(server.url, deadline=0.3)
        assert time.monotonic() - started < 5
    assert isinstance(error, APITimeoutError)
    assert error.outcome is Outcome.UNKNOWN


def test_of_a_long_response_only_the_beginning_is_read() -> None:
    def endless(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100000000000\r\n\r\n")
        exchange.flood(b"a" * 65_536)

    with FaultyServer(endless) as server:
        error = failure(server.url, deadline=30)
    assert isinstance(error, BadRequestError)
    assert len(error.response.content) == 65_536


def test_a_compressed_response_is_not_expanded() -> None:
    with FaultyServer(status(400, b"\x1f\x8b", Content_Encoding="gzip")) as server:
        error = failure(server.url)
    assert isinstance(error, BadRequestError)
    assert error.response.content == b"\x1f\x8b"


def test_a_connection_that_the_server_closed_is_not_reused() -> None:
    with FaultyServer(
        otherwise=answer(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    ) as server:
        upload(server.url, batches=3)
    assert len(server.requests) == 3


@PROXY_PASSWORD
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_through_a_proxy_with_a_password(encrypted: bool, authority: trustme.CA) -> None:
    server_context, client_context = contexts(authority)
    heads: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        heads.append(request_from(connection))
        if heads[-1].startswith(b"POST http://"):
            connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as onward:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            relay(connection, onward)

    def destination(connection: socket.socket) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted_connection:
            accepting([])(encrypted_connection)

    with serving(destination) as port, serving(proxy) as proxy_port:
        address = f"http://user:the-password@127.0.0.1:{proxy_port}"
        url = f"{'https' if encrypted else 'http'}://localhost:{port}/v2"
        (response,) = upload(url, proxy=address, ssl_context=client_context)
    assert response.status_code == 202
    (head,) = heads
    assert f"Proxy-Authorization: Basic {CREDENTIALS}".encode() in head
    if encrypted:
        assert b"\r\nAuthorization:" not in head, "the credentials go through the tunnel"


@PROXY_PASSWORD
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", Outcome.REFUSED),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", Outcome.NOT_TAKEN),
    ],
)
def test_a_proxy_that_refuses(reply: bytes, outcome: Outcome) -> None:
    def proxy(connection: socket.socket) -> None:
        request_from(connection)
        connection.sendall(reply)

    with serving(proxy) as port:
        error = failure("https://example.com/v2", proxy=f"http://user:the-password@127.0.0.1:{port}")
    assert isinstance(error, APIConnectionError)
    assert error.outcome is outcome
    text = "".join(traceback.format_exception(error))
    assert "the-password" not in text
    assert CREDENTIALS not in text


def test_no_secret_in_the_frames_of_an_error() -> None:
    with FaultyServer(cut) as server:
        error = failure(server.url)
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "the-secret" not in text
    assert base64.b64encode(b"the-key:the-secret").decode() not in text


def unclosed(call: Callable[[], Coroutine[Any, Any, None]]) -> list[str]:
    """The warnings of what is left open."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(call())
        gc.collect()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("closes", [True, False], ids=["closed", "left open until the loop ends"])
def test_sessions_are_closed(closes: bool) -> None:
    with FaultyServer() as server:
        api = AsyncEventsApi(dataclasses.replace(CONFIGURATION, base_url=server.url))

        async def main() -> None:
            await api.upload_events(Batch("production"))
            if closes:
                await api.close()

        assert unclosed(main) == []
        if not closes:
            assert unclosed(main) == [], "in a second event loop"


def test_a_cancelled_upload_leaves_nothing_open() -> None:
    async def main() -> None:
        async with AsyncEventsApi(dataclasses.replace(CONFIGURATION, base_url=server.url)) as api:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await api.upload_events(Batch("production"))
            await api.upload_events(Batch("production"))

    with FaultyServer(silent, accept) as server:
        assert unclosed(main) == []
    assert len(server.taken) == 1


def test_it_is_for_the_asyncio_client() -> None:
    with pytest.raises(ConfigurationError, match="is for AsyncEventsApi"):
        EventsApi(CONFIGURATION)


@pytest.mark.parametrize("settings", [{"http2": True}, {"proxy": "socks5://127.0.0.1:1"}])
def test_what_aiohttp_does_not_support_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="transport='aiohttp' does not support"):
        AsyncEventsApi(dataclasses.replace(CONFIGURATION, **settings))
