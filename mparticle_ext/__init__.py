"""A typed SDK for mParticle's Events API.

from mparticle_ext import AppEvent, Batch, Configuration, EventsApi

batch = Batch("development")
batch.add_event(AppEvent("navigation", "Hello World"))
EventsApi(Configuration(key, secret)).upload_events(batch)
"""

from typing import TYPE_CHECKING, Any

from mparticle_events import constructors
from mparticle_events.constructors import *  # noqa: F403  # all models of the spec
from msgspec import UNSET, UnsetType

from ._version import __version__
from .batch import AnyBatch, AnyEvent, AppEvent, ApplicationStateTransitionEvent, Batch, unixtime_ms
from .errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ClosedError,
    ConfigurationError,
    MParticleError,
    Outcome,
    PayloadTooLargeError,
    PermissionDeniedError,
    PlanError,
    PlanViolationError,
    RateLimitError,
    ServerError,
    UploadStoppedError,
    ValidationError,
    WrongCallError,
)

__all__ = [
    "UNSET",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AnyBatch",
    "AnyEvent",
    "AppEvent",
    "ApplicationStateTransitionEvent",
    "AsyncEventsApi",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "Batch",
    "BatchResult",
    "Callback",
    "ClosedError",
    "Configuration",
    "ConfigurationError",
    "DataPlan",
    "EventsApi",
    "MParticleError",
    "Outcome",
    "PayloadTooLargeError",
    "Pending",
    "PermissionDeniedError",
    "PlanError",
    "PlanViolationError",
    "RateLimitError",
    "Retry",
    "ServerError",
    "UnsetType",
    "UploadResult",
    "UploadStoppedError",
    "ValidationError",
    "Violation",
    "WrongCallError",
    "__version__",
    "unixtime_ms",
]
__all__ += constructors.__all__

if TYPE_CHECKING:
    from .api import EventsApi
    from .async_api import AsyncEventsApi
    from .configuration import Configuration, Retry
    from .plan.data_plan import DataPlan, Violation
    from .results import Attempt, BatchResult, Callback, Pending, UploadResult

_LAZY = {
    "AsyncEventsApi": ".async_api",
    "Attempt": ".results",
    "BatchResult": ".results",
    "Callback": ".results",
    "Configuration": ".configuration",
    "DataPlan": ".plan.data_plan",
    "EventsApi": ".api",
    "Pending": ".results",
    "Retry": ".configuration",
    "UploadResult": ".results",
    "Violation": ".plan.data_plan",
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Load at first use what many programs do not need."""
    if name == "CustomEvent":  # an ImportError, because Python replaces the text of an AttributeError
        raise ImportError("the constructor of a custom event is called AppEvent: from mparticle_ext import AppEvent")
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = found = getattr(import_module(_LAZY[name], __name__), name)
    return found
