# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

from typing import Any

import httpx
from msgspec.json import Decoder

from ...models import ApiErrorResponse, Batch
from ...types import AsyncSender, Response, Sender, read_error
from ...wire import encode

_ERRORS = Decoder(ApiErrorResponse)


def _get_kwargs(*, body: Batch | bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    headers["Content-Type"] = "application/json"
    return {
        "method": "post",
        "url": "/events",
        "headers": headers,
        "content": body if isinstance(body, bytes) else encode(body),
    }


def _build_response(response: httpx.Response) -> Response[ApiErrorResponse]:
    return Response(
        status_code=response.status_code,
        parsed=None if response.is_success else read_error(response.content, _ERRORS, ApiErrorResponse),
        http=response,
    )


def sync_detailed(*, client: Sender, body: Batch | bytes) -> Response[ApiErrorResponse]:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: What it goes through, such as a `Client`.
        body: What to send; bytes where it is encoded already.

    Returns:
        The status, what the service said, and the answer itself.

    Raises:
        httpx.TimeoutException: No answer within the timeout of `client`.
        httpx.TransportError: No connection, or one that broke.
    """

    return _build_response(client.request(**_get_kwargs(body=body)))


def sync(*, client: Sender, body: Batch | bytes) -> ApiErrorResponse | None:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: What it goes through, such as a `Client`.
        body: What to send; bytes where it is encoded already.

    Returns:
        None where the service accepted, else what it said.

    Raises:
        httpx.TimeoutException: No answer within the timeout of `client`.
        httpx.TransportError: No connection, or one that broke.
    """

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(*, client: AsyncSender, body: Batch | bytes) -> Response[ApiErrorResponse]:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: What it goes through, such as a `Client`.
        body: What to send; bytes where it is encoded already.

    Returns:
        The status, what the service said, and the answer itself.

    Raises:
        httpx.TimeoutException: No answer within the timeout of `client`.
        httpx.TransportError: No connection, or one that broke.
    """

    return _build_response(await client.arequest(**_get_kwargs(body=body)))


async def asyncio(*, client: AsyncSender, body: Batch | bytes) -> ApiErrorResponse | None:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: What it goes through, such as a `Client`.
        body: What to send; bytes where it is encoded already.

    Returns:
        None where the service accepted, else what it said.

    Raises:
        httpx.TimeoutException: No answer within the timeout of `client`.
        httpx.TransportError: No connection, or one that broke.
    """

    return (await asyncio_detailed(client=client, body=body)).parsed
