"""Connections that behave in ways of their own: what is left on them, proxies in parts, TLS within TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from faulty_server import ACCEPTED
from socket_server import accepting, contexts, request_from, serving

from mparticle_ext import AsyncEventsApi, Batch, Configuration, EventsApi


def relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join(5)


def upload_twice(configuration: Configuration, *, asynchronous: bool, between: Callable[[], None]) -> None:
    async def main() -> None:
        async with AsyncEventsApi(configuration) as api:
            await api.upload_events(Batch("production"))
            between()
            await api.upload_events(Batch("production"))

    if asynchronous:
        asyncio.run(main())
        return
    with EventsApi(configuration) as api:
        api.upload_events(Batch("production"))
        between()
        api.upload_events(Batch("production"))


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("left", [ACCEPTED, b""], ids=["an answer that nobody asked for", "the end"])
def test_a_connection_that_is_not_quiet_is_not_used_again(left: bytes, asynchronous: bool) -> None:
    taken: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        taken.append(request_from(connection))
        connection.sendall(ACCEPTED)
        time.sleep(0.1)
        if len(taken) > 1:
            return
        if left:
            connection.sendall(left)
            connection.recv(65_536)

    with serving(serve) as port:
        configuration = Configuration("key", "secret", base_url=f"http://127.0.0.1:{port}/v2", retry=None)
        upload_twice(configuration, asynchronous=asynchronous, between=lambda: time.sleep(0.3))
    assert len(taken) == 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_nor_one_with_something_left_inside_its_encryption(asynchronous: bool, authority: trustme.CA) -> None:
    server, client = contexts(authority)
    taken: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = server.wrap_bio(incoming, outgoing, server_side=True)

        def step(work: Callable[[], bytes | None]) -> bytes | None:
            while True:
                try:
                    return work()
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65_536))

        step(tls.do_handshake)
        taken.append(step(lambda: tls.read(65_536)) or b"")
        tls.write(ACCEPTED)
        tls.write(ACCEPTED)  # two records, in one piece
        connection.sendall(outgoing.read())
        connection.recv(65_536)

    with serving(serve) as port:
        configuration = Configuration(
            "key", "secret", base_url=f"https://127.0.0.1:{port}/v2", ssl_context=client, retry=None
        )
        upload_twice(configuration, asynchronous=asynchronous, between=lambda: None)
    assert len(taken) == 2


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_through_a_proxy_that_is_spoken_to_in_tls(
    encrypted: bool, client: Callable[..., Result], authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = contexts(authority)
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: client)  # what the proxy is trusted by
    taken: list[bytes] = []

    def there(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as line:
            accepting(taken)(line)

    def proxy(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as line:
            asked = request_from(line)
            if not asked.startswith(b"CONNECT "):
                taken.append(asked)
                line.sendall(ACCEPTED)
                return
            with socket.create_connection(("127.0.0.1", port)) as onward:
                line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                relay(line, onward)

    with serving(there) as port, serving(proxy) as proxy_port:
        configuration = Configuration(
            "key",
            "secret",
            base_url=f"{'https' if encrypted else 'http'}://localhost:{port}/v2",
            proxy=f"https://localhost:{proxy_port}",
            ssl_context=client,
            retry=None,
        )
        came = client(configuration, "upload_events", Batch("production"))
        assert isinstance(came, httpx.Response), came
    assert len(taken) == 1


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("login", ["", "user:pass@"], ids=["open", "with a password"])
def test_through_a_socks_proxy_whose_replies_come_byte_by_byte(login: str, client: Callable[..., Result]) -> None:
    taken: list[bytes] = []

    def say(connection: socket.socket, reply: bytes) -> None:
        for byte in reply:
            connection.sendall(bytes([byte]))
            time.sleep(0.005)

    def proxy(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(100)
        say(connection, b"\x05\x02" if login else b"\x05\x00")
        if login:
            assert connection.recv(100) == b"\x01\x04user\x04pass"
            say(connection, b"\x01\x00")
        connection.recv(100)
        with socket.create_connection(("127.0.0.1", port)) as onward:
            say(connection, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
            relay(connection, onward)

    with serving(accepting(taken)) as port, serving(proxy) as proxy_port:
        configuration = Configuration(
            "key",
            "secret",
            base_url=f"http://localhost:{port}/v2",
            proxy=f"socks5://{login}127.0.0.1:{proxy_port}",
            retry=None,
        )
        came = client(configuration, "upload_events", Batch("production"))
        assert isinstance(came, httpx.Response), came
    assert len(taken) == 1


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("reply", [b"\x05\xff", b"", b"\x05\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_socks_proxy_that_refuses_took_nothing(reply: bytes, client: Callable[..., Result]) -> None:
    def proxy(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(reply)

    with serving(proxy) as port:
        configuration = Configuration("key", "secret", proxy=f"socks5://127.0.0.1:{port}", retry=None)
        came = client(configuration, "upload_events", Batch("production"))
        assert isinstance(came, Exception)
        assert "nothing was taken" in str(came)


def test_a_cancelled_upload_shows_no_secret_in_its_frames() -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.recv(65_536)

    async def main(port: int) -> str:
        configuration = Configuration("key", "the-secret", base_url=f"http://127.0.0.1:{port}/v2")
        async with AsyncEventsApi(configuration) as api:
            task = asyncio.ensure_future(api.upload_events(Batch("production")))
            await asyncio.sleep(0.2)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError as error:
                return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        raise AssertionError("it was cancelled")

    with serving(silent) as port:
        shown = asyncio.run(main(port))
    assert "bytes to be sent" in shown
    assert "Basic" not in shown


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_thousand_uploads_take_one_connection(asynchronous: bool) -> None:
    connections: list[int] = []
    taken: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connections.append(1)
        accepting(taken)(connection)

    async def main(configuration: Configuration) -> None:
        async with AsyncEventsApi(configuration) as api:
            for _ in range(1000):
                await api.upload_events(Batch("production"))

    with serving(serve) as port:
        configuration = Configuration("key", "secret", base_url=f"http://127.0.0.1:{port}/v2", retry=None)
        if asynchronous:
            asyncio.run(main(configuration))
        else:
            with EventsApi(configuration) as api:
                for _ in range(1000):
                    api.upload_events(Batch("production"))
    assert (len(taken), len(connections)) == (1000, 1)
