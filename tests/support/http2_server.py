"""An HTTP/2 server on the loopback interface, over TLS. Each request gets the next response of a script."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from socket_server import contexts, serving

SILENT, RESET, GOAWAY, DISCONNECT, DRIP = "silent", "reset", "goaway", "disconnect", "drip"
DATA_FIRST, WRONG_LENGTH = "data first", "wrong length"  # violate the protocol


class Http2Server:
    """See the module.

    Attributes:
        url: The base URL to upload to.
        client_context: TLS settings that trust it.
        script: The next responses: a status, or one of the words of this module. After them 202.
        requests: The headers of each request.
        bodies: Their bodies.
        connections: The number of connections.
    """

    def __init__(self, *script: int | str) -> None:
        self.script = list(script)
        self.requests: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.connections = 0
        self.url = ""
        self.stopped = threading.Event()
        self._server_context, self.client_context = contexts(trustme.CA())
        self._server_context.set_alpn_protocols(["h2", "http/1.1"])

    def serve(self, plain: socket.socket) -> None:
        """Serve one connection."""
        with self._server_context.wrap_socket(plain, server_side=True) as connection:
            assert connection.selected_alpn_protocol() == "h2"
            self.connections += 1
            _Connection(self, connection).serve()


class _Connection:
    def __init__(self, server: Http2Server, connection: ssl.SSLSocket) -> None:
        self._server = server
        self._connection = connection
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._closing = False
        self._requests: dict[int, tuple[dict[str, str], bytearray]] = {}

    def serve(self) -> None:
        self._http.initiate_connection()
        self._send()
        while not self._closing and (data := self._connection.recv(65_536)):
            for event in self._http.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._requests[event.stream_id] = (
                        {str(name): str(value) for name, value in event.headers},
                        bytearray(),
                    )
                elif isinstance(event, DataReceived):
                    self._requests[event.stream_id][1].extend(event.data)
                    self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    self._respond(event.stream_id)
            self._send()

    def _respond(self, stream: int) -> None:
        headers, body = self._requests.pop(stream)
        self._server.requests.append(headers)
        self._server.bodies.append(json.loads(body))
        response = self._server.script.pop(0) if self._server.script else 202
        if response == RESET:
            self._http.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        elif response == GOAWAY:
            self._http.close_connection()
            self._closing = True
        elif response == DISCONNECT:
            self._connection.shutdown(socket.SHUT_RDWR)
        elif response == DRIP:
            self._drip(stream)
        elif response == DATA_FIRST:
            self._connection.sendall(_data_frame(stream, b"a", flags=0))
        elif response == WRONG_LENGTH:
            self._http.send_headers(stream, [(":status", "202"), ("content-length", "5")])
            self._send()
            self._connection.sendall(_data_frame(stream, b"", flags=1))
        elif response != SILENT:
            self._http.send_headers(stream, [(":status", str(response)), ("content-length", "0")], end_stream=True)

    def _drip(self, stream: int) -> None:
        self._http.send_headers(stream, [(":status", "202")])
        while not self._server.stopped.wait(0.02):
            self._http.send_data(stream, b"a")
            self._send()

    def _send(self) -> None:
        self._connection.sendall(self._http.data_to_send())


def _data_frame(stream: int, data: bytes, flags: int) -> bytes:
    return len(data).to_bytes(3, "big") + bytes([0, flags]) + stream.to_bytes(4, "big") + data


@contextmanager
def http2_server(*script: int | str) -> Iterator[Http2Server]:
    """Run a server with a script."""
    server = Http2Server(*script)
    with serving(server.serve) as port, suppress(ConnectionError):
        server.url = f"https://localhost:{port}/v2"
        try:
            yield server
        finally:
            server.stopped.set()
