"""Checks a value of the input: it is a batch that can be uploaded, or it has faults."""

from __future__ import annotations

from collections import Counter

import click
from mparticle_events import models
from mparticle_events.service import MAX_REQUEST_BYTES, MIN_HISTORICAL_AGE_HOURS
from msgspec import UnsetType

from .. import ValidationError
from .._checks import encoded, has_id, inbound, read, require_historical, require_size
from .._checks.paths import Path
from ._failed_file import read_failure
from ._faults import Fault, find_faults
from ._json_stream import Value
from ._progress_bar import show_count

_ALWAYS_FITS_BYTES = MAX_REQUEST_BYTES // 4  # even if encoding makes its numbers longer


class Check:
    """Checks values of the input, and counts what the summary tells.

    Attributes:
        historical: Whether the batches are for a historical upload.
    """

    def __init__(self, *, historical: bool, outbound: bool) -> None:
        """With `outbound`, the batches are in the form in which mParticle sends them out."""
        self.historical = historical
        self._could_be_historical = 0
        self._left_out: Counter[str] | None = Counter() if outbound else None

    def check(self, value: Value, request_id: str) -> models.Batch | list[Fault]:
        """The batch in a value or in a line of a failed file, with an id; or all its faults, ordered by line."""
        if value.problem:
            return [Fault(value.line, "", value.problem)]
        checked = self._checked(value, value.document, (), request_id)
        failure = read_failure(value.document) if isinstance(checked, list) else None
        if failure is None:
            return checked
        if isinstance(failure.batch, UnsetType):
            return [Fault(value.line, "batch", "is missing: correct the JSON that `text` begins, and put it here")]
        return self._checked(value, bytes(failure.batch), ("batch",), request_id)

    def print_notes(self) -> None:
        """Print what is worth knowing about the batches."""
        if self._could_be_historical:
            text = f"{show_count(self._could_be_historical, 'batch')} with events of {MIN_HISTORICAL_AGE_HOURS} hours"
            text += " and more only: mParticle does not forward these to event and warehouse outputs"
            click.echo(f"{text} if you upload them with --historical", err=True)
        if self._left_out:
            fields = ", ".join(f"{name} ({count:,})" for name, count in sorted(self._left_out.items()))
            click.echo(f"Left out, because only mParticle sets it: {fields}", err=True)

    def _checked(self, value: Value, document: bytes, prefix: Path, request_id: str) -> models.Batch | list[Fault]:
        if self._left_out is not None:
            document, left_out = inbound(document)
            self._left_out += left_out
        try:
            batch = self._batch(document, request_id)
        except ValidationError as error:
            return find_faults(value, document, prefix, error, historical=self.historical)
        self._could_be_historical += not self.historical and _is_historical(batch)
        return batch

    def _batch(self, document: bytes, request_id: str) -> models.Batch:
        """The batch in a document, or a ValidationError: the checks of an upload."""
        document, batch = read(document, models.Batch)
        if self.historical:
            require_historical(batch, 0)
        if not has_id(batch):
            batch.source_request_id = request_id
        if len(document) > _ALWAYS_FITS_BYTES:
            require_size(encoded(batch), 0)
        return batch


def _is_historical(batch: models.Batch) -> bool:
    """Whether a historical upload accepts the batch."""
    try:
        require_historical(batch, 0)
    except ValidationError:
        return False
    return True
