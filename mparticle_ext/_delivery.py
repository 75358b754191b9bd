"""Send a request by a generated operation, and turn what comes back into a response or an error.

This is the one place between the facade and the operations: what is to be done again is decided here.
"""

from __future__ import annotations

from platform import python_version
from types import ModuleType

import httpx
from mparticle_events.api.events import bulk_upload_events, bulk_upload_historical_events, upload_events
from mparticle_events.client import Client
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ._configuration import Configuration
from ._errors import (
    APIConnectionError,
    APITimeoutError,
    ConfigurationError,
    MParticleError,
    WrongCallError,
    error_for_status,
    kind_of,
)
from ._upload import Operation, Upload
from ._version import __version__

_OPERATIONS: dict[Operation, ModuleType] = {
    "upload_events": upload_events,
    "bulk_upload_events": bulk_upload_events,
    "bulk_upload_historical_events": bulk_upload_historical_events,
}


def client_of(configuration: Configuration, owner: str, transport: type) -> Client:
    """The generated client for a configuration.

    Args:
        configuration: What the owner was given.
        owner: The class that it was given to, for a message.
        transport: What that class sends through.

    Raises:
        WrongCallError: It is no configuration.
        ConfigurationError: Its transport is of another kind.
    """
    if not isinstance(configuration, Configuration):
        raise WrongCallError(f"{owner} takes a Configuration, not {kind_of(configuration)}")
    if configuration.transport is not None and not isinstance(configuration.transport, transport):
        raise ConfigurationError(f"transport is no httpx.{transport.__name__}, which {owner} sends through")
    return Client(
        api_key=configuration.api_key,
        api_secret=configuration.api_secret,
        base_url=configuration.url,
        timeout=httpx.Timeout(configuration.timeout, pool=None),  # waiting for a connection of the pool is no fault
        headers={"User-Agent": f"mparticle-ext/{__version__} python/{python_version()}"},
        httpx_args={"transport": configuration.transport},
    )


def deliver(client: Client, upload: Upload) -> httpx.Response:
    """Send a request, and wait for its answer.

    Raises:
        APIConnectionError: No answer came.
        APIStatusError: The answer is no acceptance.
    """
    try:
        answer = _OPERATIONS[upload.operation].sync_detailed(client=client, body=upload.body)
    except (httpx.HTTPError, OSError) as error:
        raise _no_answer(client, error) from error
    return _accepted(answer)


async def deliver_async(client: Client, upload: Upload) -> httpx.Response:
    """The same, for asyncio."""
    try:
        answer = await _OPERATIONS[upload.operation].asyncio_detailed(client=client, body=upload.body)
    except (httpx.HTTPError, OSError) as error:
        raise _no_answer(client, error) from error
    return _accepted(answer)


def _accepted(answer: Response[ApiErrorResponse]) -> httpx.Response:
    if answer.parsed is None:
        return answer.http
    raise error_for_status(answer.status_code)(answer.http, answer.parsed.errors or ())


def _no_answer(client: Client, error: Exception) -> MParticleError:
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    went_wrong = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return kind(f"no whole answer from {client.base_url} ({went_wrong})")
