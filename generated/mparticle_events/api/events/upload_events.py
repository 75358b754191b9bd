# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

from typing import Any

import httpx
from msgspec import Raw
from msgspec.json import Decoder

from ...client import Client
from ...models import ApiErrorResponse, Batch
from ...types import Response, read_error
from ...wire import encode

_ERRORS = Decoder(ApiErrorResponse)


def _get_kwargs(*, body: Batch | Raw) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    headers["Content-Type"] = "application/json"
    return {"method": "post", "url": "/events", "headers": headers, "content": encode(body)}


def _build_response(response: httpx.Response) -> Response[ApiErrorResponse]:
    return Response(
        status_code=response.status_code,
        parsed=None if response.is_success else read_error(response.content, _ERRORS, ApiErrorResponse),
        http=response,
    )


def sync_detailed(*, client: Client, body: Batch | Raw) -> Response[ApiErrorResponse]:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: The connection.
        body: What to send; `msgspec.Raw` where it is encoded already.

    Returns:
        The status, what the service said, and the answer itself.

    Raises:
        httpx.TimeoutException: No answer within `Client.timeout`.
        httpx.TransportError: No connection, or one that broke.
    """

    return _build_response(client.get_httpx_client().request(**_get_kwargs(body=body)))


def sync(*, client: Client, body: Batch | Raw) -> ApiErrorResponse | None:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: The connection.
        body: What to send; `msgspec.Raw` where it is encoded already.

    Returns:
        None where the service accepted, else what it said.

    Raises:
        httpx.TimeoutException: No answer within `Client.timeout`.
        httpx.TransportError: No connection, or one that broke.
    """

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(*, client: Client, body: Batch | Raw) -> Response[ApiErrorResponse]:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: The connection.
        body: What to send; `msgspec.Raw` where it is encoded already.

    Returns:
        The status, what the service said, and the answer itself.

    Raises:
        httpx.TimeoutException: No answer within `Client.timeout`.
        httpx.TransportError: No connection, or one that broke.
    """

    return _build_response(await client.get_async_httpx_client().request(**_get_kwargs(body=body)))


async def asyncio(*, client: Client, body: Batch | Raw) -> ApiErrorResponse | None:
    """Upload one batch.

    The batch holds the data of one user. Give it a `source_request_id`, and it can be sent again after an unknown
    outcome without being counted twice.

    Args:
        client: The connection.
        body: What to send; `msgspec.Raw` where it is encoded already.

    Returns:
        None where the service accepted, else what it said.

    Raises:
        httpx.TimeoutException: No answer within `Client.timeout`.
        httpx.TransportError: No connection, or one that broke.
    """

    return (await asyncio_detailed(client=client, body=body)).parsed
