"""HTTP: sends prepared requests through httpx's transports, each within its deadline and with a limited response."""

from __future__ import annotations

import signal
import socket
import ssl
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from importlib import import_module
from traceback import clear_frames, walk_tb
from typing import Any, Generic, Literal, TypeVar

import httpcore
import httpx

from .._version import __version__
from ..configuration import Configuration, is_loopback, require_package
from ..errors import ConfigurationError, WrongCallError, type_name
from ..results import chain

MAX_CONNECTIONS = 100
_MAX_RESPONSE_BYTES = 131_072  # with headers; mParticle's responses have some hundred bytes
_MAX_BODY_BYTES = 65_536  # the rest of a body is not read
_IDLE_SECONDS = 30.0  # load balancers close idle connections after a minute
_CONNECT_SECONDS = 10.0
_ADDRESS_SECONDS = 2.0  # per address of a host, while there is another one to try
_WRITE_BYTES = 16_384  # written at once; the deadline is checked in between
_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS)
_USER_AGENT = f"mparticle-ext/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"
_DEADLINE: ContextVar[float] = ContextVar("the deadline of the request that is being sent, by time.monotonic()")

Transport = TypeVar("Transport", httpx.BaseTransport, httpx.AsyncBaseTransport)


class HttpClient(Generic[Transport]):
    """A transport, and everything that is the same in all requests.

    Attributes:
        transport: The transport.
        address: The destination, for messages.
        is_traced: Whether the transport supports httpx's `trace` extension.
    """

    def __init__(self, configuration: Configuration, owner: str, kind: type[Transport]) -> None:
        self.transport, self.address = _transport(configuration, owner, kind)
        self.is_traced = isinstance(self.transport, (httpx.HTTPTransport, httpx.AsyncHTTPTransport))
        self._base_url = configuration.url
        self._timeout = configuration.timeout
        self._urls: dict[str, httpx.URL] = {}
        credentials = b64encode(f"{configuration.api_key}:{configuration.api_secret}".encode())
        self._headers = [
            (b"Host", httpx.URL(configuration.url).netloc),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),  # a compressed response could expand beyond the limit
            (b"Connection", b"keep-alive"),
            (b"User-Agent", _USER_AGENT.encode()),
            (b"Authorization", b"Basic " + credentials),
        ]

    def prepare(self, method: str, path: str, content: bytes, headers: dict[str, str], trace: object) -> httpx.Request:
        """Make a request whose timeouts end by the deadline."""
        part, left = _cut(self._timeout, httpx.PoolTimeout), _cut(None, httpx.PoolTimeout)
        timeouts = {"connect": min(part, _CONNECT_SECONDS), "read": part, "write": part, "pool": left}
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx.URL(self._base_url + path)
        length = (b"Content-Length", b"%d" % len(content))
        request = httpx.Request(
            method,
            url,
            headers=[*self._headers, *((name.encode(), value.encode()) for name, value in headers.items()), length],
            stream=httpx.ByteStream(content),
            extensions={"timeout": timeouts, "trace": trace},
        )
        request.read()  # so that `request.content` can be read
        return request


class HttpAttempt:
    """One attempt to send a request before a deadline. The generated operations send through it.

    Attributes:
        started: The start, by `time.monotonic()`.
        connecting: Whether a new connection was begun.
        sent: Whether sending the request was begun.
    """

    def __init__(self, client: HttpClient[Any], deadline: float) -> None:
        self._client = client
        self._deadline = deadline
        self._answered = False
        self.started = time.monotonic()
        self.connecting = self.sent = False
        _DEADLINE.set(deadline)

    @property
    def is_stale(self) -> bool:
        """Whether the request went out on a reused connection, and no response began."""
        return self.sent and not self.connecting and not self._answered

    def request(self, method: str, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request, and read the response."""
        request = self._client.prepare(method, url, content, headers, self._trace)
        body = bytearray()
        with _credentials_removed(request):
            response: httpx.Response = self._client.transport.handle_request(request)
            try:
                for part in response.stream:  # type: ignore[union-attr]  # a sync transport's
                    body += part
                    if len(body) > _MAX_BODY_BYTES:
                        break
            finally:
                response.stream.close()  # type: ignore[union-attr]
        return self._complete(request, response, body)

    async def arequest(self, method: str, url: str, *, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """Send a request, and read the response."""
        import asyncio  # here, so that a blocking program does not load it

        request = self._client.prepare(method, url, content, headers, self._trace_async)
        body = bytearray()
        with _credentials_removed(request):
            try:
                async with asyncio.timeout(self._deadline - time.monotonic()):
                    response: httpx.Response = await self._client.transport.handle_async_request(request)
                    try:
                        async for part in response.stream:  # type: ignore[union-attr]  # an async transport's
                            body += part
                            if len(body) > _MAX_BODY_BYTES:
                                break
                    finally:
                        await response.stream.aclose()  # type: ignore[union-attr]
            except TimeoutError as error:
                may_be_sent = self.sent or not self._client.is_traced
                raise (httpx.ReadTimeout if may_be_sent else httpx.ConnectTimeout)("the deadline is over") from error
        return self._complete(request, response, body)

    def _complete(self, request: httpx.Request, response: httpx.Response, body: bytearray) -> httpx.Response:
        response.headers.pop("Content-Encoding", None)  # the body is kept as it came
        response.stream = httpx.ByteStream(bytes(body[:_MAX_BODY_BYTES]))
        response.request = request
        response.read()
        response.elapsed = timedelta(seconds=time.monotonic() - self.started)
        return response

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.connecting = True
        elif event.endswith("send_request_headers.started"):
            self.sent = self.sent or info["request"].method != b"CONNECT"  # not the request for a tunnel
        elif event.endswith("receive_response_headers.complete"):
            self._answered = self.sent

    async def _trace_async(self, event: str, info: dict[str, Any]) -> None:
        self._trace(event, info)


@contextmanager
def _credentials_removed(request: httpx.Request) -> Iterator[None]:
    """Remove the credentials from the request and from the frames of an exception, which error reporters show."""
    try:
        yield
    except BaseException as error:
        for one in chain(error):
            clear_frames(one.__traceback__)
        raise
    finally:
        del request.headers["Authorization"]


def raised_by_signal(error: BaseException) -> BaseException | None:
    """The exception of a signal handler that httpcore took for the socket's own, such as SIGALRM's TimeoutError."""
    while error.__cause__ is not None:
        error = error.__cause__
    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    return error if any(frame.f_code in handlers for frame, _ in walk_tb(error.__traceback__)) else None


def _cut(timeout: float | None, late: type[Exception]) -> float:
    """A timeout that ends by the deadline; raises `late` after it."""
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise late("the deadline is over")
    return left if timeout is None else min(timeout, left)


class _Backend(httpcore.SyncBackend):
    """Tries each address of a host. One that does not respond leaves time for the next."""

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *others: Any, **named: Any) -> _Stream:
        try:
            addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in addresses[:-1]:
            seconds = _cut(min(timeout or _ADDRESS_SECONDS, _ADDRESS_SECONDS), httpcore.ConnectTimeout)
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return _Stream(super().connect_tcp(address, port, seconds, *others, **named))
        seconds = _cut(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(addresses[-1], port, seconds, *others, **named))


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

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        seconds = _cut(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds))

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
    address, transport = configuration.url, configuration.transport
    _require_url(address, "base_url")
    if transport is not None and transport != "aiohttp":
        if not isinstance(transport, kind):
            raise ConfigurationError(f"transport is not an httpx.{kind.__name__}, which {owner} needs")
        return transport, address
    proxy = _proxy(configuration)
    if proxy is not None:
        address += f" through the proxy {proxy.url.scheme}://{proxy.url.netloc.decode()}"
    make: Any = httpx.HTTPTransport if kind is httpx.BaseTransport else httpx.AsyncHTTPTransport
    if transport == "aiohttp":
        if kind is httpx.BaseTransport:
            raise ConfigurationError(f"transport='aiohttp' is for AsyncEventsApi: leave it out for {owner}")
        make = import_module("httpx_aiohttp").AiohttpTransport
    made = make(
        verify=_trusted(configuration, address), limits=_LIMITS, proxy=proxy, http2=configuration.http2, trust_env=False
    )
    if isinstance(made, httpx.HTTPTransport):
        made._pool._network_backend = _Backend()  # noqa: SLF001  # httpx does not pass on this argument of httpcore's pool
    return made, address


def _trusted(configuration: Configuration, address: str) -> ssl.SSLContext | Literal[False]:
    """The TLS settings; none for http://, because loading certificates takes time."""
    return configuration.ssl_context or (httpx.create_ssl_context() if address.startswith("https:") else False)


def _require_url(address: str, name: str) -> None:
    with suppress(Exception):  # several libraries raise, with the address in the text, which can have a password
        httpx.URL(address).host  # noqa: B018  # decoded at this access
        return
    raise ConfigurationError(f"{name} is not a valid address: check its host")


def _proxy(configuration: Configuration) -> httpx.Proxy | None:
    """The configured proxy, or the environment's."""
    address = configuration.proxy or (_environment_proxy(configuration.url) if configuration.trust_env else None)
    if not address:
        return None
    _require_url(address, "proxy")
    if address.startswith("socks5"):
        require_package("socksio", "a socks5:// proxy", "httpx[socks]")
    trusted = _trusted(configuration, address)
    with suppress(ValueError):
        return httpx.Proxy(address, ssl_context=trusted or None)
    raise ConfigurationError(f"proxy has an unknown scheme: {address.partition('://')[0]}://")


def _environment_proxy(address: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass  # loaded by httpx anyway

    url = httpx.URL(address)
    if is_loopback(url.host) or proxy_bypass(f"{url.host}:{url.port or {'http': 80, 'https': 443}[url.scheme]}"):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return found if found is None or "://" in found else f"http://{found}"
