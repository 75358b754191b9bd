"""From batches to a request that may be sent: checked, encoded once, within the limits. Nothing here waits."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import field, frozen
from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES, MIN_HISTORICAL_AGE_HOURS
from msgspec import Raw

from ._check import checked, encoded
from ._configuration import Configuration
from ._errors import ValidationError, WrongCallError, kind_of
from ._time import unixtime_ms

AnyBatch: TypeAlias = models.Batch | Mapping[str, Any]
"""A batch as a user builds it, or as a dict in the wire's form."""

Operation: TypeAlias = Literal["upload_events", "bulk_upload_events", "bulk_upload_historical_events"]

_HOUR_MS = 3_600_000


@frozen
class Upload:
    """A request that is ready to be sent.

    Attributes:
        operation: The method of the API.
        batches: What the user gave.
        repeatable: Whether the service would drop a repetition: each batch has a `source_request_id`.
        body: The JSON.
    """

    operation: Operation
    batches: Sequence[AnyBatch] = field(repr=False)
    repeatable: bool
    body: Raw = field(repr=False)


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


def prepare_one(batch: AnyBatch, configuration: Configuration) -> Upload:
    """The request for one batch.

    Raises:
        ValidationError: The service would refuse it.
    """
    batch = identified(batch, configuration)
    document = encoded(batch)
    if configuration.validate:
        checked(document, models.Batch)
    refuse_too_large(document)
    return Upload("upload_events", (batch,), _has_id(batch), Raw(document))


def prepare_several(batches: list[AnyBatch], configuration: Configuration, *, historical: bool) -> Upload:
    """The request for several batches.

    Raises:
        ValidationError: The service would refuse it, or drop a batch of it in silence.
    """
    if not MIN_BATCHES <= len(batches) <= MAX_BATCHES:
        raise ValidationError(
            f"a bulk request takes {MIN_BATCHES} to {MAX_BATCHES}, not {len(batches)}", subject="batches"
        )
    batches = [identified(batch, configuration) for batch in batches]
    documents = [encoded(batch, index) for index, batch in enumerate(batches)]
    if configuration.validate:
        for index, document in enumerate(documents):
            check_one_of_several(document, index, historical=historical)
    upload = bulk(batches, documents, historical=historical)
    if len(upload.body) > MAX_REQUEST_BYTES:
        sizes = [len(document) for document in documents]
        largest = f"the largest is batches[{sizes.index(max(sizes))}] with {max(sizes)}"
        too_many = f"together {len(upload.body)} bytes, but at most {MAX_REQUEST_BYTES} are taken"
        raise ValidationError(f"{too_many}, {largest}: send fewer at once", subject="batches")
    return upload


def bulk(batches: Sequence[AnyBatch], documents: Sequence[bytes], *, historical: bool) -> Upload:
    """The request for batches that are encoded, whatever their size."""
    operation: Operation = "bulk_upload_historical_events" if historical else "bulk_upload_events"
    return Upload(operation, batches, repeatable(batches), Raw(b"[" + b",".join(documents) + b"]"))


def identified(batch: AnyBatch, configuration: Configuration) -> AnyBatch:
    """A batch with a `source_request_id`, where that is wanted; left on the batch itself, if it can be changed."""
    if not configuration.deduplicate or _has_id(batch):
        return batch
    from uuid import uuid4  # only for who wants it

    given = str(uuid4())
    if isinstance(batch, models.Batch):
        batch.source_request_id = given
    elif isinstance(batch, MutableMapping):
        batch["source_request_id"] = given
    else:
        return {**batch, "source_request_id": given}
    return batch


def repeatable(batches: Iterable[AnyBatch]) -> bool:
    """Whether the service would drop a repetition: each batch has a `source_request_id`."""
    return all(map(_has_id, batches))


def _has_id(batch: AnyBatch) -> bool:
    return bool(batch.source_request_id if isinstance(batch, models.Batch) else batch.get("source_request_id"))


def check_one_of_several(document: bytes, index: int, *, historical: bool) -> None:
    """Check what was encoded of one batch of a bulk request.

    Raises:
        ValidationError: The service would refuse it, or drop it in silence.
    """
    batch = checked(document, models.Batch, index)
    if historical:
        refuse_unprocessed(batch, index)


def refuse_too_large(document: bytes, index: int | None = None) -> None:
    """Refuse a batch that no request can carry, be it alone.

    Raises:
        ValidationError: It is over the limit, with the brackets of a bulk request if it has an index.
    """
    size = len(document) + (0 if index is None else len("[]"))
    if size > MAX_REQUEST_BYTES:
        problem = f"is {size} bytes, but at most {MAX_REQUEST_BYTES} are taken: send it in parts"
        raise ValidationError(problem, batch_index=index)


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
