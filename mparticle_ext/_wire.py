"""Requests and answers between httpx, which users see, and httpcore, which carries them; and the way out."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpcore
import httpx

from ._configuration import LOOPBACK, Configuration

if TYPE_CHECKING:
    from ._limits import Limits


def httpcore_request(request: httpx.Request, limits: Limits) -> httpcore.Request:
    """A request as httpcore takes it. Waiting for a connection of the pool ends by the deadline."""
    url = request.url
    limits.needs_tls = url.scheme == "https"
    timeouts = {**request.extensions["timeout"], "pool": limits.cut(None, httpcore.PoolTimeout)}
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={**request.extensions, "timeout": timeouts},
    )


def httpx_response(answer: httpcore.Response, body: bytes) -> httpx.Response:
    """An answer as users get it. It is not unpacked: a small body that was packed may be an enormous one."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != b"content-encoding"]
    return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(body), extensions=answer.extensions)


def trusted(configuration: Configuration) -> ssl.SSLContext | None:
    """What a connection trusts; None where there is nothing to encrypt, because making one takes time."""
    if configuration.ssl_context is not None:
        return configuration.ssl_context
    return httpx.create_ssl_context() if configuration.url.startswith("https:") else None


def way_out(configuration: Configuration) -> httpcore.Proxy | None:
    """The proxy to go through: the one that is given, else the environment's; never to this machine itself."""
    address = configuration.proxy or (_proxy_of_environment(configuration.url) if configuration.trust_env else None)
    if not address:
        return None
    proxy = httpx.Proxy(address)
    url = proxy.url
    return httpcore.Proxy(
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )


def _proxy_of_environment(address: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass  # which httpx has loaded anyway

    url = httpx.URL(address)
    if LOOPBACK.fullmatch(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return found if found is None or "://" in found else f"http://{found}"
