"""What the generated operations send through: whole requests, straight to a transport.

An `httpx.Client` would put each together from its parts anew, at more than the cost of sending it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from ._configuration import Configuration
from ._version import __version__

_CONNECT_SECONDS = 10.0  # for each address of the host: one that is dead leaves time for the next
_AGENT = f"mparticle-ext/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"


class _Requests:
    """Makes the requests of one API, without the credentials. What is the same in each is made once."""

    def __init__(self, configuration: Configuration) -> None:
        timeout = configuration.timeout
        self._base_url = configuration.url
        self._urls: dict[str, httpx.URL] = {}
        self._extensions = {"timeout": httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)).as_dict()}
        self._headers = [
            (b"Host", httpx.URL(self._base_url).netloc),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),  # an answer is short: nothing to gain, and nothing that can explode
            (b"Connection", b"keep-alive"),
            (b"User-Agent", _AGENT.encode()),
        ]

    def make(self, method: str, path: str, *, content: bytes, headers: Mapping[str, str]) -> httpx.Request:
        """A request to a path below the base URL."""
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx.URL(self._base_url + path)
        these = [(name.encode(), value.encode()) for name, value in headers.items()]
        length = (b"Content-Length", b"%d" % len(content))
        request = httpx.Request(
            method,
            url,
            headers=[*self._headers, *these, length],
            stream=httpx.ByteStream(content),
            extensions=self._extensions,
        )
        request.read()  # so that its content can be looked at
        return request


class Sender:
    """Sends through a transport."""

    def __init__(self, configuration: Configuration, transport: httpx.BaseTransport) -> None:
        self._requests = _Requests(configuration)
        self._transport = transport

    def request(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request, and return the whole answer."""
        request = self._requests.make(method, url, **what)
        began = time.perf_counter()
        response = self._transport.handle_request(request)
        response.request = request
        response.elapsed = timedelta(seconds=time.perf_counter() - began)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class AsyncSender:
    """The same from asyncio."""

    def __init__(self, configuration: Configuration, transport: httpx.AsyncBaseTransport) -> None:
        self._requests = _Requests(configuration)
        self._transport = transport

    async def arequest(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request, and return the whole answer."""
        request = self._requests.make(method, url, **what)
        began = time.perf_counter()
        response = await self._transport.handle_async_request(request)
        response.request = request
        response.elapsed = timedelta(seconds=time.perf_counter() - began)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
