"""Turns the messages of the decoder and encoder into errors with a path, a problem and advice. Loaded at a fault."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any, cast

import msgspec
from mparticle_events.reading import ALIASES, PATTERNS, is_time, outbound_problem
from mparticle_events.service import MAX_UNIX_TIME_MS, MIN_UNIX_TIME_MS
from mparticle_events.strict import closest, unknown_field
from mparticle_events.wire import encode, to_dicts, to_plain
from msgspec import inspect

from ..errors import LONE_SURROGATE, ValidationError, type_name
from .paths import (
    Path,
    choices,
    faulty_key,
    field_names,
    find_problems,
    format_path,
    is_required,
    message_of,
    parse_path,
    structs_at,
    tag_fields,
    types_at,
    value_at,
)

_MESSAGE = re.compile(r"(?P<problem>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_LENGTH = re.compile(r"Expected `(\w+)` of length (<=|>=) (\d+)")
_BOUND = re.compile(r"Expected `\w+` (<=|>=) (-?\d+)")
_PATTERN = re.compile(r"Expected `str` matching regex (.*)")
_KIND = re.compile(r"Expected `(.*?)`(?:, got `(\w+)`)?")

_BOUNDS = {"<=": "at most", ">=": "at least"}
_UNITS = {"str": "characters", "array": "entries", "object": "entries"}
_KINDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "a boolean",
    "array": "a list",
    "object": "an object",
}
_ENVELOPE = 'an event is sent as {"event_type": ..., "data": {...}}, which add_event(AppEvent(...)) makes'
_JSON_ADVICE = "give a string, a number, a boolean, a list or a dict"
_BYTES = (bytes, bytearray, memoryview)
_MAX_DIGITS = 4300  # that Python reads
_KEPT = (Decimal, datetime, *_BYTES)
_BYTES_ADVICE = "bytes, which JSON does not have: decode it, as in value.decode()"
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?")  # a date, or a datetime without a time zone, as it is encoded
_TIME_PROBLEMS = {  # of numpy and pandas
    "NaTType": "is no time (NaT): leave it out",
    "datetime64": "is a numpy.datetime64, which has no time zone: give a datetime with one, as in tzinfo=UTC",
}
_TIMES = (MIN_UNIX_TIME_MS, MAX_UNIX_TIME_MS)
_SHOWN_KEY = 40  # characters of a long key


def explain_decoding(message: str, document: bytes, kind: Any, batch_index: int | None) -> ValidationError:
    """The error for a message of the decoder."""
    path, problem = locate(message, document, kind)
    return ValidationError(problem, format_path(path), batch_index)


def locate(message: str, document: bytes, kind: Any) -> tuple[Path, str]:
    """The path that a message of the decoder is about, and the problem in plain words."""
    try:
        value = msgspec.json.decode(document)
    except UnicodeDecodeError as error:
        return (), f"is not UTF-8, as JSON must be: {error.reason}"
    except (msgspec.DecodeError, RecursionError):
        return _unreadable(message, document)
    try:
        return _path_and_problem(message, value, kind)
    except (LookupError, TypeError, RecursionError, msgspec.DecodeError):  # a key with the punctuation of the message
        return (), message


def _unreadable(message: str, document: bytes) -> tuple[Path, str]:
    """The place of a value that only Python's decoder reads; or the message of ours, which has a position."""
    with suppress(ValueError, RecursionError):
        for found in python_value(document)[1]:
            return found
    return (), f"is not valid JSON: {message}"


def python_value(document: bytes) -> tuple[Any, list[tuple[Path, str]]]:
    """The value of JSON, and its parts that only Python's decoder reads; a ValueError if it is not JSON."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(document), []
    value = json.loads(  # a ValueError for NaN, which is not JSON
        document, parse_constant=int, parse_int=lambda digits: int(digits) if len(digits) < _MAX_DIGITS else inf
    )
    return value, find_problems(value, _unreadable_problem)


def _unreadable_problem(part: Any) -> str:
    if isinstance(part, float) and not isfinite(part):
        return "is too large for a number: at most 1.7e308 is possible"
    if isinstance(part, str) and _has_surrogate(part):
        return f"has {LONE_SURROGATE}"
    has_key = isinstance(part, dict) and any(map(_has_surrogate, part))
    return f"has a key with {LONE_SURROGATE}" if has_key else ""


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and text.encode(errors="ignore").decode() != text


def _path_and_problem(message: str, value: Any, kind: Any) -> tuple[Path, str]:
    match = cast("re.Match[str]", _MESSAGE.fullmatch(message))  # the pattern takes any text
    path = parse_path(match["path"] or "", message, value, kind)
    if message_of(value, kind) != message:  # `value` has only the last one
        return path[:1], "occurs twice, or has a key that occurs twice: give each key once"
    problem = match["problem"]
    if match["key"]:
        key = faulty_key(message, value, path, kind)
        return (*path, short(key)), f"has a name that {_constraint(problem, key)}"
    if field := _MISSING.fullmatch(problem):
        return (*path, field[1]), _missing(field[1], value, path, kind)
    if field := _UNKNOWN.fullmatch(problem):
        return (*path, field[1]), _unknown(field[1], value, path, kind)
    given = value_at(value, path)
    if given is None and is_required(kind, value, path):
        is_tag = path and path[-1] in tag_fields(kind, value, path[:-1])
        return path, f"is null, but required: {_ENVELOPE if is_tag else 'give it a value'}"
    for cls in structs_at(kind, value, path):
        if found := outbound_problem(given, cls):
            return (*path, *found[0]), found[1]
    types = types_at(kind, value, path)
    if is_time(types) and (strange := _strange_time(given)):
        return path, strange
    return path, _choice(given, choices(kind, value, path)) or _constraint(problem, given) + _advice(path, given, types)


def explain_encoding(value: Any, error: Exception, batch_index: int | None) -> ValidationError:
    """The error for a value without a JSON form."""
    if isinstance(error, RecursionError):
        return ValidationError("contains itself, or is nested too deeply for JSON", batch_index=batch_index)
    path, problem = next(iter(encoding_problems(value)), ((), str(error)))
    return ValidationError(problem, format_path(path), batch_index)


def encoding_problems(value: Any) -> list[tuple[Path, str]]:
    """The parts without a JSON form."""
    return find_problems(value, _encoding_problem)


def bytes_problems(value: Any) -> list[tuple[Path, str]]:
    """The parts that the encoder would silently write as base64."""
    return find_problems(plain(value), _bytes_problem)


def nonfinite_problems(value: Any) -> list[tuple[Path, str]]:
    """The numbers that the encoder would silently write as null."""
    return find_problems(plain(value), _nonfinite_problem)


def plain(value: Any) -> Any:
    """A value in dicts and lists, in which Decimals, datetimes and bytes stay as they are."""
    return msgspec.to_builtins(value, builtin_types=_KEPT, enc_hook=to_plain)


def _encoding_problem(part: Any) -> str:
    try:
        encode(part)
    except UnicodeError:
        return f"has {LONE_SURROGATE}"
    except Exception as error:
        known = _TIME_PROBLEMS.get(type(part).__name__, "") or _class_problem(part) or _bytes_problem(part)
        return known or _array_problem(part) or f"{error}: {_JSON_ADVICE}"
    return _key_problem(part)


def _class_problem(part: Any) -> str:
    return f"is {type_name(part)}" if isinstance(part, type) else ""


def _array_problem(part: Any) -> str:
    """The problem of a scalar or an array of numpy, or of a library with the same methods."""
    if not (hasattr(part, "shape") and hasattr(part, "item")):
        return ""
    method = "tolist" if part.shape else "item"
    return f"is a {type(part).__module__}.{type(part).__name__}, which has no JSON form: call its method .{method}()"


def _bytes_problem(part: Any) -> str:
    if isinstance(part, _BYTES):
        return f"is {_BYTES_ADVICE}"
    return _key_problem(part)


def _key_problem(part: Any) -> str:
    """The problem of a key that is neither text nor a number."""
    for key in part if isinstance(part, Mapping) else ():
        if isinstance(key, _BYTES):
            return f"has a key that is {_BYTES_ADVICE}"
        try:
            to_dicts({key: None})
        except Exception:
            return f"has a key that is {type_name(key)}: give a string"
    return ""


def _nonfinite_problem(part: Any) -> str:
    if part.is_finite() if isinstance(part, Decimal) else not isinstance(part, float) or isfinite(part):
        return ""
    return "is not a finite number, and JSON has no form for it: leave it out"


def _missing(name: str, value: Any, path: Path, kind: Any) -> str:
    if name in tag_fields(kind, value, path):
        return f"is required: {_ENVELOPE}"
    strange = set(value_at(value, path)) - set(field_names(kind, value, path))
    near = get_close_matches(name, strange, n=1)
    return f"is required: give it a value{f' (is it {near[0]!r}?)' if near else ''}"


def _unknown(name: str, value: Any, path: Path, kind: Any) -> str:
    if tag_fields(kind, value, path):
        return f"is not a field of an event's envelope: {_ENVELOPE}"
    for cls in structs_at(kind, value, path):
        if meant := ALIASES.get(cls, {}).get(name):
            return f"is another name of {meant}, which is there too: give only one"
    return unknown_field(name, field_names(kind, value, path))


def _choice(given: Any, known: list[str]) -> str:
    if not known or not isinstance(given, str):
        return ""
    if given == "unknown":
        return f"is 'unknown', which only mParticle sends out: give one of {', '.join(known)}"
    near = closest(given, known)
    return f"is {given!r}, but must be one of {', '.join(known)}{f': did you mean {near!r}?' if near else ''}"


def _constraint(problem: str, given: Any) -> str:
    if match := _LENGTH.fullmatch(problem):
        return f"has {len(given)} {_UNITS[match[1]]}, but {_BOUNDS[match[2]]} {match[3]} are allowed"
    if match := _BOUND.fullmatch(problem):
        return _wrong_time(given) if int(match[2]) in _TIMES else f"must be {_BOUNDS[match[1]]} {match[2]}"
    if match := _PATTERN.fullmatch(problem):
        return f"must be {PATTERNS.get(match[1], f'text that matches {match[1]}')}"
    if match := _KIND.fullmatch(problem):
        fraction = " with a fraction" if match[2] == "float" and "int" in match[1] else ""
        return f"must be {_kinds(match[1])}{', not ' + _kinds(match[2]) if match[2] else ''}{fraction}"
    return problem


def _wrong_time(given: float) -> str:
    """The problem of a time that is too early or too late, most often because it has another unit."""
    for unit, one in (("seconds", 1e-3), ("microseconds", 1e3), ("nanoseconds", 1e6)):  # milliseconds in the unit
        if MIN_UNIX_TIME_MS * one <= given <= MAX_UNIX_TIME_MS * one:
            return f"is {given}, which are {unit}: give milliseconds"
    return f"is {given}, which is not between 2000 and 2100 in Unix milliseconds: correct it"


def _strange_time(given: Any) -> str:
    if isinstance(given, float) and not MIN_UNIX_TIME_MS <= given <= MAX_UNIX_TIME_MS:
        return _wrong_time(given)
    if isinstance(given, str) and _LOCAL_TIME.fullmatch(given):
        return "is a time without a time zone: give milliseconds, or a datetime with one, as in tzinfo=UTC"
    return ""


def _kinds(kinds: str) -> str:
    found = kinds.split(" | ")
    *most, last = [_KINDS.get(kind, kind) for kind in found if kind != "int" or "float" not in found]
    return f"{', '.join(most)} or {last}" if most else last


def _advice(path: Path, given: Any, types: list[inspect.Type]) -> str:
    if isinstance(given, float) and inspect.IntType in map(type, types):
        return ": make it whole, as in int(...)"
    if isinstance(given, str) and path and str(path[-1]).endswith("_ms"):
        return f": give milliseconds{', or a datetime with a time zone' if is_time(types) else ''}"
    return ": leave it out" if given is None else ""


def short(key: str) -> str:
    """A key as a path shows it, shortened if it is long."""
    return key if len(key) <= _SHOWN_KEY else key[: _SHOWN_KEY - 3] + "..."
