"""All faults of a batch with their lines."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import TYPE_CHECKING, NamedTuple

from mparticle_events import models

from .. import ValidationError
from .._checks import converted
from .._checks.explain import short
from .._checks.faults import document_problems
from .._checks.paths import Path, format_path
from ._json_stream import Value

if TYPE_CHECKING:
    from .. import DataPlan

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder(parse_int=str)  # a number of any length


class Fault(NamedTuple):
    """A fault in the input.

    Attributes:
        line: Its line in the file.
        path: Its path in the batch; empty for the whole batch.
        problem: What is wrong, and what to do.
        violation: Of what is valid, but not as the data plan says: the kind of the violation.
    """

    line: int
    path: str
    problem: str
    violation: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def find_faults(
    value: Value, document: bytes, prefix: Path, error: ValidationError, *, historical: bool
) -> list[Fault]:
    """At most a hundred faults of the `document` at the path `prefix` of a value; `error` is the first of them."""
    problems = document_problems(converted(document, models.Batch), historical=historical) or {(): error.problem}
    faults = [
        Fault(value.line + _lines_before(value.document, (*prefix, *path)), format_path(path), problem)
        for path, problem in problems.items()
    ]
    return sorted(faults, key=lambda fault: fault.line)


def violation_faults(value: Value, document: bytes, prefix: Path, plan: DataPlan) -> list[Fault]:
    """The violations of the data plan in the `document` at the path `prefix` of a value, each with its line."""
    return [
        Fault(value.line + _lines_before(value.document, (*prefix, *one.steps)), one.path, one.problem, one.kind)
        for one in plan.violations(document)
    ]


def _lines_before(document: bytes, path: Path) -> int:
    """The number of line breaks before the value at a path, or before the innermost value around it."""
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        return document.count(b"\n", 0, error.start)
    offset = 0
    for step in path:
        try:
            child = _child_offset(text, offset, step)
        except (ValueError, IndexError, RecursionError):  # this decoder does not accept all that msgspec accepts
            break
        if child is None:
            break
        offset = child
    return text.count("\n", 0, offset)


def _child_offset(text: str, offset: int, step: str | int) -> int | None:
    """The offset of a member in the object or list at an offset; of a repeated key the last one, as msgspec does."""
    found: int | None = None
    end = "}" if isinstance(step, str) else "]"
    offset = _skip_blank(text, offset + 1)
    index = 0
    while text[offset] != end:
        key: str | int = index
        if isinstance(step, str):
            key, offset = _DECODER.raw_decode(text, offset)
            offset = _skip_blank(text, _skip_blank(text, offset) + 1)  # after the colon
        if step in (key, short(str(key))):
            found = offset
        _, offset = _DECODER.raw_decode(text, offset)
        offset = _skip_blank(text, offset)
        offset = _skip_blank(text, offset + 1) if text[offset] == "," else offset
        index += 1
    return found


def _skip_blank(text: str, offset: int) -> int:
    return _BLANK.match(text, offset).end()  # type: ignore[union-attr]  # it always matches
