"""Batches into requests: given an id where that is wanted, encoded once, checked, within the limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, MutableMapping, Sequence

from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES

from ._check import checked, encoded
from ._configuration import Configuration
from ._errors import ValidationError
from ._record import Record
from ._upload import AnyBatch, Operation, Upload, has_id, refuse_unprocessed

_REMEMBERED_IDS = 10_000


class Prepared(Record):
    """A batch as it goes over the wire.

    Attributes:
        batch: What the user gave.
        document: The JSON of it.
        repeatable: Whether the service would drop a repetition: it has a `source_request_id`.
    """

    batch: AnyBatch
    document: bytes
    repeatable: bool


class Preparation:
    """What turns the batches of one EventsApi into requests."""

    def __init__(self, configuration: Configuration) -> None:
        self._validate = configuration.validate
        self._ids = _IDS if configuration.deduplicate else None

    def one(self, batch: AnyBatch) -> Upload:
        """The request for one batch.

        Raises:
            ValidationError: The service would refuse it.
        """
        prepared = self._encoded(batch, None)
        if self._validate:
            checked(prepared.document, models.Batch)
        refuse_too_large(prepared.document, None)
        return Upload("upload_events", [batch], prepared.repeatable, prepared.document)

    def several(self, batches: Sequence[AnyBatch], *, historical: bool) -> Upload:
        """The request for several batches.

        Raises:
            ValidationError: The service would refuse it, or drop a batch of it in silence.
        """
        if not MIN_BATCHES <= len(batches) <= MAX_BATCHES:
            raise ValidationError(
                f"a bulk request takes {MIN_BATCHES} to {MAX_BATCHES}, not {len(batches)}: upload_all takes any number",
                subject="batches",
            )
        prepared = [self._encoded(batch, index) for index, batch in enumerate(batches)]
        if self._validate:
            for index, one in enumerate(prepared):
                _check(one.document, index, historical=historical)
        upload = bulk(prepared, historical=historical)
        if len(upload.body) > MAX_REQUEST_BYTES:
            sizes = [len(one.document) for one in prepared]
            largest = f"the largest is batches[{sizes.index(max(sizes))}] with {max(sizes)}"
            too_many = f"together {len(upload.body)} bytes, but at most {MAX_REQUEST_BYTES} are taken"
            raise ValidationError(f"{too_many}, {largest}: send fewer at once, or use upload_all", subject="batches")
        return upload

    def one_of_many(self, batch: AnyBatch, index: int, *, historical: bool) -> Prepared:
        """A batch for a bulk request that is put together later.

        Raises:
            ValidationError: The service would refuse it, drop it in silence, or not take it in any request.
        """
        prepared = self._encoded(batch, index)
        if self._validate:
            _check(prepared.document, index, historical=historical)
        refuse_too_large(prepared.document, index)
        return prepared

    def _encoded(self, batch: AnyBatch, index: int | None) -> Prepared:
        if self._ids is None:
            return Prepared(batch, encoded(batch, index), has_id(batch))
        return Prepared(batch, self._ids.encoded(batch, index), repeatable=True)


def bulk(prepared: Sequence[Prepared], *, historical: bool) -> Upload:
    """The request for batches that are prepared, whatever their size."""
    operation: Operation = "bulk_upload_historical_events" if historical else "bulk_upload_events"
    documents = [one.document for one in prepared]
    documents[0] = b"[" + documents[0]
    documents[-1] += b"]"  # put together in one step: each copy of a body as large as this costs
    body = b",".join(documents)
    return Upload(operation, [one.batch for one in prepared], all(one.repeatable for one in prepared), body)


class _Ids:
    """Gives batches their `source_request_id`, and knows for what: one that was changed since is another batch."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}
        self._order: deque[str] = deque()

    def encoded(self, batch: AnyBatch, index: int | None) -> bytes:
        """The JSON of a batch, with an id that is its own."""
        if not has_id(batch):
            return self._encoded_anew(batch, index)
        document = encoded(batch, index)
        given_for = self._given.get(_id_of(batch))
        return document if given_for in (None, hash(document)) else self._encoded_anew(batch, index)

    def _encoded_anew(self, batch: AnyBatch, index: int | None) -> bytes:
        from uuid import uuid4  # only for who wants it

        new = str(uuid4())
        if isinstance(batch, models.Batch):
            batch.source_request_id = new
        elif isinstance(batch, MutableMapping):
            batch["source_request_id"] = new
        else:
            problem = "is missing, and cannot be set on what cannot be changed: give one, or a dict"
            raise ValidationError(problem, "source_request_id", index)
        document = encoded(batch, index)
        self._given[new] = hash(document)
        self._order.append(new)
        if len(self._order) > _REMEMBERED_IDS:
            self._given.pop(self._order.popleft(), None)
        return document


# Of the process: a batch may go from one EventsApi to another. Each of its steps is a single one to all threads.
_IDS = _Ids()


def _id_of(batch: AnyBatch) -> str:
    return str(batch["source_request_id"] if isinstance(batch, Mapping) else batch.source_request_id)


def _check(document: bytes, index: int, *, historical: bool) -> None:
    batch = checked(document, models.Batch, index)
    if historical:
        refuse_unprocessed(batch, index)


def refuse_too_large(document: bytes, index: int | None) -> None:
    """Refuse a batch that no request can hold: one alone, or where there is an index one of several.

    Raises:
        ValidationError: It is over the limit.
    """
    size = len(document) + (0 if index is None else len("[]"))
    if size > MAX_REQUEST_BYTES:
        problem = f"is {size} bytes, but at most {MAX_REQUEST_BYTES} are taken: send it in parts"
        raise ValidationError(problem, batch_index=index)
