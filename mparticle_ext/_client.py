"""What a Configuration says of the way out: the transport, what its connections trust, the proxy they go through."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from typing import Generic, TypeVar

import httpx

from ._configuration import Configuration, is_loopback
from ._errors import ConfigurationError, WrongCallError, kind_of
from ._record import Record
from ._route import Route, basic

Kind = TypeVar("Kind")


class Outside(Record, Generic[Kind]):
    """What leads out of this process.

    Attributes:
        address: Where to, for a message.
        way: A transport that was given, or the route for ours.
        authorization: What lets us in.
    """

    address: str
    way: Kind | Route
    authorization: str


def outside_of(configuration: Configuration, owner: str, kind: type[Kind]) -> Outside[Kind]:
    """What a configuration says of the outside, for the API that it was given to.

    Raises:
        WrongCallError: It is no configuration.
        ConfigurationError: Its transport is of another kind, or its base_url or proxy is none after all.
    """
    if not isinstance(configuration, Configuration):
        raise WrongCallError(f"{owner} takes a Configuration, not {kind_of(configuration)}")
    _require_url(configuration.url, "base_url")
    login = basic(configuration.api_key, configuration.api_secret)
    transport = configuration.transport
    if transport is None:
        proxy = _way_out(configuration)
        through = f" through the proxy {proxy.url.scheme}://{proxy.url.netloc.decode()}" if proxy is not None else ""
        route = Route(httpx.URL(configuration.url), login, _trusted(configuration), proxy)
        return Outside(configuration.url + through, route, login)
    if isinstance(transport, kind):
        return Outside(configuration.url, transport, login)
    raise ConfigurationError(f"transport is no httpx.{kind.__name__}, which {owner} sends through")


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


def _way_out(configuration: Configuration) -> httpx.Proxy | None:
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
    return _proxy(address)


def _proxy(address: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(address, ssl_context=httpx.create_ssl_context() if address.startswith("https:") else None)
    except ValueError:
        scheme = address.partition("://")[0]
    raise ConfigurationError(f"proxy is of a kind that is not known: {scheme}://")


def _proxy_of_environment(address: str) -> str | None:
    from urllib.request import getproxies, proxy_bypass  # which httpx has loaded anyway

    url = httpx.URL(address)
    if is_loopback(url.host) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return found if found is None or "://" in found else f"http://{found}"
