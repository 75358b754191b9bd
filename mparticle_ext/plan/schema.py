"""Checks a value against the JSON Schema of a data point. jsonschema-rs does it; here are the rules of mParticle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from mparticle_events.strict import closest

from .._checks.paths import Path, format_path, value_at
from ..errors import PlanError

try:
    import jsonschema_rs
    from jsonschema_rs import ValidationErrorKind as Kind
except ModuleNotFoundError as error:
    raise ImportError('a data plan needs its extra: pip install "mparticle-ext[plan]"') from error

ViolationKind: TypeAlias = Literal["unplanned", "missing_required", "invalid_value", "unknown"]
"""mParticle's words for what is wrong."""

_KINDS: dict[str, ViolationKind] = dict.fromkeys(
    ("type", "enum", "const", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
     "multipleOf", "minLength", "maxLength", "patternProperties"),
    "invalid_value",
)  # fmt: skip
_PROBLEMS = {
    "enum": "must be one of {options}",
    "const": "must be {expected_value}",
    "pattern": "does not match {pattern}",
    "format": "is not in the format {format}",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "multipleOf": "must be a multiple of {multiple_of}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "must have at most {limit} entries",
    "falseSchema": "is not allowed by the plan: leave it out",
}
_TYPES = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "a boolean",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_MAX_OPTIONS = 20
MAX_SEARCHED = 1000  # names in which a similar one is searched for: mParticle allows as many data points
_MAX_TEXT = 200  # characters of a message of the library
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_BACKTRACKING = jsonschema_rs.FancyRegexOptions(
    backtrack_limit=10_000
)  # milliseconds; it has no effect on most patterns

_DATE = r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_OFFSET = r"(?:[zZ]|[+-][0-9]{2}:[0-9]{2})"
_NPM_DATE = r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
_NPM_TIME = r"(?:[0-2][0-9]:[0-5][0-9]:[0-5][0-9]|23:59:60)(?:\.[0-9]+)?"
_NPM_OFFSET = r"(?:[zZ]|[+-][0-9]{2}(?::?[0-9]{2})?)"


def _format(form: str) -> Callable[[str], bool]:
    pattern = re.compile(form)

    def is_valid(text: str) -> bool:
        match = pattern.fullmatch(text)
        return match is not None and _is_date(match.groupdict().get("date", "2000-01-01"))

    return is_valid


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_CLOUD_FORMATS = {
    "date": _format(_DATE),
    "time": _format(f"{_TIME}{_OFFSET}?"),
    "date-time": _format(f"{_DATE}(?:[tT]{_TIME}{_OFFSET}?)?"),
}
_NPM_FORMATS = {
    "date": _format(_NPM_DATE),
    "time": _format(f"{_NPM_TIME}{_NPM_OFFSET}?"),
    "date-time": _format(f"{_NPM_DATE}[tT\\s]{_NPM_TIME}{_NPM_OFFSET}"),
}


class Problem(NamedTuple):
    """What does not fit a schema. `keyword` is the one of the schema that it breaks."""

    path: Path
    kind: ViolationKind
    keyword: str | None
    text: str


class SchemaCheck:
    """The check of one schema. `strict` accepts no string as a number or boolean, as mParticle's npm package."""

    def __init__(self, schema: Mapping[str, Any], *, strict: bool) -> None:
        self._schema = schema
        self._strict = strict
        self._validator = self._compiled(schema)

    def problems(self, value: Any) -> Iterable[Problem]:
        """What of a value does not fit. No text quotes the value."""
        if self._validator.is_valid(value):
            return ()
        return (problem for error in self._validator.iter_errors(value) for problem in self._explained(error))

    def _compiled(self, schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
        formats = _NPM_FORMATS if self._strict else _CLOUD_FORMATS
        try:
            return jsonschema_rs.Draft7Validator(
                dict(schema), formats=formats, validate_formats=True, offline=True, pattern_options=_BACKTRACKING
            )
        except jsonschema_rs.ValidationError as error:
            place = format_path(tuple(error.instance_path))
            raise PlanError(f"{place + ': ' if place else ''}is no JSON Schema: {error.message:.{_MAX_TEXT}}") from None
        except ValueError as error:  # nested too deeply
            raise PlanError(f"is no JSON Schema: {error!s:.{_MAX_TEXT}}") from None

    def _explained(self, error: jsonschema_rs.ValidationError) -> Iterator[Problem]:
        path = tuple(error.instance_path)
        match error.kind:
            case Kind.AdditionalProperties(unexpected=names):
                for name in names:
                    text = f"is not planned{self._hint(name, error.schema_path)}"
                    yield Problem((*path, name), "unplanned", "additionalProperties", text)
            case Kind.Required(property=name):
                yield Problem((*path, name), "missing_required", "required", "is required by the plan: give it a value")
            case Kind.Type(types=types) if not self._strict and (read := _read_as(error.instance, types)) is not None:
                yield from self._bound_problems(path, error.schema_path, read)
            case kind:
                yield Problem(path, _KINDS.get(kind.name, "unknown"), _keyword(kind), _text(kind, error.instance))

    def _hint(self, name: str, schema_path: list[str | int]) -> str:
        return hint(name, tuple(self._part(schema_path).get("properties", ())))

    def _bound_problems(self, path: Path, schema_path: list[str | int], number: float) -> Iterator[Problem]:
        """The problems of a number or boolean that was sent as a string."""
        schema = self._part(schema_path)
        bounds = {name: schema[name] for name in _BOUNDS if name in schema}
        if bounds:
            for error in self._compiled(bounds).iter_errors(number):
                yield Problem(path, "invalid_value", error.kind.name, _text(error.kind, number))

    def _part(self, schema_path: list[str | int]) -> dict[str, Any]:
        """The schema that a keyword is in."""
        with suppress(LookupError, TypeError):  # the path can go through a $ref
            part = value_at(self._schema, tuple(schema_path[:-1]))
            return part if isinstance(part, dict) else {}
        return {}


@lru_cache(maxsize=1024)
def hint(name: str, planned: tuple[str, ...]) -> str:
    """What to do about a name that is not planned. Cached, because a wrong name comes again."""
    near = closest(name, planned[:MAX_SEARCHED])
    return f": did you mean {near!r}?" if near else ": add it to the plan, or leave it out"


def _read_as(text: Any, types: Iterable[str]) -> float | None:
    """The number or boolean that mParticle's cloud reads from a string; None if there is none of these types."""
    if not isinstance(text, str):
        return None
    if "boolean" in types and text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = float(text) if _NUMBER.fullmatch(text) else float("nan")
    return number if isfinite(number) and ("number" in types or ("integer" in types and number.is_integer())) else None


def _keyword(kind: Kind) -> str:
    return "false schema" if isinstance(kind, Kind.FalseSchema) else kind.name


def _text(kind: Kind, value: Any) -> str:
    if isinstance(kind, Kind.Type):
        return f"must be {' or '.join(_TYPES.get(name, name) for name in kind.types)}, not {_type_of(value)}"
    facts = {name: _shown(fact) for name, fact in kind.as_dict().items()}
    return _PROBLEMS.get(kind.name, f"does not fit {kind.name} of the plan").format(**facts)


def _shown(fact: Any) -> str:
    if isinstance(fact, list):
        more = [f"... ({len(fact)} values)"] if len(fact) > _MAX_OPTIONS else []
        return ", ".join([*map(_shown, fact[:_MAX_OPTIONS]), *more])
    return fact if isinstance(fact, str) else msgspec.json.encode(fact).decode()


def _type_of(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (str, "string"), (int, "number"), (float, "number"), (dict, "object")):
        if isinstance(value, kind):
            return _TYPES[name]
    return _TYPES["null"] if value is None else _TYPES["array"]
