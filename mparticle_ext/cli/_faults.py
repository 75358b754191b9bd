"""All faults of a batch with their lines, not only the first fault.

The check stops at a fault. So the faulty part is replaced in a copy by one that the check accepts, until there is no
fault left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, NamedTuple

import msgspec
from mparticle_events import models
from mparticle_events.strict import closest
from msgspec import inspect

from .. import ValidationError
from .._checks import require_historical
from .._checks.explain import locate, short
from .._checks.paths import Path, branches, field_names, format_path, parse_path, types_at, value_at
from ._json_stream import Value

_MAX_FAULTS = 100  # of a batch: more of them have the same cause
_MAX_STEPS = 4 * _MAX_FAULTS
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder(parse_int=str)  # a number of any length


class Fault(NamedTuple):
    """A fault in the input.

    Attributes:
        line: Its line in the file.
        path: Its path in the batch; empty for the whole batch.
        problem: What is wrong, and what to do.
    """

    line: int
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def find_faults(
    value: Value, document: bytes, prefix: Path, error: ValidationError, *, historical: bool
) -> list[Fault]:
    """At most a hundred faults of the `document` at the path `prefix` of a value; `error` is the first of them."""
    problems = _problems(document, historical=historical) or {(): error.problem}
    faults = [
        Fault(value.line + _lines_before(value.document, (*prefix, *path)), format_path(path), problem)
        for path, problem in problems.items()
    ]
    return sorted(faults, key=lambda fault: fault.line)


def _problems(document: bytes, *, historical: bool) -> dict[Path, str]:
    problems: dict[Path, str] = {}
    repair = _Repair(document)
    for path, problem in repair.problems():
        problems.setdefault(path, problem)
        if len(problems) == _MAX_FAULTS:
            return problems
    if historical and repair.batch is not None:
        problems |= {path: text for path, text in _historical_problems(repair.batch) if not repair.replaced(path)}
    return problems


class _Repair:
    """A copy of a batch, in which one fault after the other is replaced. `batch` is set when there is none left."""

    def __init__(self, document: bytes) -> None:
        self.batch: models.Batch | None = None
        self._document = document
        self._value: Any = None
        self._attempts: Counter[Path] = Counter()

    def problems(self) -> Iterator[tuple[Path, str]]:
        """Each problem with its path; one may come twice, if its first replacement did not help."""
        for _ in range(_MAX_STEPS):
            found = self._first_problem()
            if found is None:
                return
            yield found
            if not self._repair(found[0]):
                return

    def replaced(self, path: Path) -> bool:
        """Whether the part at a path is not the original one."""
        return any(path[:depth] in self._attempts for depth in range(1, len(path) + 1))

    def _first_problem(self) -> tuple[Path, str] | None:
        try:
            self.batch = msgspec.json.decode(self._document, type=models.Batch)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return locate(str(error), self._document, models.Batch)
        return None

    def _repair(self, path: Path) -> bool:
        """Replace the part at a path, or the part around it; False if that is the whole batch."""
        if path and self._value is None:
            self._value = msgspec.json.decode(self._document)
        while path and not self._replace(path):
            path = path[:-1]
        self._document = msgspec.json.encode(self._value)
        return bool(path)

    def _replace(self, path: Path) -> bool:
        """Replace the part at a path, or remove it at the second attempt; False if both were done."""
        parent, step = value_at(self._value, path[:-1]), path[-1]
        self._attempts[path] += 1
        if self._attempts[path] == 1:
            named = [key for key in parent if short(key) == step] if isinstance(parent, dict) else []
            if named and step not in named:  # the path has a name that was shortened
                del parent[named[0]]
                return True
            original = parent[step] if isinstance(step, int) else parent.get(step)
            parent[step] = None
            if types := types_at(models.Batch, self._value, path):
                parent[step] = _placeholder(types)
                return True
            if meant := closest(str(step), field_names(models.Batch, self._value, path[:-1])):
                parent.setdefault(meant, original)  # else it is reported as missing too
        return isinstance(parent, dict) and parent.pop(step, self) is not self


def _placeholder(types: list[inspect.Type]) -> Any:
    """A value of one of these types: null if possible."""
    if any(isinstance(part, inspect.NoneType) for part in types):
        return None
    match types[0]:
        case inspect.StructType(tag_field=tag_field, tag=tag, fields=fields):
            required = {field.encode_name: _placeholder(branches(field.type)) for field in fields if field.required}
            return required if tag_field is None else {tag_field: tag, **required}
        case inspect.EnumType(cls=enum):
            return next(iter(enum)).value
        case inspect.DictType():
            return {}
        case inspect.CollectionType():
            return []
        case other:
            return _SCALARS.get(type(other))


_SCALARS = {inspect.StrType: "", inspect.IntType: 0, inspect.FloatType: 0.0, inspect.BoolType: False}


def _historical_problems(batch: models.Batch) -> Iterator[tuple[Path, str]]:
    """The problems for a historical upload, event by event."""
    for number, events in enumerate([event] for event in batch.events) if batch.events else [(0, [])]:
        try:
            require_historical(models.Batch(environment=batch.environment, events=events), 0)
        except ValidationError as error:
            steps = list(parse_path(f".{error.path}", "", None, None))
            steps[1:2] = [number] if events else []
            yield tuple(steps), error.problem


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
