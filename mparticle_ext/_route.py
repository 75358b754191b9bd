"""The way to the service: where to connect, and what is said on a new connection before the first request."""

from __future__ import annotations

import ssl
from base64 import b64encode

import httpx
from attrs import field, frozen

from ._exchange import Answer, Conversation, exchange
from ._tls import Tls, carried

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@frozen
class Route:
    """Where connections go.

    Attributes:
        url: The service.
        ssl_context: What is trusted; None where nothing is encrypted.
        proxy: What it goes through.
    """

    url: httpx.URL
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    proxy: httpx.Proxy | None = field(default=None, repr=False)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port to connect to."""
        return _host_and_port(self.url if self.proxy is None else self.proxy.url)

    @property
    def forwarding(self) -> httpx.Headers | None:
        """The headers for a proxy that is asked to forward each request; None where there is none, or a tunnel."""
        if self.proxy is None or self.url.scheme == "https" or not self.proxy.url.scheme.startswith("http"):
            return None
        return _for_proxy(self.proxy)

    def opening(self, layers: list[Tls]) -> Conversation[None]:
        """What is said on a new connection; the layers of encryption are added while it is.

        Raises:
            httpx.ProxyError: The proxy refuses.
            ssl.SSLError: There is nobody to be trusted.
        """
        host, _ = _host_and_port(self.url)
        if self.proxy is not None:
            if self.proxy.url.scheme == "https":
                yield from _secured(layers, self.ssl_context, self.proxy.url.host)
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
    headers = [(b"Host", there.encode()), *_for_proxy(proxy).raw]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    answer = _TunnelAnswer()
    yield from exchange(b"CONNECT %s HTTP/1.1\r\n%s\r\n" % (there.encode(), lines), answer)
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
    connection = socks5.SOCKS5Connection()
    try:
        connection.send(socks5.SOCKS5AuthMethodsRequest([method]))
        chosen = connection.receive_data((yield connection.data_to_send()))
        if getattr(chosen, "method", None) != method:
            raise httpx.ProxyError("the SOCKS proxy wants another kind of authentication")
        if proxy.raw_auth:
            connection.send(socks5.SOCKS5UsernamePasswordRequest(*proxy.raw_auth))
            allowed = connection.receive_data((yield connection.data_to_send()))
            if not getattr(allowed, "success", False):
                raise httpx.ProxyError("the SOCKS proxy refuses the user name or the password")
        command = socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, _host_and_port(url))
        connection.send(command)
        reply = connection.receive_data((yield connection.data_to_send()))
    except ProtocolError as error:
        raise httpx.ProxyError(f"the SOCKS proxy speaks something else: {error}") from None
    code = getattr(reply, "reply_code", None)
    if code is not socks5.SOCKS5ReplyCode.SUCCEEDED:
        raise httpx.ProxyError(f"the SOCKS proxy could not connect: {getattr(code, 'name', 'no reply')}")


def _for_proxy(proxy: httpx.Proxy) -> httpx.Headers:
    headers = httpx.Headers(proxy.headers)
    if proxy.raw_auth is not None:
        headers["Proxy-Authorization"] = "Basic " + b64encode(b":".join(proxy.raw_auth)).decode()
    return headers


def _host_and_port(url: httpx.URL) -> tuple[str, int]:
    return url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
