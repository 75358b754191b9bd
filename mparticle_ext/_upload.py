"""From batches to a request that may be sent: checked, encoded once, within the limits. Nothing here waits."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from mparticle_events import models
from mparticle_events.service import MIN_HISTORICAL_AGE_HOURS

from ._errors import ValidationError, WrongCallError, kind_of
from ._record import Record
from ._time import unixtime_ms

AnyBatch: TypeAlias = models.Batch | Mapping[str, Any]
"""A batch as a user builds it, or as a dict in the wire's form."""

Operation: TypeAlias = Literal["upload_events", "bulk_upload_events", "bulk_upload_historical_events"]

LAST_WORD_SECONDS = 0.5
"""How long close() waits for what it has told to stop waiting: the time of a request or two."""

_HOUR_MS = 3_600_000


class Upload(Record):
    """A request that is ready to be sent.

    Attributes:
        operation: The method of the API.
        batches: What the user gave.
        repeatable: Whether the service would drop a repetition: each batch has a `source_request_id`.
        body: The JSON.
    """

    operation: Operation
    batches: Sequence[AnyBatch]
    repeatable: bool
    body: bytes


def require_batch(batch: AnyBatch, place: str = "") -> AnyBatch:
    """The argument of an upload of one batch, or what stands at a place of an iterable, as it is.

    Raises:
        WrongCallError: It is something else.
    """
    if not isinstance(batch, (models.Batch, Mapping)):
        way_out = ": use bulk_upload_events" if isinstance(batch, (list, tuple)) and not place else ""
        raise WrongCallError(f"{place}a Batch is expected, not {kind_of(batch)}{way_out}")
    return batch


def require_batches(batches: Iterable[AnyBatch]) -> list[AnyBatch]:
    """The argument of a bulk upload, as a list.

    Raises:
        WrongCallError: It is something else, or has something else in it.
    """
    if isinstance(batches, (models.Batch, Mapping)):
        raise WrongCallError("a list of batches is expected, not one: put it in a list, or use upload_events")
    if isinstance(batches, (str, bytes)) or not isinstance(batches, Iterable):  # type: ignore[redundant-expr]  # users err
        raise WrongCallError(f"a list of batches is expected, not {kind_of(batches)}")
    listed = list(batches)
    for index, batch in enumerate(listed):
        require_batch(batch, f"batches[{index}]: ")
    return listed


def require_callback(callback: object, expected: str = "callback is a function of (error, data, response)") -> None:
    """Refuse a callback that cannot be called.

    Raises:
        WrongCallError: It is something else.
    """
    if not callable(callback):
        raise WrongCallError(f"{expected}, not {kind_of(callback)}")


def require_iterable(batches: Any, *, asynchronous: bool) -> Any:
    """The argument of `upload_all`, as it is; one that is asynchronous only where that can be awaited.

    Raises:
        WrongCallError: It is something else.
    """
    if isinstance(batches, (models.Batch, Mapping)):
        raise WrongCallError("an iterable of batches is expected, not one: put it in a list, or use upload_events")
    from_asyncio = isinstance(batches, AsyncIterable)
    if isinstance(batches, (str, bytes)) or not (isinstance(batches, Iterable) or (from_asyncio and asynchronous)):
        way_out = ": use AsyncEventsApi" if from_asyncio else ""
        raise WrongCallError(f"an iterable of batches is expected, not {kind_of(batches)}{way_out}")
    return batches


def require_timeout(timeout: float | None) -> None:
    """Refuse what is no time to wait.

    Raises:
        WrongCallError: It is neither None nor seconds from 0.
    """
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if timeout is not None and not (number and timeout >= 0):
        raise WrongCallError(f"timeout is seconds from 0, or None to wait without end, not {timeout!r:.40}")


def repeatable(batches: Iterable[AnyBatch]) -> bool:
    """Whether the service would drop a repetition: each batch has a `source_request_id`."""
    return all(map(has_id, batches))


def has_id(batch: AnyBatch) -> bool:
    """Whether a batch has a `source_request_id`."""
    return bool(batch.source_request_id if isinstance(batch, models.Batch) else batch.get("source_request_id"))


def refuse_unprocessed(batch: models.Batch, index: int) -> None:
    """What the historical operation accepts, and then drops in silence.

    Raises:
        ValidationError: It has no events, or one without a timestamp, or one that is too young.
    """
    newest = unixtime_ms() - MIN_HISTORICAL_AGE_HOURS * _HOUR_MS
    if not batch.events:
        raise ValidationError(
            "is required for a historical upload, at least one event", path="events", batch_index=index
        )
    for number, event in enumerate(batch.events):
        at = event.data.timestamp_unixtime_ms
        path = f"events[{number}].data.timestamp_unixtime_ms"
        if not isinstance(at, int):
            raise ValidationError("is required for a historical upload", path=path, batch_index=index)
        if at > newest:
            age = f"a historical upload takes events older than {MIN_HISTORICAL_AGE_HOURS} hours"
            raise ValidationError(f"{age}: upload this one with bulk_upload_events", path=path, batch_index=index)
