"""A typed SDK for mParticle's Events API. It checks each batch before it is sent, and delivers it exactly once.

    from mparticle_ext import AppEvent, Batch, Configuration, EventsApi, UserIdentities

    batch = Batch("development", user_identities=UserIdentities(customer_id="123456"))
    batch.add_event(AppEvent("navigation", "Hello World"))

    with EventsApi(Configuration(key, secret)) as api:
        api.upload_events(batch)

Build      Batch, AppEvent, CommerceEvent and a class for each other event; help(Batch), help(AppEvent)
Check      batch.validate() raises the first fault with its path; batch.faults() lists all
Upload     EventsApi, or AsyncEventsApi from asyncio: upload_events, bulk_upload_events; upload_all for any number
Settings   Configuration, Configuration.from_env(), Retry; help(Configuration)
Errors     MParticleError is the base of all; APIError.outcome says what became of the batches
Test       mparticle_ext.sandbox.Sandbox is a local Events API; pip install "mparticle-ext[sandbox]"
Command    mparticle-ext validate, upload, sandbox, example; pip install "mparticle-ext[cli]"

Next: run `mparticle-ext sandbox` in a terminal and send a first batch to it. The documentation begins with that:
docs/start.md in a checkout.
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
