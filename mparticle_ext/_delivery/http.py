"""HTTP: sends prepared requests through httpx's transports, each within its deadline and with a limited response."""

from __future__ import annotations

import socket
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from importlib import import_module
from threading import RLock
from typing import Any

import httpcore
import httpx

from .._version import __version__
from ..configuration import Configuration
from ..errors import ConfigurationError, WrongCallError, clear_locals, raised_by_signal, type_name

MAX_CONNECTIONS = 100
_MAX_RESPONSE_BYTES = 196_608  # with headers; mParticle's responses have some hundred bytes
_MAX_BODY_BYTES = 65_536  # the rest of a body is not read
_IDLE_SECONDS = 30.0  # load balancers close idle connections after a minute
_CONNECT_SECONDS = 10.0
_ADDRESS_SECONDS = 2.0  # per address of a host, while there is another one to try
_WRITE_BYTES = 16_384  # written at once; the deadline is checked in between
_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
_USER_AGENT = f"mparticle-ext/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"
_DEADLINE: ContextVar[float] = ContextVar("the deadline of the request that is being sent, by time.monotonic()")


class HttpClient:
    """A transport, its destination for messages, and everything that is the same in all requests."""

    def __init__(self, configuration: Configuration, owner: str, kind: type) -> None:
        self._arguments = configuration, owner, kind
        self.transport, self.address = _transport(*self._arguments)
        self._url = cache(lambda path: httpx.URL(configuration.url + path))
        self.timeout = configuration.timeout
        self._headers = [
            (b"Host", httpx.URL(configuration.url).netloc),
            (b"Accept-Encoding", b"identity"),  # a compressed response could expand beyond the limit
            (b"User-Agent", _USER_AGENT.encode()),
            (b"Authorization", b"Basic " + b64encode(f"{configuration.api_key}:{configuration.api_secret}".encode())),
        ]

    def renew(self) -> None:
        """Use new connections: an exception of a signal handler can leave those of httpcore's pool in any state."""
        self.transport, _ = _transport(*self._arguments)

    def prepare(self, method: str, path: str, content: bytes, headers: dict[str, str], trace: object) -> httpx.Request:
        """Make a request whose timeouts end by the deadline."""
        part, left = _cut(self.timeout, httpx.PoolTimeout), _cut(None, httpx.PoolTimeout)
        timeouts = {"connect": min(part, _CONNECT_SECONDS), "read": part, "write": part, "pool": left}
        extensions, stream = {"timeout": timeouts, "trace": trace}, httpx.ByteStream(content)
        both: Any = [*self._headers, *headers.items(), (b"Content-Length", b"%d" % len(content))]
        request = httpx.Request(method, self._url(path), headers=both, stream=stream, extensions=extensions)
        request.read()  # so that `request.content` can be read
        return request


class HttpAttempt:
    """One attempt to send a request before a deadline. The generated operations send through it."""

    def __init__(self, client: HttpClient, deadline: float) -> None:
        self._client, self._deadline = client, deadline
        self.handled = sys.exception()  # an exception of the caller, which becomes the context of ours
        self.foreign: BaseException | None = None  # the exception of a signal handler
        self.started = time.monotonic()
        self.connecting = self.sent = self.answered = False  # whether a connection, the request, a response was begun
        _DEADLINE.set(deadline)

    def request(self, method: str, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request, and read the response."""
        body = bytearray()
        with self._prepared(method, url, content, headers, self._trace) as request:
            response: Any = self._client.transport.handle_request(request)
            with closing(response.stream) as stream:
                for part in stream:
                    body += part
                    if len(body) >= _MAX_BODY_BYTES:
                        break
        return self._complete(request, response, body)

    async def arequest(self, method: str, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request, and read the response."""
        import asyncio  # here, so that a blocking program does not load it

        body = bytearray()
        with self._prepared(method, url, content, headers, self._trace_async) as request:
            try:
                async with asyncio.timeout(self._deadline - time.monotonic()) as self._limit:
                    self._ends = self._limit.when() or 0.0
                    response: Any = await self._client.transport.handle_async_request(request)
                    async with aclosing(response.stream) as stream:
                        async for part in stream:
                            body += part
                            if len(body) >= _MAX_BODY_BYTES:
                                break
            except TimeoutError as error:
                if not self._limit.expired():  # not ours
                    raise
                may_be_sent = self.sent or not isinstance(self._client.transport, httpx.AsyncHTTPTransport)
                raise (httpx.ReadTimeout if may_be_sent else httpx.ConnectTimeout)("timed out") from error
        return self._complete(request, response, body)

    def seconds(self) -> float:
        """Seconds since it started."""
        return time.monotonic() - self.started

    @contextmanager
    def _prepared(self, *arguments: Any) -> Iterator[httpx.Request]:
        """A request. Its credentials are removed afterwards, also from the frames that error reporters show."""
        try:
            request = self._client.prepare(*arguments)
            try:
                yield request
            finally:
                request.headers.pop("Authorization", None)  # a user's transport can have removed it
        except BaseException as error:
            self.foreign = raised_by_signal(error, self.handled)
            clear_locals(error, self.handled)
            raise

    def _complete(self, request: httpx.Request, response: httpx.Response, body: bytearray) -> httpx.Response:
        response.headers.pop("Content-Encoding", None)  # the body is kept as it came
        response.stream = httpx.ByteStream(bytes(body[:_MAX_BODY_BYTES]))
        response.request = request
        response.read()
        response.elapsed = timedelta(seconds=self.seconds())
        return response

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.connecting = True
        elif event.endswith("send_request_headers.started"):
            self.sent = self.sent or info["request"].method != b"CONNECT"  # not the request for a tunnel
        elif event.endswith("receive_response_headers.complete"):
            self.answered = self.sent

    async def _trace_async(self, event: str, info: dict[str, Any]) -> None:
        self._trace(event, info)
        if self.sent and event.endswith(("response_headers.started", "response_headers.complete")):
            late = time.monotonic() + self._client.timeout - self._deadline  # so that a flood of 1xx ends in time
            self._limit.reschedule(self._ends + (0.0 if self.answered else min(0.0, late)))


def _cut(timeout: float | None, late: type[Exception]) -> float:
    """A timeout that ends by the deadline; raises `late` after it."""
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise late("the deadline is over")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    """Tries each address of a host. One that does not respond leaves time for the next."""

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **named: Any) -> _Stream:
        handled = sys.exception()
        try:
            addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for left, address in zip(range(len(addresses), 1, -1), addresses, strict=False):  # all but the last
            seconds = min(_cut(timeout, httpcore.ConnectTimeout) / left, _ADDRESS_SECONDS)
            try:
                return _Stream(super().connect_tcp(address, port, seconds, *rest, **named))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                if raised_by_signal(error, handled):
                    raise
        return _Stream(super().connect_tcp(addresses[-1], port, _cut(timeout, httpcore.ConnectTimeout), *rest, **named))


class _Stream(httpcore.NetworkStream):
    """A connection whose waits end by the deadline, and whose responses are limited."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._received = 0
        self._used_at = time.time()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, _cut(timeout, httpcore.ReadTimeout))
        self._received += len(data)
        self._used_at = time.time()
        if self._received > _MAX_RESPONSE_BYTES:
            raise httpcore.RemoteProtocolError(f"the response has more than {_MAX_RESPONSE_BYTES} bytes")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._received = 0
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._stream.write(buffer[start : start + _WRITE_BYTES], _cut(timeout, httpcore.WriteTimeout))

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _cut(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and time.time() - self._used_at > _IDLE_SECONDS:
            return True  # the pool closes it: while a machine is frozen, the pool's monotonic clock stands still
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


def _transport(configuration: Configuration, owner: str, kind: Any) -> tuple[Any, str]:
    """The transport of a configuration, and its destination for messages."""
    if not isinstance(configuration, Configuration):
        raise WrongCallError(f"{owner} takes a Configuration, not {type_name(configuration)}")
    given, address, is_async = configuration.transport, configuration.url, kind is httpx.AsyncBaseTransport
    _require_url(address, "base_url")
    if given is not None and given != "aiohttp":
        if not isinstance(given, kind):
            raise ConfigurationError(f"transport is not an httpx.{kind.__name__}, which {owner} needs")
        return given, address
    if not is_async and (given or configuration.http2):
        setting = "transport='aiohttp'" if given else "http2=True"
        raise ConfigurationError(f"{setting} is for AsyncEventsApi, not for {owner}")
    make: Any = httpx.AsyncHTTPTransport if is_async else httpx.HTTPTransport
    if given:
        make = import_module("httpx_aiohttp").AiohttpTransport
    proxy, trusted = _proxy(configuration), configuration.trusted(address)
    made = make(verify=trusted, limits=_LIMITS, proxy=proxy, http2=configuration.http2, trust_env=False)
    if not is_async:
        pool = made._pool  # noqa: SLF001
        pool._network_backend = _Backend()  # noqa: SLF001  # httpx does not pass on this argument of httpcore's pool
        pool._optional_thread_lock = RLock()  # noqa: SLF001  # an exception of a signal handler leaves its own lock locked
    return made, address if proxy is None else f"{address} through the proxy {proxy.url.copy_with(userinfo=b'')}"


def _require_url(address: str, name: str) -> None:
    with suppress(Exception):  # several libraries raise, with the address in the text, which can have a password
        httpx.URL(address).host  # noqa: B018  # decoded at this access
        return
    raise ConfigurationError(f"{name} is not a valid address: check its host")


def _proxy(configuration: Configuration) -> httpx.Proxy | None:
    if not (address := configuration.find_proxy()):
        return None
    _require_url(address, "proxy")
    trusted = configuration.trusted(address) if address.startswith("https:") else None
    return httpx.Proxy(address, ssl_context=trusted or None)
