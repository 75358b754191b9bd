"""Checks a value of the input: it is a batch that can be uploaded, or it has faults."""

from __future__ import annotations

import click
from mparticle_events import models
from mparticle_events.service import MAX_REQUEST_BYTES, MIN_HISTORICAL_AGE_HOURS
from msgspec import UnsetType

from .. import ValidationError
from .._checks import encoded, has_id, read, require_historical, require_size
from ._failed_file import read_failure
from ._faults import Fault, find_faults
from ._json_stream import Value
from ._progress_bar import show_count

_ALWAYS_FITS_BYTES = MAX_REQUEST_BYTES // 4  # even if encoding makes its numbers longer


def check(value: Value, request_id: str, *, historical: bool) -> models.Batch | list[Fault]:
    """The batch in a value or in a line of a failed file, with an id; or all its faults in the order of their lines."""
    if value.problem:
        return [Fault(value.line, "", value.problem)]
    try:
        return _batch(value.document, request_id, historical=historical)
    except ValidationError as caught:
        error = caught
    failure = read_failure(value.document)
    if failure is None:
        return find_faults(value, value.document, (), error, historical=historical)
    if isinstance(failure.batch, UnsetType):
        return [Fault(value.line, "batch", "is missing: correct the JSON that `text` begins, and put it here")]
    document = bytes(failure.batch)
    try:
        return _batch(document, request_id, historical=historical)
    except ValidationError as error:
        return find_faults(value, document, ("batch",), error, historical=historical)


def is_historical(batch: models.Batch) -> bool:
    """Whether a historical upload accepts the batch."""
    try:
        require_historical(batch, 0)
    except ValidationError:
        return False
    return True


def print_historical(count: int) -> None:
    """Tell that so many batches could be uploaded as historical ones."""
    if count:
        text = f"{show_count(count, 'batch')} with events of {MIN_HISTORICAL_AGE_HOURS} hours and more only: "
        text += "mParticle does not forward these to event and warehouse outputs if you upload them with --historical"
        click.echo(text, err=True)


def _batch(document: bytes, request_id: str, *, historical: bool) -> models.Batch:
    """The batch in a document, or a ValidationError: the checks of an upload."""
    document, batch = read(document, models.Batch)
    if historical:
        require_historical(batch, 0)
    if not has_id(batch):
        batch.source_request_id = request_id
    if len(document) > _ALWAYS_FITS_BYTES:
        require_size(encoded(batch), 0)
    return batch
