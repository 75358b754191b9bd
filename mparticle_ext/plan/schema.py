"""Checks a value against the JSON Schema of a data point: jsonschema-rs, with the rules in which mParticle differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from math import isfinite
from typing import Any, Literal, NamedTuple, TypeAlias

from mparticle_events.strict import closest

from .._checks import checked, encoded
from .._checks.paths import Path, format_path, value_at
from ..errors import PlanError

try:
    from jsonschema_rs import Draft7Validator, FancyRegexOptions, ValidationError
    from jsonschema_rs import ValidationErrorKind as Kind
except ModuleNotFoundError as error:
    raise ImportError('a data plan needs its extra: pip install "mparticle-ext[plan]"') from error

ViolationKind: TypeAlias = Literal["unplanned", "missing_required", "invalid_value", "unknown"]  # mParticle's words

_MAX_NAMES = 1000  # in which a similar one is searched for: mParticle allows as many data points
_MAX_NAME = 256  # characters: mParticle allows as many
_MAX_SEARCHES = 100  # for a similar name: each takes milliseconds, and the wrong names of a program have no end
_MAX_OPTIONS = 20  # that a text shows
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_INVALID_VALUE = {*_BOUNDS, "type", "enum", "const", "pattern", "format", "minLength", "maxLength"}  # else unknown
_DASH = re.compile(rb"(?<!\\)(?:(\\\\[dDsSwW])-|-(?=\\\\[dDsSwW]))")  # in JSON
_MASK = "the value"  # what a message of jsonschema-rs has instead
_CLOSED = "additionalProperties"
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_REGEX_LIMIT = FancyRegexOptions(backtrack_limit=10_000)  # some milliseconds


def _format(form: str, *, calendar: bool = False) -> Callable[[str], bool]:
    """The check of a format; with `calendar`, that its first 10 characters are a date."""
    pattern, is_date = re.compile(form), Draft7Validator({"format": "date"}, validate_formats=True).is_valid
    return lambda text: pattern.fullmatch(text) is not None and (not calendar or is_date(text[:10]))


_CLOUD_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]\d\d:\d\d)?"
_NPM_DATE, _NPM_ZONE = r"\d{4}-[01]\d-[0-3]\d", r"([zZ]|[+-]\d\d(:?\d\d)?)"
_NPM_TIME = r"([0-2]\d:[0-5]\d:[0-5]\d|23:59:60)(\.\d+)?"
_CLOUD_FORMATS = {
    "time": _format(f"(?a:{_CLOUD_TIME})"),
    "date-time": _format(rf"(?a:\d{{4}}-\d\d-\d\d([tT]{_CLOUD_TIME})?)", calendar=True),
}
_NPM_FORMATS = {
    "date": _format(f"(?a:{_NPM_DATE})"),
    "time": _format(f"(?a:{_NPM_TIME}{_NPM_ZONE}?)"),
    "date-time": _format(rf"(?a:{_NPM_DATE}[tT\s]{_NPM_TIME}{_NPM_ZONE})"),
}


class Problem(NamedTuple):
    """A violation of a schema. `keyword` is the violated keyword."""

    path: Path
    kind: ViolationKind
    keyword: str | None
    text: str


class Hints:
    """Advice for names that are not planned: the similar planned name, or to add it."""

    def __init__(self) -> None:
        self._similar: dict[tuple[str, tuple[str, ...]], str] = {}

    def __call__(self, name: str, planned: Iterable[str]) -> str:
        key = name, tuple(one for one in islice(planned, _MAX_NAMES) if len(one) <= _MAX_NAME)
        if key not in self._similar and len(self._similar) < _MAX_SEARCHES:
            self._similar[key] = closest(*key)
        near = self._similar.get(key)
        return f": did you mean {near!r}?" if near else ": add it to the plan, or leave it out"


class SchemaCheck:
    """The check of one schema. With `strict`, no string is accepted as a number or boolean, as in the npm package.

    Raises:
        PlanError: This is not a JSON Schema. `place` says where it is.
    """

    def __init__(self, schema: Mapping[str, Any], hint: Hints, place: str, *, strict: bool) -> None:
        self._schema, self._hint, self._strict = schema, hint, strict
        try:
            self._validator = _validator(schema, _NPM_FORMATS if strict else _CLOUD_FORMATS)
        except ValueError as error:
            path = format_path(tuple(getattr(error, "instance_path", ())))
            problem = getattr(error, "message", error)
            raise PlanError(f"{place}: {path + ': ' if path else ''}is not a JSON Schema: {problem!s:.200}") from None

    def problems(self, value: Any) -> Iterable[Problem]:
        """The violations in a value. No text quotes the value."""
        return (problem for error in self._validator.iter_errors(value) for problem in self._explained(error, value))

    def _explained(self, error: ValidationError, value: Any) -> Iterator[Problem]:
        part = value_at(value, path := tuple(error.instance_path))
        match error.kind:
            case Kind.AdditionalProperties(unexpected=names):
                yield from self._unplanned(error, names)
            case Kind.FalseSchema() if error.schema_path[-1:] == [_CLOSED] and isinstance(part, dict):
                yield from self._unplanned(error, part)
            case Kind.Required(property=name):
                yield Problem((*path, name), "missing_required", error.kind.name, "is required: give it a value")
            case Kind.Type(types=types) if not self._strict and (read := _read_as(error.instance, types)) is not None:
                bounds = {name: limit for name, limit in self._part(error).items() if name in _BOUNDS}
                yield from (_invalid(path, one) for one in Draft7Validator(bounds, mask=_MASK).iter_errors(read))
            case _:
                yield _invalid(path, error)

    def _unplanned(self, error: ValidationError, names: Iterable[str]) -> Iterator[Problem]:
        planned = self._part(error).get("properties", ())
        for name in names:
            text = f"is not planned{self._hint(name, planned)}"
            yield Problem((*error.instance_path, name), "unplanned", _CLOSED, text)

    def _part(self, error: ValidationError) -> dict[str, Any]:
        """The schema of which a keyword is broken."""
        with suppress(LookupError, TypeError):  # the path can go through a $ref
            part = value_at(self._schema, tuple(error.schema_path[:-1]))
            return part if isinstance(part, dict) else {}
        return {}


def _validator(schema: Mapping[str, Any], formats: Any) -> Draft7Validator:
    r"""The validator of a schema. In JavaScript's patterns, a dash beside a class, as in `[\w-.]`, is a dash."""
    settings: Any = {"formats": formats, "validate_formats": True, "pattern_options": _REGEX_LIMIT, "offline": True}
    try:
        return Draft7Validator(dict(schema), mask=_MASK, **settings)
    except ValueError:
        return Draft7Validator(checked(_DASH.sub(rb"\1\\\\-", encoded(schema)), dict), mask=_MASK, **settings)


def _read_as(text: Any, types: Iterable[str]) -> float | None:
    """The number or boolean that mParticle's cloud reads from a string; None if there is none of these types."""
    if not isinstance(text, str):
        return None
    if "boolean" in types and text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = float(text) if _NUMBER.fullmatch(text) else float("nan")
    return number if isfinite(number) and ("number" in types or ("integer" in types and number.is_integer())) else None


def _invalid(path: Path, error: ValidationError) -> Problem:
    match error.kind:
        case Kind.Type(types=types):
            text = f"must be of type {' or '.join(types)}, not {_TYPES.get(type(error.instance), 'null')}"
        case Kind.Enum(options=options):
            shown = [one if isinstance(one, str) else encoded(one).decode() for one in options[:_MAX_OPTIONS]]
            more = f", ... ({len(options)} values)" if len(options) > _MAX_OPTIONS else ""
            text = f"must be one of {', '.join(shown)}{more}"
        case Kind.BacktrackLimitExceeded():
            text = "cannot be compared with the pattern of the plan: it takes too long"
        case _:
            text = error.message.removeprefix(f"{_MASK} ")
    return Problem(path, "invalid_value" if error.kind.name in _INVALID_VALUE else "unknown", error.kind.name, text)
