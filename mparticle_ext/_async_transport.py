"""The connections of the asyncio client."""

from __future__ import annotations

import asyncio
import socket

import httpx

from ._exchange import Answer, Conversation, exchange, request_bytes
from ._limits import Patience
from ._lines import Idle, raise_broken, raise_never_stood
from ._route import Route
from ._tls import Tls, carried

_NEXT_ADDRESS_SECONDS = 0.25  # after which the next address of a host is tried too (RFC 8305)


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections that are kept, and reads a bounded answer whole."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._hidden, self._forwarded = route.hidden, route.is_forwarded
        self._idle: Idle[_Line] = Idle()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        patience = Patience(request)
        line = self._idle.take() or await self._opened(patience)
        answer = Answer()
        try:
            said = request_bytes(request, self._hidden, forwarded=self._forwarded)
            await line.talk(carried(exchange(said, answer), line.layers), patience)
        except BaseException as error:
            line.close()
            if isinstance(error, (httpx.TransportError, OSError)):
                raise_broken(error, kept=bool(line.used_at), answered=answer.begun)
            raise
        if answer.keeps:
            self._idle.keep(line)
        else:
            line.close()
        return answer.response()

    async def aclose(self) -> None:
        self._idle.close()

    async def _opened(self, patience: Patience) -> _Line:
        line = None
        try:
            line = await _connected(*self._route.address, patience)
            await line.talk(self._route.opening(line.layers), patience)
        except BaseException as error:
            if line is not None:
                line.close()
            if isinstance(error, (httpx.TransportError, OSError)):
                raise_never_stood(error)
            raise
        return line


async def _connected(host: str, port: int, patience: Patience) -> _Line:
    """Try the addresses of a host, each some time after the one before."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience.to_connect()):
        transport, line = await loop.create_connection(_Line, host, port, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


class _Line(asyncio.Protocol):
    def __init__(self) -> None:
        self.layers: list[Tls] = []
        self.used_at = 0.0
        self._received = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._full = False
        self._waiter: asyncio.Future[None] | None = None

    async def talk(self, conversation: Conversation[None], patience: Patience) -> None:
        """Say and hear until all is said."""
        try:
            said = next(conversation)
            while True:
                if said:
                    await self._send(said, patience)
                said = conversation.send(await self._receive(patience))
        except StopIteration:
            return

    def is_quiet(self) -> bool:
        return not (self._ended or self._received)

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # of create_connection
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    async def _send(self, said: bytes, patience: Patience) -> None:
        self._transport.write(said)
        while self._full and not self.is_quiet():
            await self._wait(patience.to_send(), httpx.WriteTimeout)

    async def _receive(self, patience: Patience) -> bytes:
        while not self._received:
            if self._failure is not None:
                raise httpx.ReadError(str(self._failure)) from self._failure
            if self._ended:
                break
            await self._wait(patience.to_receive(), httpx.ReadTimeout)
        received = bytes(self._received)
        self._received.clear()
        return received

    async def _wait(self, seconds: float, late: type[httpx.TimeoutException]) -> None:
        """Wait until something happens."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = loop.call_later(seconds, self._fail_waiter, late)
        try:
            await self._waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail_waiter(self, late: type[httpx.TimeoutException]) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(late("nothing came in time"))


class AsyncBorrowed(httpx.AsyncBaseTransport):
    """A transport of the user's. Its timeouts end by the deadline; the rest is its own matter."""

    def __init__(self, transport: httpx.AsyncBaseTransport, authorization: str) -> None:
        self._transport = transport
        self._authorization = authorization

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        Patience(request).shorten(request)
        request.headers["Authorization"] = self._authorization
        try:
            response = await self._transport.handle_async_request(request)
            response.request = request
            await response.aread()
        finally:
            del request.headers["Authorization"]  # what is kept, shown or pickled goes without
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()
