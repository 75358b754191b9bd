"""The connections of the blocking client."""

from __future__ import annotations

import socket
from contextlib import suppress
from queue import Empty, SimpleQueue

import httpx

from ._exchange import Answer, Conversation, exchange, pieces_of
from ._limits import MAX_CONNECTIONS, Patience
from ._lines import Idle, is_readable, raise_never_stood
from ._route import Route
from ._tls import Tls, carried

_RECEIVE_BYTES = 65_536


class Transport(httpx.BaseTransport):
    """Sends requests over connections that are kept, and reads a bounded answer whole."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._hidden, self._forwarded = route.hidden, route.is_forwarded
        self._idle: Idle[_Line] = Idle()
        self._turns: SimpleQueue[None] = SimpleQueue()  # made in C: taking one costs a tenth of a semaphore's
        for _ in range(MAX_CONNECTIONS):
            self._turns.put(None)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        patience = Patience.of(request)
        try:
            turn = self._turns.get(timeout=patience.for_turn())
        except Empty:
            raise httpx.PoolTimeout(f"{MAX_CONNECTIONS} requests are under way") from None
        try:
            return self._answered(request, patience)
        finally:
            self._turns.put(turn)

    def close(self) -> None:
        self._idle.close()

    def _answered(self, request: httpx.Request, patience: Patience) -> httpx.Response:
        line = self._idle.take() or self._opened(patience)
        answer = Answer()
        with self._idle.lent(line, answer):
            said = pieces_of(request, self._hidden, forwarded=self._forwarded)
            line.talk(carried(exchange(said, answer), line.layers), patience)
        return answer.response()

    def _opened(self, patience: Patience) -> _Line:
        line = None
        try:
            line = _Line(_connected(*self._route.address, patience))
            line.talk(self._route.opening(line.layers), patience.until_open())
        except BaseException as error:
            if line is not None:
                line.close()
            if isinstance(error, (httpx.TransportError, OSError, UnicodeError)):  # a host that is no name
                raise_never_stood(error)
            raise
        return line


def _connected(host: str, port: int, patience: Patience) -> socket.socket:
    """Try the addresses of a host in turn, each within what is left."""
    failure: OSError | None = None
    name = host.encode("ascii")  # as bytes, for which Python loads no codec
    for family, kind, protocol, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
        seconds = patience.to_connect()
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            with suppress(OSError):  # it was reset at once, and will say so
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    raise failure or OSError(f"{host} has no address")


class _Line:
    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._seconds: float | None = None
        self.layers: list[Tls] = []
        self.used_at = 0.0

    def talk(self, conversation: Conversation[None], patience: Patience) -> None:
        """Say and hear until all is said."""
        try:
            said = next(conversation)
            while True:
                for piece in said:
                    self._send(piece, patience)
                said = conversation.send(self._receive(patience))
        except StopIteration:
            return

    def is_quiet(self) -> bool:
        return not is_readable(self._socket)

    def close(self) -> None:
        self._socket.close()

    def _send(self, piece: bytes, patience: Patience) -> None:
        rest = memoryview(piece)
        while rest:
            self._wait_at_most(patience.to_send())
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError as error:
                raise httpx.WriteTimeout(str(error)) from error
            except OSError:
                return  # closed over there, maybe after an answer: what is received next says

    def _receive(self, patience: Patience) -> bytes:
        self._wait_at_most(patience.to_receive())
        try:
            return self._socket.recv(_RECEIVE_BYTES)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._seconds:  # a change is a system call, in which another thread may take over
            self._socket.settimeout(seconds)
            self._seconds = seconds


class Borrowed(httpx.BaseTransport):
    """A transport of the user's. Its timeouts end by the deadline; the rest is its own matter."""

    def __init__(self, transport: httpx.BaseTransport, authorization: str) -> None:
        self._transport = transport
        self._authorization = authorization

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        Patience.of(request).shorten(request)
        request.headers["Authorization"] = self._authorization
        try:
            response = self._transport.handle_request(request)
            response.request = request
            try:
                response.read()
            except BaseException:
                response.close()
                raise
        finally:
            del request.headers["Authorization"]  # what is kept, shown or pickled goes without
        return response

    def close(self) -> None:
        self._transport.close()
