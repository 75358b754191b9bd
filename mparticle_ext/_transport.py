"""The connections of the blocking client: httpcore's pool, with each request kept to its limits."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
import httpx

from ._limits import (
    IDLE_SECONDS,
    MAX_BODY_BYTES,
    MAX_CONNECTIONS,
    WRITE_BYTES,
    as_httpx_errors,
    current_limits,
    is_idle_too_long,
)
from ._wire import httpcore_request, httpx_response


class Transport(httpx.BaseTransport):
    """Sends requests over connections that are kept, and reads a bounded answer whole."""

    def __init__(self, ssl_context: ssl.SSLContext | None, proxy: httpcore.Proxy | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            proxy=proxy,
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        limits = current_limits()
        with as_httpx_errors(limits):
            answer = self._pool.handle_request(httpcore_request(request, limits))
            try:
                body = _bounded(answer.iter_stream())
            finally:
                answer.close()
        return httpx_response(answer, body)

    def close(self) -> None:
        self._pool.close()


def _bounded(chunks: Iterable[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body[:MAX_BODY_BYTES])


class _Network(httpcore.SyncBackend):
    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *others: Any, **named: Any) -> _Line:
        """Try the addresses of a host in turn, each within what is left; httpcore would give each the whole time."""
        limits = current_limits()
        *addresses, last = _addresses(host, port)
        for address in addresses:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                within = limits.cut(timeout, httpcore.ConnectTimeout)
                return _Line(super().connect_tcp(address, port, within, *others, **named), secure=False)
        within = limits.cut(timeout, httpcore.ConnectTimeout)
        return _Line(super().connect_tcp(last, port, within, *others, **named), secure=False)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(address[0]) for *_, address in found]


class _Line(httpcore.NetworkStream):
    """A connection that keeps to the limits of the request it carries."""

    def __init__(self, stream: httpcore.NetworkStream, *, secure: bool) -> None:
        self._stream = stream
        self._secure = secure
        self._used_at = 0.0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        limits = current_limits()
        data = self._stream.read(max_bytes, limits.cut(timeout, httpcore.ReadTimeout))
        limits.received(len(data))
        self._used_at = time.time()
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limits = current_limits()
        limits.sending(secure=self._secure, used_before=bool(self._used_at))
        for start in range(0, len(buffer), WRITE_BYTES):
            part = buffer[start : start + WRITE_BYTES]
            self._stream.write(part, limits.cut(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Line:
        within = current_limits().cut(timeout, httpcore.ConnectTimeout)
        return _Line(self._stream.start_tls(ssl_context, server_hostname, within), secure=True)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and is_idle_too_long(self._used_at):
            return True  # which tells the pool that it is closed
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class Borrowed(httpx.BaseTransport):
    """A transport of the user's. Its timeouts end by the deadline; the rest is its own matter."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        current_limits().shorten(request)
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()
