"""Timeouts and deadlines: an upload ends in time whatever the server and the network do, and its response is limited."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS, blocking, configured, from_asyncio, identified
from clients import Outcome as Result
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play, answer
from socket_server import contexts, dead_address, relay, request_from, resolve_to, serving

from mparticle_ext import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AppEvent,
    Batch,
    Configuration,
    Outcome,
)

BOTH = [blocking, from_asyncio]
DEADLINE = 0.6
SLACK = 3.0  # for a busy machine
HEAD = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5000\r\n\r\n"


def large() -> list[Batch]:
    """Batches for a request of 250 kB, which does not fit into the buffers of a connection."""
    attributes: dict[str, Any] = {"screen": "home", "position": 3, "price": 19.99}
    events = [AppEvent("other", "Hello", custom_attributes=attributes) for _ in range(20)]
    return [Batch("production", events=events) for _ in range(80)]


def drips(data: bytes) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.drip(data)
        exchange.close()

    return play


def floods(first: bytes, data: bytes) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(first)
        exchange.flood(data)
        exchange.close()

    return play


def silent(exchange: Exchange) -> None:
    exchange.read()
    exchange.wait()


def half(exchange: Exchange) -> None:
    exchange.read()
    exchange.send(HEAD + b"half")
    exchange.wait()


def unread(exchange: Exchange) -> None:
    exchange.wait()


ENDLESS: dict[str, Play] = {
    "no response": silent,
    "headers that drip": drips(HEAD),
    "a body that drips": drips(HEAD + b"x" * 5000),
    "1xx that drip": drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "a flood of 1xx": floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "headers without end": floods(b"HTTP/1.1 202 Accepted\r\n", b"X: " + b"x" * 1000 + b"\r\n"),
    "a header without end": floods(b"HTTP/1.1 202 Accepted\r\nX: ", b"x" * 1000),
    "half a body": half,
    "a request that is not read": unread,
}


def ends_in_time(client: Callable[..., Result], settings: Configuration, body: Any) -> APIError:
    started = time.monotonic()
    error = client(settings, "bulk_upload_events", body)
    assert isinstance(error, APIConnectionError), error
    assert error.outcome is Outcome.UNKNOWN
    assert time.monotonic() - started < settings.deadline + SLACK
    return error


@pytest.mark.parametrize("client", BOTH)
@pytest.mark.parametrize("fault", ENDLESS)
def test_the_deadline_is_hard(fault: str, client: Callable[..., Result]) -> None:
    with FaultyServer(otherwise=ENDLESS[fault]) as server:
        settings = configured(server.url, deadline=DEADLINE, timeout=20)
        ends_in_time(client, settings, large() if fault == "a request that is not read" else [identified()])


@pytest.mark.parametrize("client", BOTH)
@pytest.mark.parametrize("fault", ["a body that drips", "a request that is not read"])
def test_the_deadline_is_hard_over_tls(fault: str, client: Callable[..., Result], authority: trustme.CA) -> None:
    server_tls, trusted = contexts(authority)
    with FaultyServer(otherwise=ENDLESS[fault], tls=server_tls) as server:
        settings = configured(server.url, deadline=4 * DEADLINE, timeout=20, ssl_context=trusted)  # after the handshake
        ends_in_time(client, settings, large() if fault == "a request that is not read" else [identified()])


@pytest.mark.parametrize("client", BOTH)
def test_the_deadline_is_hard_during_the_tls_handshake(client: Callable[..., Result], silent_url: str) -> None:
    started = time.monotonic()
    url = silent_url.replace("http:", "https:")
    error = client(configured(url, deadline=DEADLINE, timeout=20), "upload_events", identified())
    assert isinstance(error, APITimeoutError)
    assert error.outcome is Outcome.NOT_TAKEN
    assert time.monotonic() - started < DEADLINE + SLACK


@pytest.mark.slow
@pytest.mark.parametrize(
    "client",
    [
        pytest.param(
            blocking,
            marks=pytest.mark.xfail(
                reason="httpcore's blocking TLS in TLS waits for each part of a record anew", strict=True
            ),
        ),
        from_asyncio,
    ],
)
@pytest.mark.parametrize("where", ["handshake", "response"])
def test_the_deadline_is_hard_through_a_proxy_with_tls(
    where: str, client: Callable[..., Result], authority: trustme.CA
) -> None:
    """TLS in TLS: the records of the server drip through the proxy."""
    server_tls, trusted = contexts(authority)
    stop = threading.Event()

    def destination(connection: socket.socket) -> None:
        if where == "handshake":
            connection.recv(65_536)
            drip(connection, b"\x16\x03\x03\x20\x00" + b"\x02" * 8192, stop)
            return
        with server_tls.wrap_socket(connection, server_side=True) as secured:
            request_from(secured)
            raw = socket.socket(fileno=secured.detach())
            with raw:
                drip(raw, b"\x17\x03\x03\x20\x00" + b"x" * 8192, stop)

    def proxy(connection: socket.socket) -> None:
        with (
            server_tls.wrap_socket(connection, server_side=True) as secured,
            socket.create_connection(("127.0.0.1", port)) as onward,
        ):
            request_from(secured)
            secured.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            relay(secured, onward)

    with serving(destination) as port, serving(proxy) as proxy_port:
        settings = configured(
            f"https://localhost:{port}/v2",
            proxy=f"https://localhost:{proxy_port}",
            ssl_context=trusted,
            deadline=DEADLINE,
            timeout=20,
        )
        threading.Timer(DEADLINE + SLACK + 1, stop.set).start()
        started = time.monotonic()
        error = client(settings, "upload_events", identified())
        stop.set()
        assert isinstance(error, APIConnectionError), error
        assert time.monotonic() - started < DEADLINE + SLACK


def drip(connection: socket.socket, data: bytes, stop: threading.Event) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        if stop.wait(0.05):
            return


@pytest.mark.parametrize("client", BOTH)
@pytest.mark.parametrize(
    ("addresses", "deadline"), [("dead, alive", 8), ("dead, dead, alive", 8), ("dead, dead, alive", 3)]
)
def test_a_dead_address_of_a_host_leaves_time_for_the_next_one(
    addresses: str, deadline: int, client: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with dead_address() as (dead, port), serving(accept_one, port) as _:
        resolve_to(monkeypatch, port, *[dead if one == "dead" else "127.0.0.1" for one in addresses.split(", ")])
        settings = configured(f"http://mparticle.invalid:{port}/v2", allow_http=True, timeout=30, deadline=deadline)
        started = time.monotonic()
        result = client(settings, "upload_events", identified())
        assert isinstance(result, httpx.Response), result
        assert time.monotonic() - started < deadline


def accept_one(connection: socket.socket) -> None:
    request_from(connection)
    connection.sendall(ACCEPTED)


@pytest.mark.parametrize("client", BOTH)
def test_a_host_with_only_dead_addresses_ends_in_time(
    client: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with dead_address() as (dead, port):
        resolve_to(monkeypatch, port, *[dead] * 8)
        settings = configured(f"http://mparticle.invalid:{port}/v2", allow_http=True, timeout=30, deadline=DEADLINE)
        started = time.monotonic()
        error = client(settings, "upload_events", identified())
        assert isinstance(error, APITimeoutError)
        assert error.outcome is Outcome.NOT_TAKEN
        assert time.monotonic() - started < DEADLINE + SLACK


@pytest.mark.parametrize("client", BOTH)
def test_a_connection_that_refuses_leaves_the_next_address_at_once(
    client: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(accept_one) as port:
        resolve_to(monkeypatch, port, "127.0.0.3", "127.0.0.1")
        settings = configured(f"http://mparticle.invalid:{port}/v2", allow_http=True, retry=None)
        assert isinstance(client(settings, "upload_events", identified()), httpx.Response)


def test_the_private_names_of_httpx_are_there_and_used() -> None:
    """Httpx has no argument for httpcore's network backend, which makes the deadline of the blocking client hard.

    If this fails with a new httpx, look for such an argument first, then for the new place of the backend. The lock's
    use is shown by test_an_exception_of_a_signal_handler_at_any_moment.
    """
    pool = httpx.HTTPTransport()._pool  # noqa: SLF001
    assert hasattr(pool, "_network_backend")
    assert hasattr(pool, "_optional_thread_lock")
    with FaultyServer(otherwise=drips(HEAD)) as server:
        ends_in_time(blocking, configured(server.url, deadline=DEADLINE, timeout=20), [identified()])


@pytest.mark.parametrize("client", BOTH)
def test_the_timeout_limits_each_part(client: Callable[..., Result]) -> None:
    with FaultyServer(silent) as server:
        started = time.monotonic()
        error = client(configured(server.url, timeout=0.3, retry=None), "upload_events", identified())
        assert isinstance(error, APITimeoutError)
        assert isinstance(error.__cause__, httpx.ReadTimeout)
        assert time.monotonic() - started < 0.3 + SLACK


@pytest.mark.parametrize("client", BOTH)
def test_each_part_of_a_body_has_the_timeout_for_itself(client: Callable[..., Result]) -> None:
    def drip_body(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 60\r\n\r\n")
        exchange.drip(b"x" * 60)  # in 3 seconds

    with FaultyServer(drip_body) as server:
        result = client(configured(server.url, timeout=2, deadline=20, retry=None), "upload_events", identified())
        assert isinstance(result, httpx.Response), result


@pytest.mark.parametrize("client", BOTH)
def test_a_slow_reader_gets_the_whole_body(client: Callable[..., Result]) -> None:
    """Each part of the body has the timeout for itself, so the request can take longer than the timeout."""
    bodies: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        received = request_from(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        started = time.monotonic()
        while len(body) < length:
            ahead = len(body) / 500_000 - (time.monotonic() - started)
            threading.Event().wait(max(0.0, ahead))
            body += connection.recv(10_000)
        bodies.append(body)
        connection.sendall(ACCEPTED)

    batches = large()
    with serving(serve) as port:
        url = f"http://127.0.0.1:{port}/v2"
        result = client(configured(url, timeout=2, deduplicate=False, retry=None), "bulk_upload_events", batches)
        assert isinstance(result, httpx.Response), result
    assert json.loads(bodies[0]) == [json.loads(batch.to_json()) for batch in batches]


@pytest.mark.parametrize("client", CLIENTS)
def test_of_a_long_body_only_the_beginning_is_kept(client: Callable[..., Result]) -> None:
    body = b"x" * 1_000_000
    play = answer(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with FaultyServer(play) as server:
        error = client(configured(server.url, retry=None), "upload_events", identified())
        assert isinstance(error, APIError)
        assert len(error.response.content) == 65_536  # type: ignore[attr-defined]
        assert isinstance(client(configured(server.url), "upload_events", identified()), httpx.Response)


@pytest.mark.parametrize("client", BOTH)
def test_a_body_without_end_is_cut(client: Callable[..., Result]) -> None:
    endless = floods(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n")
    with FaultyServer(otherwise=endless) as server:
        started = time.monotonic()
        result = client(configured(server.url, deadline=20, timeout=20), "upload_events", identified())
        assert isinstance(result, httpx.Response), result  # the status is known
        assert len(result.content) == 65_536
        assert time.monotonic() - started < SLACK
