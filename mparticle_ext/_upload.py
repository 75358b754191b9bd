"""From batches to a request that may be sent: checked, encoded once, within the limits. Nothing here waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from attrs import frozen
from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES, MIN_HISTORICAL_AGE_HOURS
from msgspec import Raw

from ._check import checked, encoded
from ._errors import ValidationError, WrongCallError, kind_of
from ._time import unixtime_ms

AnyBatch: TypeAlias = models.Batch | Mapping[str, Any]
"""A batch as a user builds it, or as a dict in the wire's form."""

Operation: TypeAlias = Literal["upload_events", "bulk_upload_events", "bulk_upload_historical_events"]

_HOUR_MS = 3_600_000


@frozen
class Upload:
    """A request that is ready to be sent."""

    operation: Operation
    body: Raw


def require_batch(batch: AnyBatch) -> AnyBatch:
    """The argument of an upload of one batch, as it is.

    Raises:
        WrongCallError: It is something else.
    """
    if not isinstance(batch, (models.Batch, Mapping)):
        way_out = ": use bulk_upload_events" if isinstance(batch, (list, tuple)) else ""
        raise WrongCallError(f"a Batch is expected, not {kind_of(batch)}{way_out}")
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
        if not isinstance(batch, (models.Batch, Mapping)):
            raise WrongCallError(f"batches[{index}]: a Batch is expected, not {kind_of(batch)}")
    return listed


def require_callback(callback: object) -> None:
    """Refuse a callback that cannot be called.

    Raises:
        WrongCallError: It is something else.
    """
    if not callable(callback):
        raise WrongCallError(f"callback is a function of (error, data, response), not {kind_of(callback)}")


def prepare_one(batch: AnyBatch, *, validate: bool) -> Upload:
    """The request for one batch.

    Raises:
        ValidationError: The service would refuse it.
    """
    document = encoded(batch)
    if validate:
        checked(document, models.Batch)
    if len(document) > MAX_REQUEST_BYTES:
        raise ValidationError(f"is {len(document)} bytes, but at most {MAX_REQUEST_BYTES} are taken: send it in parts")
    return Upload("upload_events", Raw(document))


def prepare_several(batches: list[AnyBatch], *, validate: bool, historical: bool) -> Upload:
    """The request for several batches.

    Raises:
        ValidationError: The service would refuse it, or drop a batch of it in silence.
    """
    if not MIN_BATCHES <= len(batches) <= MAX_BATCHES:
        raise ValidationError(
            f"a bulk request takes {MIN_BATCHES} to {MAX_BATCHES}, not {len(batches)}", subject="batches"
        )
    documents = [encoded(batch, index) for index, batch in enumerate(batches)]
    if validate:
        for index, document in enumerate(documents):
            batch = checked(document, models.Batch, index)
            if historical:
                refuse_unprocessed(batch, index)
    body = b"[" + b",".join(documents) + b"]"
    if len(body) > MAX_REQUEST_BYTES:
        sizes = [len(document) for document in documents]
        largest = f"the largest is batches[{sizes.index(max(sizes))}] with {max(sizes)}"
        too_many = f"together {len(body)} bytes, but at most {MAX_REQUEST_BYTES} are taken"
        raise ValidationError(f"{too_many}, {largest}: send fewer at once", subject="batches")
    return Upload("bulk_upload_historical_events" if historical else "bulk_upload_events", Raw(body))


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
