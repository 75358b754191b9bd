"""A typed, fast and trustworthy SDK for mParticle's Events API.

from mparticle_ext import AppEvent, Batch, Configuration, EventsApi

batch = Batch("development")
batch.add_event(AppEvent("navigation", "Hello World"))
EventsApi(Configuration(key, secret)).upload_events(batch)
"""

from typing import TYPE_CHECKING, Any

from mparticle_events import constructors
from mparticle_events.constructors import *  # noqa: F403  # each model that the spec has, under its facade name
from msgspec import UNSET

from ._api import EventsApi
from ._batch import Batch
from ._configuration import Configuration
from ._errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ClosedError,
    ConfigurationError,
    MParticleError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
    WrongCallError,
)
from ._events import ApplicationStateTransitionEvent
from ._time import unixtime_ms
from ._version import __version__

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "ApplicationStateTransitionEvent",
    "AsyncEventsApi",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "ClosedError",
    "Configuration",
    "ConfigurationError",
    "EventsApi",
    "MParticleError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "ValidationError",
    "WrongCallError",
    "__version__",
    "unixtime_ms",
]
__all__ += constructors.__all__

if TYPE_CHECKING:
    from ._async_api import AsyncEventsApi


def __getattr__(name: str) -> Any:
    """Load what needs asyncio at its first use: it is a third of the import, and few programs use both clients."""
    if name != "AsyncEventsApi":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._async_api import AsyncEventsApi

    globals()[name] = AsyncEventsApi
    return AsyncEventsApi
