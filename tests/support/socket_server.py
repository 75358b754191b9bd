"""A server that runs a function for each connection. `faulty_server` is the one for whole requests and responses."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from faulty_server import ACCEPTED

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(serve: Serve, port: int = 0) -> Iterator[int]:
    """Run a server that calls the function for each connection, in a thread. Returns its port."""
    listener = socket.create_server(("127.0.0.1", port))

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            serve(connection)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def request_from(connection: socket.socket) -> bytes:
    """Receive the headers of a request, and a small body."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        if not part:
            raise OSError
        received += part
    return received


def accepting(taken: list[bytes]) -> Serve:
    """Accept every request of a connection."""

    def serve(connection: socket.socket) -> None:
        while True:
            taken.append(request_from(connection))
            connection.sendall(ACCEPTED)

    return serve


def contexts(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for a server at localhost, and for a client that trusts it."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def relay(one: socket.socket, other: socket.socket) -> None:
    """Forward bytes in both directions until one side ends."""

    def forward(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=forward, args=(other, one), daemon=True)
    back.start()
    forward(one, other)
    back.join(5)


def _port_free_on_both() -> int:
    """A port below the range from which the kernel takes ports for other sockets, so that no other test has it."""
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


@contextlib.contextmanager
def dead_address() -> Iterator[tuple[str, int]]:
    """An address where a connection attempt gets no answer, as from a machine that is gone: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.2", _port_free_on_both()))
        listener.listen(0)
        address: tuple[str, int] = listener.getsockname()
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        threading.Event().wait(0.1)  # until the kernel has put them into the backlog
        yield address


def resolve_to(monkeypatch: pytest.MonkeyPatch, port: int, *addresses: str) -> None:
    """Let the host mparticle.invalid have these addresses."""
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, *others: Any, **named: Any) -> Any:
        if host in ("mparticle.invalid", b"mparticle.invalid"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        return original(host, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
