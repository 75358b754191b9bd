"""A server at localhost that makes faults, byte by byte if needed, and counts the batches that it accepts.

Each request is answered by the next of its plays, which are functions of an `Exchange`. After the last one it accepts
every request. It counts batches as mParticle does: each `source_request_id` once.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any, Self, TypeAlias

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_PIECE = 65_536


class Exchange:
    """One request, of which the first bytes were received, and the response to it."""

    def __init__(self, server: FaultyServer, connection: socket.socket, received: bytes) -> None:
        self._server = server
        self._connection = connection
        self._received = received
        self.open = True

    def read(self) -> None:
        """Read the request to its end."""
        head, found, body = self._received.partition(b"\r\n\r\n")
        while not found:
            self._received += self._receive()
            head, found, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while len(body) < int(length[1] if length else 0):
            body += self._receive()
        self._server.requests.append(head)
        self.body = body

    def take(self) -> None:
        """Count the batches of the request."""
        self._server.take(json.loads(self.body))

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the client may have closed the connection
            self._connection.sendall(data)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """Send byte by byte, until the client closes the connection or the server stops."""
        with contextlib.suppress(OSError):
            for byte in data:
                self._connection.sendall(bytes([byte]))
                if self._server.stopped.wait(pause):
                    return

    def flood(self, data: bytes) -> None:
        """Send the same bytes until the client closes the connection."""
        with contextlib.suppress(OSError):
            while not self._server.stopped.is_set():
                self._connection.sendall(data)

    def wait(self, seconds: float = 30) -> None:
        """Send nothing, until the server stops."""
        self._server.stopped.wait(seconds)

    def half_close(self) -> None:
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.open = False

    def reset(self) -> None:
        self.open = False
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _receive(self) -> bytes:
        data = self._connection.recv(_PIECE)
        if not data:
            raise ConnectionResetError("the client closed the connection in the middle of a request")
        return data


Play: TypeAlias = Callable[[Exchange], None]


def accept(exchange: Exchange) -> None:
    exchange.read()
    exchange.take()
    exchange.send(ACCEPTED)


def answer(data: bytes, *, takes: bool = False, closes: bool = False) -> Play:
    """Read the request, send these bytes, and perhaps close the connection."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        if takes:
            exchange.take()
        exchange.send(data)
        if closes:
            exchange.close()

    return play


def status(code: int, body: bytes = b"", *, takes: bool = False, **headers: str) -> Play:
    """Answer with a status. In the names of headers `_` stands for `-`."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {code} Status\r\n{named}Content-Length: {len(body)}\r\n\r\n"
    return answer(head.encode() + body, takes=takes)


class FaultyServer:
    """Use it in a `with` block.

    Attributes:
        url: The base URL to upload to.
        requests: The headers of each complete request.
        taken: The batches that were accepted, without repetitions.
        connections: The number of connections that were made.
    """

    def __init__(
        self,
        *plays: Play,
        at_accept: tuple[Callable[[socket.socket], None], ...] = (),
        tls: ssl.SSLContext | None = None,
        otherwise: Play = accept,
    ) -> None:
        self._otherwise = otherwise
        self._port = 0
        self._plays = list(plays)
        self._at_accept = list(at_accept)
        self._tls = tls
        self._ids: set[str] = set()
        self._changing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.requests: list[bytes] = []
        self.taken: list[dict[str, Any]] = []
        self.connections = 0
        self.stopped = threading.Event()

    def take(self, body: Any) -> None:
        with self._changing:
            for batch in body if isinstance(body, list) else [body]:
                request_id = batch.get("source_request_id")
                if request_id is None or request_id not in self._ids:
                    self.taken.append(batch)
                self._ids.add(request_id)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; after a `stop` at the same port."""
        self.stopped.clear()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://localhost:{self._port}/v2"
        self._start(self._listen)

    def stop(self) -> None:
        """Close every connection. The counts stay."""
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while not self.stopped.is_set():
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        with self._changing:
            self.connections += 1
            at_accept = self._at_accept.pop(0) if self._at_accept else None
        connection = plain
        self._open.add(plain)
        try:
            if at_accept:
                at_accept(plain)
            elif self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            while (received := connection.recv(_PIECE)) and self._play(Exchange(self, connection, received)):
                pass
        except OSError:
            pass
        finally:
            self._open.discard(plain)
            connection.close()
            plain.close()

    def _play(self, exchange: Exchange) -> bool:
        with self._changing:
            play = self._plays.pop(0) if self._plays else self._otherwise
        play(exchange)
        return exchange.open
