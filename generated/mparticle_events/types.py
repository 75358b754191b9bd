# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""What an operation sends through, and what it gives back."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import httpx
from msgspec import DecodeError
from msgspec.json import Decoder

T = TypeVar("T")


class Sender(Protocol):
    """What a blocking operation sends through: a `Client`, or another way to the service."""

    def request(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request to a path below the base URL, with what else `httpx.request` takes."""
        ...


class AsyncSender(Protocol):
    """What an asyncio operation sends through: a `Client`, or another way to the service."""

    async def arequest(self, method: str, url: str, **what: Any) -> httpx.Response:
        """Send a request to a path below the base URL, with what else `httpx.request` takes."""
        ...


@dataclass(frozen=True)
class Response(Generic[T]):
    """An answer of the service.

    Attributes:
        status_code: The HTTP status, also where no standard names it.
        parsed: None where the service accepted, else what it said; empty where it said nothing that can be read.
        http: The answer as httpx gives it. Left out of the repr, with the request it belongs to.
    """

    status_code: int
    parsed: T | None
    http: httpx.Response = field(repr=False)

    @property
    def content(self) -> bytes:
        """The body."""
        return self.http.content

    @property
    def headers(self) -> httpx.Headers:
        """The headers."""
        return self.http.headers


def read_error(content: bytes, decoder: Decoder[T], empty: type[T]) -> T:
    """Read the body of a refusal; a body that is missing, no JSON or of another shape is read as an empty error."""
    try:
        return decoder.decode(content)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return empty()
