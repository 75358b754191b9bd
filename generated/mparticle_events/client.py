# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""The connection to the service."""

from collections.abc import Mapping
from typing import Any, NoReturn, Self

import httpx
from attrs import define, evolve, field

from .service import DEFAULT_POD, SERVERS


def _finite(_client: object, _attribute: object, timeout: object) -> None:
    if timeout is None:
        raise ValueError("timeout is None, which would wait for ever: give seconds, or an httpx.Timeout")


@define
class Client:
    """Who talks to the service, and how. One Client keeps one pool of connections; it may be shared by threads.

    Attributes:
        api_key: The key of the input that the data belongs to. Not in the repr.
        api_secret: The secret beside it. Not in the repr.
        base_url: Where the operations' paths start.
        timeout: Seconds to wait for a connection, and then for each part of the answer; or an `httpx.Timeout`.
        headers: Sent with every request. Not in the repr.
        httpx_args: Further arguments of `httpx.Client` and `httpx.AsyncClient`, such as `transport`. Not in the repr.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    base_url: str = SERVERS[DEFAULT_POD]
    timeout: float | httpx.Timeout = field(default=60.0, validator=_finite)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    httpx_args: Mapping[str, Any] = field(factory=dict, repr=False)
    _client: httpx.Client | None = field(default=None, init=False, repr=False)
    _async_client: httpx.AsyncClient | None = field(default=None, init=False, repr=False)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """A new Client with these headers too; this one stays as it is."""
        return evolve(self, headers={**self.headers, **headers})

    def with_timeout(self, timeout: float | httpx.Timeout) -> Self:
        """A new Client with this timeout; this one stays as it is."""
        return evolve(self, timeout=timeout)

    def get_httpx_client(self) -> httpx.Client:
        """The `httpx.Client` behind the blocking operations, made at first use."""
        if self._client is None:
            self._client = httpx.Client(**self._arguments())
        return self._client

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """The `httpx.AsyncClient` behind the asyncio operations, made at first use."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(**self._arguments())
        return self._async_client

    def request(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request to a path below the base URL, as an operation does."""
        return self.get_httpx_client().request(method, url, **what)

    async def arequest(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request to a path below the base URL, as an asyncio operation does."""
        return await self.get_async_httpx_client().request(method, url, **what)

    def close(self) -> None:
        """Close the blocking connections. A later operation opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the asyncio connections. A later operation opens new ones."""
        if self._async_client is not None:
            await self._async_client.aclose()
            self._async_client = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Client holds a secret, which goes into no pickle: make it anew over there")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _arguments(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "auth": httpx.BasicAuth(self.api_key, self.api_secret),
            "headers": self.headers,
            "timeout": self.timeout,
            "follow_redirects": False,  # the credentials stay with the service they were given for
            **self.httpx_args,
        }
