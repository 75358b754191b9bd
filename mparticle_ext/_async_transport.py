"""The connections of the asyncio client. `_transport` with `await`."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterable
from typing import Any, cast

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


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections that are kept, and reads a bounded answer whole."""

    def __init__(self, ssl_context: ssl.SSLContext | None, proxy: httpcore.Proxy | None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            proxy=proxy,
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Network(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = current_limits()
        with as_httpx_errors(limits):
            answer = await self._pool.handle_async_request(httpcore_request(request, limits))
            try:
                body = await _bounded(answer.aiter_stream())
            finally:
                await answer.aclose()
        return httpx_response(answer, body)

    async def aclose(self) -> None:
        await self._pool.aclose()


async def _bounded(chunks: AsyncIterable[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body[:MAX_BODY_BYTES])


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())  # a stub, where anyio is missing

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *others: Any, **named: Any
    ) -> _Line:
        within = current_limits().cut(timeout, httpcore.ConnectTimeout)
        return _Line(await self._network.connect_tcp(host, port, within, *others, **named), secure=False)


class _Line(httpcore.AsyncNetworkStream):
    """A connection that keeps to the limits of the request it carries."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, secure: bool) -> None:
        self._stream = stream
        self._secure = secure
        self._used_at = 0.0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        limits = current_limits()
        data = await self._stream.read(max_bytes, limits.cut(timeout, httpcore.ReadTimeout))
        limits.received(len(data))
        self._used_at = time.time()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limits = current_limits()
        limits.sending(secure=self._secure, used_before=bool(self._used_at))
        for start in range(0, len(buffer), WRITE_BYTES):
            part = buffer[start : start + WRITE_BYTES]
            await self._stream.write(part, limits.cut(timeout, httpcore.WriteTimeout))

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Line:
        within = current_limits().cut(timeout, httpcore.ConnectTimeout)
        return _Line(await self._stream.start_tls(ssl_context, server_hostname, within), secure=True)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and is_idle_too_long(self._used_at):
            return True  # which tells the pool that it is closed
        return self._stream.get_extra_info(info)

    async def aclose(self) -> None:
        await self._stream.aclose()


class AsyncBorrowed(httpx.AsyncBaseTransport):
    """A transport of the user's. Its timeouts end by the deadline; the rest is its own matter."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        current_limits().shorten(request)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()
