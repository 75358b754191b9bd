"""From batches to request bodies: ids, one encoding, validation, size limits. And the checks of arguments."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Signature, iscoroutinefunction, signature
from os import urandom
from typing import TYPE_CHECKING, Any

from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES
from msgspec import UNSET, Struct

from .._checks import (
    encoded,
    read,
    read_document,
    require_batch,
    require_historical,
    require_size,
    require_text,
    with_times,
)
from ..batch import AnyBatch
from ..configuration import Configuration
from ..errors import ValidationError, WrongCallError, type_name
from ..results import Operation

if TYPE_CHECKING:
    from .planned import PlanCheck

_PADDING = b'="'  # base64 has it at the end, for bytes of most lengths


@dataclass(slots=True, eq=False, repr=False)
class PreparedBatch:
    """A batch as it is sent, with its `source_request_id`, its JSON and its index in the call."""

    index: int
    batch: AnyBatch
    document: bytes
    repeatable: bool


class _NotValidated(Struct):
    """All that is read of a document if it is not validated."""

    source_request_id: Any = UNSET


@dataclass(slots=True, eq=False, repr=False)
class UploadRequest:
    """A request that is ready to be sent.

    Attributes:
        operation: The method of the API.
        batches: The batches as they are sent.
        repeatable: Whether each batch has a `source_request_id`.
        body: The JSON.
        accepted: Whether mParticle has accepted it.
    """

    operation: Operation
    batches: Sequence[AnyBatch]
    repeatable: bool
    body: bytes
    accepted: bool = False


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
        return UploadRequest("upload_events", [prepared.batch], prepared.repeatable, prepared.document)

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
            if not index or _PADDING in document:  # else a bulk upload would take a quarter longer
                require_text(batch, document, index)
            document, model = read(document, models.Batch, index, batch)
            if historical:
                require_historical(model, index or 0)
        else:
            document = with_times(document, batch)
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
    return UploadRequest(operation, [one.batch for one in prepared], repeatable, b",".join(documents))


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
        advice = ": use AsyncEventsApi" if is_async else ""
        advice = ": put the JSON of one batch in a list" if isinstance(batches, (str, bytes)) else advice
        raise WrongCallError(f"{expected} of batches is expected, not {type_name(batches)}{advice}")
    return batches


def require_function(function: object, name: str, arguments: str) -> None:
    """Refuse a callback that is not a plain function with a WrongCallError."""
    if not callable(function):
        raise WrongCallError(f"{name} takes a function of {arguments}, not {type_name(function)}")
    if iscoroutinefunction(function):
        raise WrongCallError(f"{name} takes a plain function: a coroutine would never be awaited")


def require_callback(callback: Callable[..., object]) -> None:
    """Refuse a callback that does not take (error, data, response) with a WrongCallError."""
    require_function(callback, "callback", "(error, data, response)")
    try:
        parameters = signature(callback, follow_wrapped=False)  # a decorator can change the arguments
    except Exception:  # some callables have no signature, and some annotations cannot be evaluated
        return
    if _accepts(parameters, 3):
        return
    advice = "write callback(error, data, response)"
    if _accepts(parameters, 1):
        advice = f"mParticle's Python SDK passes only the response; here {advice}, and read response if error is None"
    names = ", ".join(parameters.parameters)  # without the default values, which can be personal data
    raise WrongCallError(f"callback is called with (error, data, response), but takes ({names}): {advice}")


def _accepts(parameters: Signature, count: int) -> bool:
    try:
        parameters.bind(*[None] * count)
    except TypeError:
        return False
    return True


def require_timeout(timeout: float | None) -> None:
    """Refuse a timeout that is not seconds with a WrongCallError."""
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if timeout is not None and not (number and timeout >= 0):
        raise WrongCallError(f"timeout takes seconds from 0, or None to wait without limit, not {timeout!r:.40}")
