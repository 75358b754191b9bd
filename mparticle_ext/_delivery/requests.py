"""From batches to request bodies: ids, one encoding, validation, size limits. And the checks of arguments."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import urandom
from typing import TYPE_CHECKING, Any

from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES
from mparticle_events.wire import encode
from msgspec import UNSET, Struct

from .._checks import (
    checked,
    encoded,
    read,
    read_document,
    require_batch,
    require_historical,
    require_size,
    require_text,
    same_values,
    with_times,
)
from ..batch import AnyBatch, Batch
from ..configuration import Configuration
from ..errors import ValidationError, WrongCallError, function_problem, type_name
from ..results import Operation

if TYPE_CHECKING:
    from .planned import PlanCheck

_PADDING = b'="'  # base64 has it at the end, for bytes of most lengths
_EQUALS = ord("=")  # looked for first, because a number is found faster


@dataclass(slots=True, eq=False, repr=False)
class PreparedBatch:
    """A batch with its `source_request_id`, its JSON and its index in the call."""

    index: int
    batch: AnyBatch
    document: bytes
    repeatable: bool

    def sent(self) -> AnyBatch:
        """A copy of the batch, because the user's object can change; its JSON if a copy would not be the same."""
        if isinstance(self.batch, bytes):
            return self.document
        kind: Any = Batch if isinstance(self.batch, models.Batch) else dict
        with suppress(Exception):  # it was not validated
            copied: AnyBatch = checked(self.document, kind)
            if same_values(encode(copied), self.document):
                return copied
        return self.document


class _NotValidated(Struct):
    """All that is read of a document if it is not validated."""

    source_request_id: Any = UNSET


@dataclass(slots=True, eq=False, repr=False)
class UploadRequest:
    """A request that is ready to be sent.

    Attributes:
        operation: The method of the API.
        parts: The batches.
        repeatable: Whether each batch has a `source_request_id`.
        body: The JSON.
        accepted: Whether mParticle has accepted it.
        failure: The `id()` of the error of its upload.
    """

    operation: Operation
    parts: Sequence[PreparedBatch]
    repeatable: bool
    body: bytes
    accepted: bool = False
    failure: int = 0

    def sent(self) -> list[AnyBatch]:
        """Copies of the batches."""
        return [one.sent() for one in self.parts]


class RequestBuilder:
    """Makes the requests of one API object."""

    def __init__(self, configuration: Configuration) -> None:
        self._validate = configuration.validate
        self._deduplicate = configuration.deduplicate
        self._plan: PlanCheck | None = None
        if configuration.data_plan is not None:
            from .planned import PlanCheck  # loaded when there is a plan

            self._plan = PlanCheck(configuration.data_plan, configuration.on_violation)

    def single(self, batch: AnyBatch) -> UploadRequest:
        """The request for one batch; a ValidationError if mParticle would refuse it."""
        prepared = self._prepare(batch, None)
        require_size(prepared.document, None)
        return UploadRequest("upload_events", [prepared], prepared.repeatable, prepared.document)

    def bulk(self, batches: Sequence[AnyBatch], *, historical: bool) -> UploadRequest:
        """The request for several batches; a ValidationError if mParticle would refuse it or drop a batch of it."""
        if not MIN_BATCHES <= len(batches) <= MAX_BATCHES:
            limits = f"a bulk request takes {MIN_BATCHES} to {MAX_BATCHES} batches, not {len(batches)}"
            raise ValidationError(f"{limits}: upload_all takes any number", subject="batches")
        prepared = [self._prepare(batch, index, historical=historical) for index, batch in enumerate(batches)]
        request = join(prepared, historical=historical)
        if len(request.body) > MAX_REQUEST_BYTES:
            sizes = [len(one.document) for one in prepared]
            size = f"has {len(request.body)} bytes, but a request can have at most {MAX_REQUEST_BYTES}"
            largest = f"the largest is batches[{sizes.index(max(sizes))}] with {max(sizes)}"
            raise ValidationError(f"{size}, {largest}: send fewer at once, or use upload_all", subject="batches")
        return request

    def part(self, batch: AnyBatch, index: int, *, historical: bool) -> PreparedBatch:
        """A batch for a bulk request that is joined later; a ValidationError if mParticle would refuse or drop it."""
        prepared = self._prepare(batch, index, historical=historical)
        require_size(prepared.document, index)
        return prepared

    def _prepare(self, batch: AnyBatch, index: int | None, *, historical: bool = False) -> PreparedBatch:
        if isinstance(batch, (str, bytes)):
            return self._prepare_document(batch, index, historical=historical)
        given = batch
        found = batch.source_request_id if isinstance(batch, models.Batch) else batch.get("source_request_id")
        repeatable = found not in (None, UNSET, "")
        if self._deduplicate and not repeatable:
            batch, repeatable = _with_new_id(batch), True
        if self._plan is not None:
            batch = self._plan.tagged(batch)
        document = encoded(batch, index)
        if self._validate:
            if not index or (_EQUALS in document and _PADDING in document):  # else a bulk upload is slower
                require_text(batch, document, index)
            document, model = read(document, models.Batch, index, batch)
            if historical:
                require_historical(model, index or 0)
        else:
            document = with_times(document, batch, index)
        if self._plan is not None:
            self._plan.check(given, document, index)
        return PreparedBatch(index or 0, batch, document, repeatable)

    def _prepare_document(self, text: str | bytes, index: int | None, *, historical: bool) -> PreparedBatch:
        kind: Any = models.Batch if self._validate else _NotValidated
        document, model = read_document(text, kind, index, _uuid4 if self._deduplicate else None)
        if historical and self._validate:
            require_historical(model, index or 0)
        if self._plan is not None:
            document = self._plan.tagged_document(document)
            self._plan.check(text, document, index)
        return PreparedBatch(index or 0, document, document, self._deduplicate or bool(model.source_request_id))


def _with_new_id(batch: models.Batch | Mapping[str, Any]) -> models.Batch | Mapping[str, Any]:
    """A shallow copy with a new `source_request_id`. The caller's object stays as it is."""
    if isinstance(batch, Mapping):
        return {**batch, "source_request_id": _uuid4()}
    batch = copy.copy(batch)
    batch.source_request_id = _uuid4()
    return batch


def _uuid4() -> str:
    """A random UUID, in a fifth of the time of uuid.uuid4()."""
    digits = urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def join(prepared: Sequence[PreparedBatch], *, historical: bool) -> UploadRequest:
    """The bulk request for prepared batches, whatever its size."""
    operation: Operation = "bulk_upload_historical_events" if historical else "bulk_upload_events"
    documents = [one.document for one in prepared]
    documents[0] = b"[" + documents[0]
    documents[-1] += b"]"  # so that the large body is copied only once
    repeatable = all(one.repeatable for one in prepared)
    return UploadRequest(operation, prepared, repeatable, b",".join(documents))


def require_batches(batches: Iterable[AnyBatch]) -> list[AnyBatch]:
    """The argument as a list, if it holds batches; else a WrongCallError."""
    require_iterable(batches, "a list")
    return [require_batch(batch, f"batches[{index}]: ") for index, batch in enumerate(batches)]


def require_iterable(batches: Any, expected: str = "an iterable", *, asynchronous: bool = False) -> Any:
    """The argument, if it is an iterable; else a WrongCallError."""
    if isinstance(batches, (models.Batch, Mapping)):
        raise WrongCallError(f"{expected} of batches is expected, not one: put it in a list, or use upload_events")
    is_async = isinstance(batches, AsyncIterable)
    if isinstance(batches, (str, bytes)) or not (isinstance(batches, Iterable) or (is_async and asynchronous)):
        advice = ": use AsyncEventsApi.upload_all" if is_async else ""
        advice = ": put the JSON of one batch in a list" if isinstance(batches, (str, bytes)) else advice
        raise WrongCallError(f"{expected} of batches is expected, not {type_name(batches)}{advice}")
    return batches


def require_function(function: object, name: str, *arguments: str) -> None:
    """Refuse a callback that cannot be called with these arguments with a WrongCallError."""
    if problem := function_problem(name, function, *arguments):
        raise WrongCallError(problem)


def require_callback(callback: Callable[..., object]) -> None:
    """Refuse a callback that does not take (error, data, response) with a WrongCallError."""
    problem = function_problem("callback", callback, "error", "data", "response")
    if problem and not function_problem("callback", callback, "response"):
        problem = problem.replace(": write", ": mParticle's Python SDK passes only the response; here write")
        problem += ", and read response if error is None"
    if problem:
        raise WrongCallError(problem)


def require_timeout(timeout: float | None) -> None:
    """Refuse a timeout that is not seconds with a WrongCallError."""
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if timeout is not None and not (number and timeout >= 0):
        raise WrongCallError(f"timeout takes seconds from 0, or None to wait without limit, not {timeout!r:.40}")
