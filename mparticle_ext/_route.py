"""The way to the service: where to connect, and what is said on a new connection before the first request."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx

from ._exchange import Answer, Conversation, Hushed, exchange, header_lines
from ._record import Record
from ._tls import Tls, carried

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class Route(Record):
    """Where connections go.

    Attributes:
        url: The service.
        authorization: What lets us in.
        ssl_context: What is trusted; None where nothing is encrypted.
        proxy: What it goes through.
    """

    url: httpx.URL
    authorization: str
    ssl_context: ssl.SSLContext | None = None
    proxy: httpx.Proxy | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and port to connect to."""
        return _host_and_port(self.url if self.proxy is None else self.proxy.url)

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy forwards each request, and is no tunnel."""
        return self.proxy is not None and self.url.scheme == "http" and self.proxy.url.scheme.startswith("http")

    @property
    def hidden(self) -> bytes:
        """The lines of the headers that are in no request that users see."""
        login = {"Authorization": self.authorization}
        if self.proxy is None or not self.is_forwarded:
            return header_lines(login)
        return header_lines({**login, **_for_proxy(self.proxy)})

    def opening(self, layers: list[Tls]) -> Conversation[None]:
        """What is said on a new connection; the layers of encryption are added while it is.

        Raises:
            httpx.ProxyError: The proxy refuses.
            ssl.SSLError: There is nobody to be trusted.
        """
        host, _ = _host_and_port(self.url)
        if self.proxy is not None:
            if self.proxy.url.scheme == "https":
                yield from _secured(layers, self.proxy.ssl_context, self.proxy.url.host)
            if not self.proxy.url.scheme.startswith("http"):
                yield from _through_socks(self.url, self.proxy)
            elif self.url.scheme == "https":
                yield from carried(_tunnel(self.url, self.proxy), layers)
        if self.url.scheme == "https":
            yield from _secured(layers, self.ssl_context, host)


def _secured(layers: list[Tls], context: ssl.SSLContext | None, host: str) -> Conversation[None]:
    assert context is not None, "a route with TLS has a context"  # noqa: S101
    layer = Tls(context, host)
    yield from carried(layer.handshake(), layers)
    layers.append(layer)


def _tunnel(url: httpx.URL, proxy: httpx.Proxy) -> Conversation[None]:
    host, port = _host_and_port(url)
    there = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    answer = _TunnelAnswer()
    headers = header_lines({"Host": there, **_for_proxy(proxy)})
    yield from exchange([Hushed(b"CONNECT %s HTTP/1.1\r\n%s\r\n" % (there.encode(), headers))], answer)
    if not 200 <= answer.status <= 299:
        raise httpx.ProxyError(f"the proxy refuses the tunnel with HTTP {answer.status}")


class _TunnelAnswer(Answer):
    """The answer to CONNECT, which ends with its headers: what follows belongs to the tunnel."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._complete = self.status >= 200


def _through_socks(url: httpx.URL, proxy: httpx.Proxy) -> Conversation[None]:
    from socksio import ProtocolError, socks5

    method = socks5.SOCKS5AuthMethod.USERNAME_PASSWORD if proxy.raw_auth else socks5.SOCKS5AuthMethod.NO_AUTH_REQUIRED
    connection: Any = socks5.SOCKS5Connection()
    try:
        connection.send(socks5.SOCKS5AuthMethodsRequest([method]))
        chosen = connection.receive_data((yield from _whole(connection.data_to_send(), _two_bytes)))
        if getattr(chosen, "method", None) != method:
            raise httpx.ProxyError("the SOCKS proxy wants another kind of authentication")
        if proxy.raw_auth:
            connection.send(socks5.SOCKS5UsernamePasswordRequest(*proxy.raw_auth))
            allowed = connection.receive_data((yield from _whole(connection.data_to_send(), _two_bytes)))
            if not getattr(allowed, "success", False):
                raise httpx.ProxyError("the SOCKS proxy refuses the user name or the password")
        command = socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, _host_and_port(url))
        connection.send(command)
        reply = connection.receive_data((yield from _whole(connection.data_to_send(), _reply_bytes)))
    except (ProtocolError, OverflowError) as error:  # a name or password of more than 255 bytes overflows
        raise httpx.ProxyError(f"the SOCKS proxy speaks something else: {error}") from None
    code = getattr(reply, "reply_code", None)
    if code is not socks5.SOCKS5ReplyCode.SUCCEEDED:
        raise httpx.ProxyError(f"the SOCKS proxy could not connect: {getattr(code, 'name', 'no reply')}")


def _whole(said: bytes, length: Callable[[bytes], int]) -> Conversation[bytes]:
    """Say something, and hear a whole reply, however it comes."""
    heard = yield [Hushed(said)]
    while len(heard) < length(heard):
        more = yield ()
        if not more:
            raise httpx.ProxyError("the SOCKS proxy closed the connection")
        heard += more
    return heard


def _two_bytes(_: bytes) -> int:
    return 2


def _reply_bytes(heard: bytes) -> int:
    """How long a reply is, by the kind of address in it (RFC 1928, section 6)."""
    if len(heard) < 5:
        return 5
    kind = heard[3]
    return 10 if kind == 1 else 22 if kind == 4 else 7 + heard[4]


def _for_proxy(proxy: httpx.Proxy) -> dict[str, str]:
    return {} if proxy.auth is None else {"Proxy-Authorization": basic(*proxy.auth)}


def basic(name: str, password: str) -> str:
    """What HTTP Basic says (RFC 7617)."""
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def _host_and_port(url: httpx.URL) -> tuple[str, int]:
    return url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
