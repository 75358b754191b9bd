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

from ._batch import Batch
from ._errors import (
    APIConnectionError,
    APIError,
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
    UploadStoppedError,
    ValidationError,
    WrongCallError,
)
from ._events import ApplicationStateTransitionEvent
from ._outcome import Outcome
from ._time import unixtime_ms
from ._version import __version__

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "ApplicationStateTransitionEvent",
    "AsyncEventsApi",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "BatchResult",
    "ClosedError",
    "Configuration",
    "ConfigurationError",
    "EventsApi",
    "MParticleError",
    "Outcome",
    "PayloadTooLargeError",
    "Pending",
    "PermissionDeniedError",
    "RateLimitError",
    "Retry",
    "ServerError",
    "UploadResult",
    "UploadStoppedError",
    "ValidationError",
    "WrongCallError",
    "__version__",
    "unixtime_ms",
]
__all__ += constructors.__all__

if TYPE_CHECKING:
    from ._api import EventsApi
    from ._async_api import AsyncEventsApi
    from ._attempt import Attempt
    from ._configuration import Configuration
    from ._pending import Pending
    from ._results import BatchResult, UploadResult
    from ._retry import Retry

_WHEN_FIRST_USED = {
    "AsyncEventsApi": "._async_api",
    "Attempt": "._attempt",
    "BatchResult": "._results",
    "Configuration": "._configuration",
    "EventsApi": "._api",
    "Pending": "._pending",
    "Retry": "._retry",
    "UploadResult": "._results",
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Load what not every program needs at its first use."""
    if name not in _WHEN_FIRST_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = found = getattr(import_module(_WHEN_FIRST_USED[name], __name__), name)
    return found
