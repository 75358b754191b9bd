"""Turns the messages of the decoder and encoder into errors with a path, a problem and advice. Loaded at a fault."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, cast

import msgspec
from mparticle_events.service import MAX_UNIX_TIME_MS, MIN_UNIX_TIME_MS
from mparticle_events.wire import encode

from ..errors import ValidationError
from .paths import Path, choices, faulty_key, field_names, find, format_path, parse_path, tag_fields, value_at

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
_NO_LINE_BREAK = r"(?!\\n)"  # the end of the spec's patterns, which does not help a reader
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
        return (), f"is not valid JSON: {message}"
    try:
        return _path_and_problem(message, value, kind)
    except (LookupError, TypeError, RecursionError, msgspec.DecodeError):  # a key with the punctuation of the message
        return (), message


def _path_and_problem(message: str, value: Any, kind: Any) -> tuple[Path, str]:
    match = cast("re.Match[str]", _MESSAGE.fullmatch(message))  # the pattern takes any text
    path = parse_path(match["path"] or "", message, value, kind)
    problem = match["problem"]
    if match["key"]:
        key = faulty_key(message, value, path, kind)
        return (*path, short(key)), f"has a name that {_constraint(problem, key)}"
    if field := _MISSING.fullmatch(problem):
        return (*path, field[1]), _missing(field[1], value, path, kind)
    if field := _UNKNOWN.fullmatch(problem):
        return (*path, field[1]), _unknown(field[1], value, path, kind)
    given = value_at(value, path)
    said = _choice(given, choices(kind, value, path)) or _constraint(problem, given) + _advice(path, given)
    return path, said


def explain_encoding(value: Any, error: Exception, batch_index: int | None) -> ValidationError:
    """The error for a value without a JSON form."""
    if isinstance(error, RecursionError):
        return ValidationError("contains itself, or is nested too deeply for JSON", batch_index=batch_index)
    found = "has a character that UTF-8 cannot encode (a lone surrogate)" if isinstance(error, UnicodeError) else error
    path = format_path(find(value, _is_unencodable) or ())
    advice = "give a string, a number, a boolean, a list or a dict"
    return ValidationError(f"{found}: {advice}", path=path, batch_index=batch_index)


def _is_unencodable(leaf: Any) -> bool:
    if leaf is msgspec.UNSET:
        return False
    try:
        encode(leaf)
    except Exception:
        return True
    return False


def _missing(name: str, value: Any, path: Path, kind: Any) -> str:
    if name in tag_fields(kind, value, path):
        return f"is required: {_ENVELOPE}"
    strange = set(value_at(value, path)) - set(field_names(kind, value, path))
    near = get_close_matches(name, strange, n=1)
    return f"is required: give it a value{f' (is it {near[0]!r}?)' if near else ''}"


def _unknown(name: str, value: Any, path: Path, kind: Any) -> str:
    if tag_fields(kind, value, path):
        return f"is not a field of an event's envelope: {_ENVELOPE}"
    known = field_names(kind, value, path)
    meant = closest(name, known)
    return f"is not a known field: {f'did you mean {meant!r}?' if meant else 'known fields are ' + ', '.join(known)}"


def closest(name: str, known: list[str]) -> str:
    """The known name that is most similar to an unknown one; empty if none is similar."""
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.5)), "")


def _choice(given: Any, known: list[str]) -> str:
    if not known or not isinstance(given, str):
        return ""
    near = get_close_matches(given, known, n=1, cutoff=0.5)
    return f"is {given!r}, but must be one of {', '.join(known)}{f': did you mean {near[0]!r}?' if near else ''}"


def _constraint(problem: str, given: Any) -> str:
    if match := _LENGTH.fullmatch(problem):
        return f"has {len(given)} {_UNITS[match[1]]}, but {_BOUNDS[match[2]]} {match[3]} are allowed"
    if match := _BOUND.fullmatch(problem):
        return _time(given) if int(match[2]) in _TIMES else f"must be {_BOUNDS[match[1]]} {match[2]}"
    if match := _PATTERN.fullmatch(problem):
        return f"does not match {match[1].replace(_NO_LINE_BREAK, '')}"
    if match := _KIND.fullmatch(problem):
        return f"must be {_kinds(match[1])}{', not ' + _kinds(match[2]) if match[2] else ''}"
    return problem


def _time(given: int) -> str:
    """The problem of a time that is too early or too late, most often because it has another unit."""
    for unit, milliseconds in (("seconds", given * 1000), ("microseconds", given // 1000)):
        if MIN_UNIX_TIME_MS <= milliseconds <= MAX_UNIX_TIME_MS:
            return f"is {given}, which are {unit}: give milliseconds"
    return f"is {given}, which is not between 2000 and 2100 in Unix milliseconds: give milliseconds"


def _kinds(kinds: str) -> str:
    found = kinds.split(" | ")
    *most, last = [_KINDS.get(kind, kind) for kind in found if kind != "int" or "float" not in found]
    return f"{', '.join(most)} or {last}" if most else last


def _advice(path: Path, given: Any) -> str:
    if isinstance(given, (str, float)) and path and str(path[-1]).endswith("_ms"):
        return ": give milliseconds, or a datetime with a time zone"
    return ": leave it out" if given is None else ""


def short(key: str) -> str:
    """A key as a path shows it, shortened if it is long."""
    return key if len(key) <= _SHOWN_KEY else key[: _SHOWN_KEY - 3] + "..."
