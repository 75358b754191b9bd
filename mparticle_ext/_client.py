"""From a Configuration to the generated client, with what its connections trust and the way they go."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from platform import python_version
from typing import Generic, TypeVar

import httpcore
import httpx
from attrs import field, frozen
from mparticle_events.client import Client

from ._configuration import LOOPBACK, Configuration
from ._errors import ConfigurationError, WrongCallError, kind_of
from ._version import __version__

_CONNECT_SECONDS = 10.0  # for each address of the host: one that is dead leaves time for the next

Kind = TypeVar("Kind")


@frozen
class Outside(Generic[Kind]):
    """What leads out of this process.

    Attributes:
        address: Where to, for a message.
        given: A transport that was given.
        ssl_context: What ours trusts.
        proxy: What it goes through.
    """

    address: str
    given: Kind | None
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    proxy: httpcore.Proxy | None = field(default=None, repr=False)


def outside_of(configuration: Configuration, owner: str, kind: type[Kind]) -> Outside[Kind]:
    """What a configuration says of the outside, for the API that it was given to.

    Raises:
        WrongCallError: It is no configuration.
        ConfigurationError: Its transport is of another kind, or its base_url or proxy is none after all.
    """
    if not isinstance(configuration, Configuration):
        raise WrongCallError(f"{owner} takes a Configuration, not {kind_of(configuration)}")
    _require_url(configuration.url, "base_url")
    transport = configuration.transport
    if transport is None:
        proxy = _way_out(configuration)
        through = f" through the proxy {_shown(proxy.url)}" if proxy is not None else ""
        return Outside(configuration.url + through, None, _trusted(configuration), proxy)
    if isinstance(transport, kind):
        return Outside(configuration.url, transport)
    raise ConfigurationError(f"transport is no httpx.{kind.__name__}, which {owner} sends through")


def client_of(configuration: Configuration, transport: httpx.BaseTransport | httpx.AsyncBaseTransport) -> Client:
    """The generated client for a configuration."""
    timeout = configuration.timeout
    return Client(
        api_key=configuration.api_key,
        api_secret=configuration.api_secret,
        base_url=configuration.url,
        timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
        headers={
            "User-Agent": f"mparticle-ext/{__version__} python/{python_version()}",
            "Accept-Encoding": "identity",  # an answer is a few bytes: nothing to gain, and nothing that can explode
        },
        httpx_args={"transport": transport, "trust_env": False},
    )


def _trusted(configuration: Configuration) -> ssl.SSLContext | None:
    """What a connection trusts; None where there is nothing to encrypt, because making one takes time."""
    if configuration.ssl_context is not None:
        return configuration.ssl_context
    return httpx.create_ssl_context() if configuration.url.startswith("https:") else None


def _require_url(address: str, name: str) -> None:
    try:
        httpx.URL(address).host  # noqa: B018  # decoded only now
    except Exception:  # of several libraries, and with the address in it, which may hold a password
        problem = f"{name} is no address: check its host"
    else:
        return
    raise ConfigurationError(problem)


def _way_out(configuration: Configuration) -> httpcore.Proxy | None:
    """The proxy to go through: the one that is given, else the environment's; never to this machine itself.

    Raises:
        ConfigurationError: It cannot be gone through.
    """
    address = configuration.proxy or (_proxy_of_environment(configuration.url) if configuration.trust_env else None)
    if not address:
        return None
    _require_url(address, "proxy")
    if address.startswith("socks5") and find_spec("socksio") is None:
        raise ConfigurationError('a socks5:// proxy needs one more package: pip install "httpx[socks]"')
    proxy = _proxy(address)
    url = proxy.url
    return httpcore.Proxy(
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )


def _shown(url: httpcore.URL) -> str:
    return f"{url.scheme.decode()}://{url.host.decode()}:{url.port}"


def _proxy(address: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(address)
    except ValueError:
        scheme = address.partition("://")[0]
    raise ConfigurationError(f"proxy is of a kind that is not known: {scheme}://")


def _proxy_of_environment(address: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass  # which httpx has loaded anyway

    url = httpx.URL(address)
    if LOOPBACK.fullmatch(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return found if found is None or "://" in found else f"http://{found}"
