"""Connections: how long they are kept, when they are replaced, and what happens if none can be made."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS, blocking, configured, from_asyncio, identified
from clients import Outcome as Result
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, accept
from socket_server import contexts, request_from, serving

from mparticle_ext import (
    APIConnectionError,
    APIError,
    AsyncEventsApi,
    Attempt,
    Configuration,
    ConfigurationError,
    EventsApi,
    Outcome,
)
from mparticle_ext._delivery import http

BOTH = [blocking, from_asyncio]
Wait = Callable[[], object]


def upload_several(configuration: Configuration, *, asynchronous: bool, count: int, between: Wait = bool) -> None:
    """Upload one batch after the other with one API object."""

    async def main() -> None:
        async with AsyncEventsApi(configuration) as api:
            for _ in range(count):
                await api.upload_events({"environment": "production"})
                await asyncio.to_thread(between)

    if asynchronous:
        asyncio.run(main())
        return
    with EventsApi(configuration) as api:
        for _ in range(count):
            api.upload_events({"environment": "production"})
            between()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_one_connection_serves_many_uploads(asynchronous: bool) -> None:
    with FaultyServer() as server:
        upload_several(configured(server.url), asynchronous=asynchronous, count=100)
        assert (server.connections, len(server.requests)) == (1, 100)


def accept_and_close(exchange: Exchange) -> None:
    accept(exchange)
    exchange.close()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_connection_that_the_server_closed_is_replaced(asynchronous: bool) -> None:
    attempts: list[Attempt] = []
    with FaultyServer(accept_and_close, accept_and_close) as server:
        settings = configured(server.url, on_attempt=attempts.append, deduplicate=False)
        closed = lambda: wait_until(lambda: not server._open)  # noqa: E731, SLF001  # our own server
        upload_several(settings, asynchronous=asynchronous, count=3, between=lambda: len(attempts) < 3 and closed())  # type: ignore[no-untyped-call]
        assert (server.connections, len(server.taken)) == (3, 3)
    assert [attempt.number for attempt in attempts] == [1, 1, 1]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("rest", [ACCEPTED, b""], ids=["an unexpected response", "the end"])
def test_a_connection_on_which_something_arrived_is_not_used_again(rest: bytes, asynchronous: bool) -> None:
    accepted: list[bytes] = []
    arrived = threading.Event()

    def serve(connection: socket.socket) -> None:
        accepted.append(request_from(connection))
        connection.sendall(ACCEPTED)
        if len(accepted) > 1:
            return
        time.sleep(0.1)  # the client has read the response by then
        connection.sendall(rest)
        if not rest:
            connection.shutdown(socket.SHUT_WR)
        arrived.set()
        connection.recv(65_536)

    with serving(serve) as port:
        settings = configured(f"http://127.0.0.1:{port}/v2", retry=None)
        upload_several(settings, asynchronous=asynchronous, count=2, between=lambda: arrived.wait(5))
    assert len(accepted) == 2


def test_an_old_connection_is_not_used_after_a_freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a machine is frozen, the wall clock goes on, and the monotonic clock of the pool stands still."""
    clock = time.time
    with FaultyServer() as server, EventsApi(configured(server.url, retry=None)) as api:
        api.upload_events(identified("a"))
        monkeypatch.setattr(time, "time", lambda: clock() + 600)
        api.upload_events(identified("b"))
        assert (server.connections, len(server.taken)) == (2, 2)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_idle_connections_are_closed(asynchronous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LIMITS", httpx.Limits(keepalive_expiry=0.2))
    with FaultyServer() as server:
        idle = lambda: threading.Event().wait(0.3)  # noqa: E731
        upload_several(configured(server.url), asynchronous=asynchronous, count=2, between=idle)
        assert (server.connections, len(server.taken)) == (2, 2)


@pytest.mark.parametrize("client", CLIENTS)
def test_https(client: Callable[..., Result], authority: trustme.CA) -> None:
    server_tls, trusted = contexts(authority)
    with FaultyServer(tls=server_tls) as server:
        result = client(configured(server.url, ssl_context=trusted), "upload_events", identified())
        assert isinstance(result, httpx.Response), result


def untrusted(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", ["unknown authority", "wrong host"])
def test_a_certificate_error_is_refused_without_a_retry(
    fault: str, client: Callable[..., Result], authority: trustme.CA
) -> None:
    _, trusted = contexts(authority)
    signer, host = (trustme.CA(), "localhost") if fault == "unknown authority" else (authority, "elsewhere.example")
    with FaultyServer(tls=untrusted(signer, host)) as server:
        error = client(configured(server.url, ssl_context=trusted), "upload_events", identified())
        assert type(error) is APIConnectionError
        assert (error.outcome, error.attempts) == (Outcome.REFUSED, 1)
        assert "CERTIFICATE_VERIFY_FAILED" in str(error)
        assert server.connections == 1


@pytest.mark.parametrize("client", BOTH)
def test_another_error_of_the_tls_handshake_is_retried(client: Callable[..., Result], authority: trustme.CA) -> None:
    server_tls, trusted = contexts(authority)

    def not_tls(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"this is not TLS")

    def close(connection: socket.socket) -> None:
        connection.recv(1000)

    with FaultyServer(at_accept=(not_tls, close), tls=server_tls) as server:
        settings = configured(server.url, ssl_context=trusted, deduplicate=False)  # nothing was sent: no id is needed
        result = client(settings, "upload_events", {"environment": "production"})
        assert isinstance(result, httpx.Response), result
        assert (server.connections, len(server.taken)) == (3, 1)


PROXY_AUTHENTICATION = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_407_of_a_proxy_is_refused_without_a_retry(scheme: str, client: Callable[..., Result]) -> None:
    """With http:// the proxy forwards the request; with https:// it is asked for a tunnel."""
    received: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        received.append(request_from(connection))
        connection.sendall(PROXY_AUTHENTICATION)

    with serving(proxy) as port:
        settings = configured(
            f"{scheme}://mparticle.invalid/v2", allow_http=True, proxy=f"http://user:hush@127.0.0.1:{port}"
        )
        error = client(settings, "upload_events", identified())
    assert isinstance(error, APIError)
    assert (error.outcome, error.attempts) == (Outcome.REFUSED, 1)
    assert "407" in str(error)
    assert "hush" not in str(error)
    assert len(received) == 1
    assert received[0].startswith(b"POST http://" if scheme == "http" else b"CONNECT ")


@pytest.mark.parametrize("client", BOTH)
def test_another_refusal_of_a_tunnel_is_retried(client: Callable[..., Result]) -> None:
    received: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        received.append(request_from(connection))
        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

    with serving(proxy) as port:
        settings = configured("https://mparticle.invalid/v2", proxy=f"http://127.0.0.1:{port}", deduplicate=False)
        error = client(settings, "upload_events", {"environment": "production"})
    assert isinstance(error, APIConnectionError)
    assert error.outcome is Outcome.NOT_TAKEN
    assert error.attempts == len(received) == 8


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"base_url": "https://xn--a.com/v2"}, "base_url is not a valid address: check its host"),
    ({"base_url": "https://[::::]/v2"}, "base_url is not a valid address: check its host"),
    ({"base_url": f"https://{'a' * 64}.com/v2"}, "base_url must be like https://host/path"),
    ({"base_url": "https://a..com/v2"}, "base_url must be like https://host/path"),
    ({"base_url": "https://a.com:99999/v2"}, "base_url must be like https://host/path"),
    ({"proxy": "http://proxy:99999"}, "proxy must be like http://host:port"),
    ({"proxy": "http://xn--a.com:3128"}, "proxy is not a valid address: check its host"),
]


@pytest.mark.parametrize(("settings", "message"), INVALID)
@pytest.mark.parametrize("kind", [EventsApi, AsyncEventsApi])
def test_an_invalid_address_is_refused_when_the_api_is_made(
    settings: dict[str, Any], message: str, kind: Callable[[Configuration], object]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        kind(Configuration("key", "secret", **settings))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://user:hush@xn--a.com"])
def test_an_invalid_proxy_of_the_environment(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    with pytest.raises(ConfigurationError, match=r"proxy|PROXY") as raised:
        EventsApi(Configuration("key", "secret"))
    assert "hush" not in str(raised.value)
    EventsApi(Configuration("key", "secret", trust_env=False)).close()
