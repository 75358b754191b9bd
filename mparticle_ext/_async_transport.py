"""The connections of the asyncio client."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import cast

import httpx

from ._alarm import Alarm
from ._exchange import Answer, Conversation, exchange, pieces_of
from ._limits import MAX_CONNECTIONS, Patience
from ._lines import Idle, is_readable, raise_never_stood
from ._route import Route
from ._tls import Tls, carried

_SEND_BYTES = 65_536  # at once, so that a slow reader is seen
_RECEIVE_BYTES = 16_384  # at once: an answer has some hundred bytes, a TLS record has these at most


class AsyncTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections that are kept, and reads a bounded answer whole."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._hidden, self._forwarded = route.hidden, route.is_forwarded
        self._idle: Idle[_Line] = Idle()
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        patience = Patience.of(request)
        await self._turn(patience.for_turn())
        try:
            return await self._answered(request, patience)
        finally:
            self._turns.release()

    async def aclose(self) -> None:
        self._idle.close()

    async def _turn(self, seconds: float) -> None:
        if not self._turns.locked():  # as most often, so that there is no timer to be made
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout(f"{MAX_CONNECTIONS} requests are under way") from None

    async def _answered(self, request: httpx.Request, patience: Patience) -> httpx.Response:
        line = self._idle.take() or await self._opened(patience)
        answer = Answer()
        with self._idle.lent(line, answer):
            said = pieces_of(request, self._hidden, forwarded=self._forwarded)
            await line.talk(carried(exchange(said, answer), line.layers), patience)
        return answer.response()

    async def _opened(self, patience: Patience) -> _Line:
        line = None
        try:
            line = await _connected(*self._route.address, patience)
            await line.talk(self._route.opening(line.layers), patience.until_open())
        except BaseException as error:
            if line is not None:
                line.close()
            if isinstance(error, (httpx.TransportError, OSError, UnicodeError)):  # a host that is no name
                raise_never_stood(error)
            raise
        return line


async def _connected(host: str, port: int, patience: Patience) -> _Line:
    """Try the addresses of a host in turn, each within what is left. A race would leave the losers open."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience.to_connect()):
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError | None = None
    for _, _, _, _, address in found:
        try:
            async with asyncio.timeout(patience.to_connect()):
                _, line = await loop.create_connection(_Line, str(address[0]), port)
        except OSError as error:
            failure = error
        else:
            return line
    raise failure or OSError(f"{host} has no address")


class _Line(asyncio.BufferedProtocol):
    def __init__(self) -> None:
        self.layers: list[Tls] = []
        self.used_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._loop, self._fail_waiter)
        self._room = memoryview(bytearray(_RECEIVE_BYTES))  # kept: making it costs more than reading into it
        self._received = bytearray()
        self._ended = False
        self._failure: Exception | None = None
        self._full = False
        self._talks = False
        self._waiter: asyncio.Future[None] | None = None

    async def talk(self, conversation: Conversation[None], patience: Patience) -> None:
        """Say and hear until all is said."""
        self._talks = True
        try:
            said = next(conversation)
            while True:
                for piece in said:
                    await self._send(piece, patience)
                said = conversation.send(await self._receive(patience))
        except StopIteration:
            return
        finally:
            self._talks = False

    def is_quiet(self) -> bool:
        if self._ended or self._received or self._transport.is_closing():
            return False
        return not is_readable(self._transport.get_extra_info("socket"))  # which the loop may not have looked at yet

    def close(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # paused until all is sent

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the protocol's
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        if not self._talks:  # nobody asked
            self._ended = True
            self.close()
            return
        self._received += self._room[:nbytes]
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        self._alarm.stop()
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    async def _send(self, piece: bytes, patience: Patience) -> None:
        for start in range(0, len(piece), _SEND_BYTES):
            seconds = patience.to_send()
            self._transport.write(memoryview(piece)[start : start + _SEND_BYTES])
            while self._full and not (self._ended or self._received):
                await self._wait(seconds, httpx.WriteTimeout)

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
        self._waiter = self._loop.create_future()
        self._alarm.set(seconds)
        try:
            await self._waiter
        except TimeoutError:
            raise late("nothing came in time") from None
        finally:
            self._alarm.unset()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail_waiter(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TimeoutError())


class AsyncBorrowed(httpx.AsyncBaseTransport):
    """A transport of the user's. Its timeouts end by the deadline; the rest is its own matter."""

    def __init__(self, transport: httpx.AsyncBaseTransport, authorization: str) -> None:
        self._transport = transport
        self._authorization = authorization

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        Patience.of(request).shorten(request)
        request.headers["Authorization"] = self._authorization
        try:
            response = await self._transport.handle_async_request(request)
            response.request = request
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        finally:
            del request.headers["Authorization"]  # what is kept, shown or pickled goes without
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()
