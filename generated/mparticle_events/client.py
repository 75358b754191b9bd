# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The HTTP client for the operations in `api`."""

from collections.abc import Mapping
from typing import Any, NoReturn, Self

import httpx
from attrs import define, evolve, field

from .service import DEFAULT_POD, SERVERS


def _check_timeout(_client: object, _attribute: object, timeout: object) -> None:
    if timeout is None:
        raise ValueError("timeout: None would wait without limit: give seconds or an httpx.Timeout")


@define
class Client:
    """An HTTP client with credentials and a connection pool. Threads can share it.

    Attributes:
        api_key: The API key of the mParticle input. Not in the repr.
        api_secret: The API secret of the input. Not in the repr.
        base_url: The URL that the paths of the operations are appended to.
        timeout: The timeout in seconds, for the connection and for each read and write; or an `httpx.Timeout`.
        headers: HTTP headers for every request. Not in the repr.
        httpx_args: More arguments for `httpx.Client` and `httpx.AsyncClient`, such as `transport`. Not in the repr.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    base_url: str = SERVERS[DEFAULT_POD]
    timeout: float | httpx.Timeout = field(default=60.0, validator=_check_timeout)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    httpx_args: Mapping[str, Any] = field(factory=dict, repr=False)
    _client: httpx.Client | None = field(default=None, init=False, repr=False)
    _async_client: httpx.AsyncClient | None = field(default=None, init=False, repr=False)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return a copy of this client with additional headers. This client does not change."""
        return evolve(self, headers={**self.headers, **headers})

    def with_timeout(self, timeout: float | httpx.Timeout) -> Self:
        """Return a copy of this client with another timeout. This client does not change."""
        return evolve(self, timeout=timeout)

    def get_httpx_client(self) -> httpx.Client:
        """Return the `httpx.Client` of the blocking operations. The first call creates it."""
        if self._client is None:
            self._client = httpx.Client(**self._arguments())
        return self._client

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Return the `httpx.AsyncClient` of the asyncio operations. The first call creates it."""
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(**self._arguments())
        return self._async_client

    def request(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Send a request to a path below the base URL and return the response."""
        return self.get_httpx_client().request(method, url, **arguments)

    async def arequest(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Send a request to a path below the base URL and return the response, from asyncio."""
        return await self.get_async_httpx_client().request(method, url, **arguments)

    def close(self) -> None:
        """Close the connections of the blocking operations. A later operation opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the connections of the asyncio operations. A later operation opens new ones."""
        if self._async_client is not None:
            await self._async_client.aclose()
            self._async_client = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Client holds a secret and cannot be pickled: create it in the other process")

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
            **self.httpx_args,
        }
