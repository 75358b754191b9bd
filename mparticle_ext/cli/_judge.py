"""A value of the input: a batch that may be uploaded, or all that is wrong with it."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from mparticle_events import models
from mparticle_events.service import MAX_REQUEST_BYTES
from msgspec import UnsetType

from .._check import checked, encoded
from .._errors import ValidationError
from .._faults import Fault, faults_of
from .._places import Place, shown
from .._prepare import refuse_too_large
from .._upload import has_id, refuse_unprocessed
from ._failures import failure_in
from ._lines import lines_before
from ._values import Value

_SURELY_FITS_BYTES = MAX_REQUEST_BYTES // 4  # whatever its numbers become when they are written anew


class Complaint(NamedTuple):
    """A fault, as it is told.

    Attributes:
        line: Where it stands.
        path: Where it is in the batch; empty for the whole of it.
        problem: What is wrong, and what to do.
    """

    line: int
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


Judged: TypeAlias = models.Batch | list[Complaint]
"""A batch that may be uploaded, or what is wrong with it."""


def judge(value: Value, request_id: str, *, historical: bool) -> Judged:
    """The batch that a value is, or its complaints in the order of their lines.

    Args:
        value: What was read: a batch, or a line of `upload --failed` with one in it.
        request_id: The `source_request_id` of the batch where it has none.
        historical: Whether it is for a historical upload.
    """
    if value.problem:
        return [Complaint(value.line, "", value.problem)]
    try:
        return _taken(value.document, request_id, historical=historical)
    except ValidationError as error:
        refused = error
    failure = failure_in(value.document)
    if failure is None:
        return _complaints(value, value.document, refused, (), historical=historical)
    if isinstance(failure.batch, UnsetType):
        return [Complaint(value.line, "batch", "is missing: give what `text` begins, mended")]
    document = bytes(failure.batch)
    try:
        return _taken(document, request_id, historical=historical)
    except ValidationError as error:
        return _complaints(value, document, error, ("batch",), historical=historical)


def _taken(document: bytes, request_id: str, *, historical: bool) -> models.Batch:
    """The batch of a document, by the same checks that an upload makes.

    Raises:
        ValidationError: It would be refused, or dropped in silence.
    """
    batch = checked(document, models.Batch)
    if historical:
        refuse_unprocessed(batch, 0)
    if not has_id(batch):
        batch.source_request_id = request_id
    if len(document) > _SURELY_FITS_BYTES:
        refuse_too_large(encoded(batch), 0)
    return batch


def _complaints(
    value: Value, document: bytes, error: ValidationError, around: Place, *, historical: bool
) -> list[Complaint]:
    faults = faults_of(document, historical=historical) or [Fault((), error.problem)]
    told = [
        Complaint(value.line + lines_before(value.document, (*around, *fault.place)), shown(fault.place), fault.problem)
        for fault in faults
    ]
    return sorted(told, key=lambda one: one.line)
