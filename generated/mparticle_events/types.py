# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The arguments and results of the operations in `api`."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import httpx
from msgspec import DecodeError
from msgspec.json import Decoder

T = TypeVar("T")


class Sender(Protocol):
    """Sends the request of a blocking operation, as a `Client` does."""

    def request(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Send a request to a path below the base URL, with the arguments of `httpx.request`."""
        ...


class AsyncSender(Protocol):
    """Sends the request of an asyncio operation, as a `Client` does."""

    async def arequest(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Send a request to a path below the base URL, with the arguments of `httpx.request`."""
        ...


@dataclass(frozen=True)
class Response(Generic[T]):
    """A response of the service.

    Attributes:
        status_code: The HTTP status code, which may be a non-standard one.
        parsed: None if the service accepted the request, otherwise the parsed error. The error has no fields set if the
            body cannot be parsed.
        http: The response of httpx. Not in the repr, because its request contains the credentials.
    """

    status_code: int
    parsed: T | None
    http: httpx.Response = field(repr=False)

    @property
    def content(self) -> bytes:
        """The response body."""
        return self.http.content

    @property
    def headers(self) -> httpx.Headers:
        """The response headers."""
        return self.http.headers


def read_error(content: bytes, decoder: Decoder[T], empty: type[T]) -> T:
    """Parse the body of an error response. Return an empty error if the body is not valid."""
    try:
        return decoder.decode(content)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return empty()
