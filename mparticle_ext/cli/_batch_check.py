"""Checks a value of the input: it is a batch that can be uploaded, or it has faults."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import click
from mparticle_events import models
from mparticle_events.service import MIN_HISTORICAL_AGE_HOURS
from msgspec import UnsetType

from .. import ValidationError
from .._checks import converted, inbound, read_document, require_historical, require_size
from .._checks.paths import Path
from ._failed_file import read_failure
from ._faults import Fault, find_faults, violation_faults
from ._json_stream import Value
from ._progress_bar import show_count

if TYPE_CHECKING:
    from .. import DataPlan

Checked: TypeAlias = tuple[bytes, models.Batch] | list[Fault]
"""The JSON of a batch as it is sent and its model, or its faults."""


class Check:
    """Checks values of the input, and counts what the summary tells.

    Attributes:
        historical: Whether the batches are for a historical upload.
    """

    def __init__(self, *, historical: bool, outbound: bool, plan: DataPlan | None = None) -> None:
        """With `outbound`, the batches are in the form in which mParticle sends them out. `plan` is checked too."""
        self.historical = historical
        self._plan = plan
        self._could_be_historical = 0
        self._left_out: Counter[str] | None = Counter() if outbound else None

    def check(self, value: Value, request_id: str) -> Checked:
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
            count = show_count(self._could_be_historical, "batch")
            text = f"All events are {MIN_HISTORICAL_AGE_HOURS} hours old or more in {count}. Use --historical if"
            click.echo(f"{text} mParticle must not forward them to event and warehouse outputs", err=True)
        if self._left_out:
            fields = ", ".join(f"{name} ({count:,})" for name, count in sorted(self._left_out.items()))
            click.echo(f"Left out, because only mParticle sets it: {fields}", err=True)

    def to_send(self, document: bytes) -> tuple[bytes, Counter[str]]:
        """The JSON in the form that is sent in, and how often each field was left out."""
        return (document, Counter()) if self._left_out is None else inbound(document)

    def _checked(self, value: Value, document: bytes, prefix: Path, request_id: str) -> Checked:
        document, left_out = self.to_send(document)
        try:
            known, batch = self._read(document, request_id)
        except ValidationError as error:
            faults = find_faults(value, document, prefix, error, historical=self.historical)
            return self._with_violations(faults, value, converted(document, models.Batch), prefix)
        if violations := self._with_violations([], value, known, prefix):
            return violations
        if self._left_out is not None:
            self._left_out += left_out
        self._could_be_historical += not self.historical and _is_historical(batch)
        return known, batch

    def _with_violations(self, faults: list[Fault], value: Value, document: bytes, prefix: Path) -> list[Fault]:
        """The faults, and the violations of the data plan in the events and fields that have no fault."""
        if self._plan is None:
            return faults
        faulty = {_place(fault) for fault in faults}
        with suppress(ValidationError):  # it is not JSON
            violations = violation_faults(value, document, prefix, self._plan)
            faults = [*faults, *(one for one in violations if _place(one) not in faulty)]
        return sorted(faults, key=lambda fault: fault.line)

    def _read(self, document: bytes, request_id: str) -> tuple[bytes, models.Batch]:
        """The JSON of a batch with an id, and its model; or a ValidationError: the checks of an upload."""
        document, batch = read_document(document, models.Batch, new_id=lambda: request_id)
        if self.historical:
            require_historical(batch, 0)
        require_size(document, 0)
        return document, batch


def _place(fault: Fault) -> str:
    """The event or the field of the batch that a fault is in."""
    return fault.path.partition(".")[0]


def _is_historical(batch: models.Batch) -> bool:
    """Whether a historical upload accepts the batch."""
    try:
        require_historical(batch, 0)
    except ValidationError:
        return False
    return True
