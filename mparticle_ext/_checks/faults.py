"""All faults of a batch, not only the first fault.

The check stops at a fault. So the faulty part is replaced in a copy by one that the check accepts, until there is no
fault left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from mparticle_events import models
from mparticle_events.reading import branches
from mparticle_events.strict import closest
from mparticle_events.wire import encode
from msgspec import inspect

from ..errors import ValidationError
from . import converted, require_historical
from .explain import (
    bytes_problems,
    encoding_problems,
    explain_encoding,
    locate,
    nonfinite_problems,
    plain,
    python_value,
    short,
)
from .paths import ITEMS, Path, children, field_names, format_path, is_required, parse_path, types_at, value_at

_MAX_FAULTS = 100  # of a batch: more of them have the same cause
_MAX_STEPS = 4 * _MAX_FAULTS


def batch_faults(batch: models.Batch) -> list[ValidationError]:
    """The faults of a batch object. A part without a JSON form is checked as null."""
    try:
        problems = dict(encoding_problems(batch))
        value = plain(_with_nulls(batch, problems))
        problems |= dict([*nonfinite_problems(value), *bytes_problems(value)])
        value = _with_nulls(value, problems)
        others = document_problems(converted(encode(value), models.Batch, value))
    except RecursionError as error:
        return [explain_encoding(batch, error, None)]
    found = problems | {path: problem for path, problem in others.items() if path not in problems}
    return [ValidationError(problem, format_path(path)) for path, problem in found.items()]


def _with_nulls(value: Any, paths: Container[Path], path: Path = ()) -> Any:
    """A copy in dicts and lists, with null at some paths."""
    if path in paths:
        return None
    inside = {step: _with_nulls(child, paths, (*path, step)) for step, child in children(value)}
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        return {config.tag_field: config.tag, **inside} if config.tag_field else inside
    if isinstance(value, Mapping):
        return inside
    return list(inside.values()) if isinstance(value, ITEMS) else value


def document_problems(document: bytes, *, historical: bool = False) -> dict[Path, str]:
    """At most a hundred problems of the JSON of a batch, in which other forms are `converted`, with their paths."""
    problems: dict[Path, str] = {}
    try:
        value, unreadable = python_value(document)
        if unreadable:
            problems = dict(unreadable)
            document = converted(encode(_with_nulls(value, problems)), models.Batch)
    except (ValueError, RecursionError):  # it is not JSON, or a part around one of these has a bad key
        if problems:
            return problems
    repair = _Repair(document)
    for path, problem in repair.problems():
        if len(problems) >= _MAX_FAULTS:
            return dict(list(problems.items())[:_MAX_FAULTS])
        problems.setdefault(path, problem)
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
        """Replace the part at a path, or remove it at the second attempt; False if both were done, or do not help."""
        if not types_at(models.Batch, self._value, path[:-1]):  # in a list where the model has an object
            return False
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
            meant = closest(str(step), field_names(models.Batch, self._value, path[:-1]))
            if meant and is_required(models.Batch, self._value, (*path[:-1], meant)):
                parent.setdefault(meant, original)  # else it is reported as missing too
        return isinstance(parent, dict) and parent.pop(step, self) is not self


def _placeholder(types: list[inspect.Type]) -> Any:
    """A value of one of these types: null if possible."""
    if any(isinstance(part, inspect.NoneType) for part in types):
        return None
    match types[0]:
        case inspect.StructType() as part:
            return _object(part)
        case inspect.EnumType(cls=enum):
            return next(iter(enum)).value
        case inspect.DictType():
            return {}
        case inspect.CollectionType():
            return []
        case inspect.IntType(ge=least):
            return max(0, least or 0)
        case other:
            return _SCALARS.get(type(other))


def _object(part: inspect.StructType) -> dict[str, Any]:
    """An object with the required fields, and with one more if the model needs one of several."""
    required = {field.encode_name: _placeholder(branches(field.type)) for field in part.fields if field.required}
    if part.tag_field is not None:
        return {part.tag_field: part.tag, **required}
    for more in ({}, *({field.encode_name: _not_null(field.type)} for field in part.fields)):
        with suppress(msgspec.ValidationError):
            msgspec.convert(required | more, part.cls)
            return required | more
    return required


def _not_null(kind: inspect.Type) -> Any:
    return _placeholder([part for part in branches(kind) if not isinstance(part, inspect.NoneType)])


_SCALARS = {inspect.StrType: "", inspect.FloatType: 0.0, inspect.BoolType: False}


def _historical_problems(batch: models.Batch) -> Iterator[tuple[Path, str]]:
    """The problems for a historical upload, event by event."""
    for number, events in enumerate([event] for event in batch.events) if batch.events else [(0, [])]:
        try:
            require_historical(models.Batch(environment=batch.environment, events=events), 0)
        except ValidationError as error:
            steps = list(parse_path(f".{error.path}", "", None, None))
            steps[1:2] = [number] if events else []
            yield tuple(steps), error.problem
