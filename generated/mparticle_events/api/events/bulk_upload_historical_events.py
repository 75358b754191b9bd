# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

from collections.abc import Sequence
from typing import Any

import httpx
from msgspec.json import Decoder

from ...models import ApiErrorResponse, Batch
from ...types import AsyncSender, Response, Sender, read_error
from ...wire import encode

_ERRORS = Decoder(ApiErrorResponse)


def _get_kwargs(*, body: Sequence[Batch] | bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    headers["Content-Type"] = "application/json"
    return {
        "method": "post",
        "url": "/bulkevents/historical",
        "headers": headers,
        "content": body if isinstance(body, bytes) else encode(body),
    }


def _build_response(response: httpx.Response) -> Response[ApiErrorResponse]:
    return Response(
        status_code=response.status_code,
        parsed=None if response.is_success else read_error(response.content, _ERRORS, ApiErrorResponse),
        http=response,
    )


def sync_detailed(*, client: Sender, body: Sequence[Batch] | bytes) -> Response[ApiErrorResponse]:
    """Upload up to 100 batches of historical data.

    For data that is 72 hours old or more. mParticle does not forward it to event and warehouse outputs.
    mParticle ignores a batch, without an error, if the batch has no events, if an event has no
    `timestamp_unixtime_ms`, or if an event is less than 72 hours old.

    Args:
        client: Sends the request, for example a `Client`.
        body: The request body: models, or bytes if it is already encoded as JSON.

    Returns:
        The status code, the parsed error if there is one, and the HTTP response.

    Raises:
        httpx.TimeoutException: The timeout of `client` expired.
        httpx.TransportError: The connection failed.
    """

    return _build_response(client.request(**_get_kwargs(body=body)))


def sync(*, client: Sender, body: Sequence[Batch] | bytes) -> ApiErrorResponse | None:
    """Upload up to 100 batches of historical data.

    For data that is 72 hours old or more. mParticle does not forward it to event and warehouse outputs.
    mParticle ignores a batch, without an error, if the batch has no events, if an event has no
    `timestamp_unixtime_ms`, or if an event is less than 72 hours old.

    Args:
        client: Sends the request, for example a `Client`.
        body: The request body: models, or bytes if it is already encoded as JSON.

    Returns:
        None if the service accepted the request, otherwise the parsed error.

    Raises:
        httpx.TimeoutException: The timeout of `client` expired.
        httpx.TransportError: The connection failed.
    """

    return sync_detailed(client=client, body=body).parsed


async def asyncio_detailed(*, client: AsyncSender, body: Sequence[Batch] | bytes) -> Response[ApiErrorResponse]:
    """Upload up to 100 batches of historical data.

    For data that is 72 hours old or more. mParticle does not forward it to event and warehouse outputs.
    mParticle ignores a batch, without an error, if the batch has no events, if an event has no
    `timestamp_unixtime_ms`, or if an event is less than 72 hours old.

    Args:
        client: Sends the request, for example a `Client`.
        body: The request body: models, or bytes if it is already encoded as JSON.

    Returns:
        The status code, the parsed error if there is one, and the HTTP response.

    Raises:
        httpx.TimeoutException: The timeout of `client` expired.
        httpx.TransportError: The connection failed.
    """

    return _build_response(await client.arequest(**_get_kwargs(body=body)))


async def asyncio(*, client: AsyncSender, body: Sequence[Batch] | bytes) -> ApiErrorResponse | None:
    """Upload up to 100 batches of historical data.

    For data that is 72 hours old or more. mParticle does not forward it to event and warehouse outputs.
    mParticle ignores a batch, without an error, if the batch has no events, if an event has no
    `timestamp_unixtime_ms`, or if an event is less than 72 hours old.

    Args:
        client: Sends the request, for example a `Client`.
        body: The request body: models, or bytes if it is already encoded as JSON.

    Returns:
        None if the service accepted the request, otherwise the parsed error.

    Raises:
        httpx.TimeoutException: The timeout of `client` expired.
        httpx.TransportError: The connection failed.
    """

    return (await asyncio_detailed(client=client, body=body)).parsed
