"""What is wrong with a batch, in words: where, what, and what to do. Loaded only when something is wrong."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, cast

import msgspec
from mparticle_events.wire import encode

from ._check import UNENCODABLE
from ._errors import ValidationError
from ._places import Place, at, choices, culprit, field_names, find, place_of, shown, tag_fields

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
_ENVELOPE = 'an event travels as {"event_type": ..., "data": {...}}, which add_event(AppEvent(...)) makes'
_NO_LINE_BREAK = r"(?!\\n)"  # what the spec's patterns end with, as the decoder shows it: no help to a reader
_SHOWN_KEY = 40  # characters of a key that is too long


def explained(message: str, document: bytes, kind: Any, batch_index: int | None) -> ValidationError:
    """The decoder's message about a document, as an error that a person can act on."""
    place, problem = located(message, document, kind)
    return ValidationError(problem, shown(place), batch_index)


def located(message: str, document: bytes, kind: Any) -> tuple[Place, str]:
    """Where in a document the decoder's message points to, and what it says, in words."""
    try:
        value = msgspec.json.decode(document)
    except UnicodeDecodeError as error:
        return (), f"is not UTF-8, as JSON must be: {error.reason}"
    except (msgspec.DecodeError, RecursionError):
        return (), f"is no JSON: {message}"
    try:
        return _place_and_problem(message, value, kind)
    except (LookupError, TypeError, RecursionError, msgspec.DecodeError):  # a name with the decoder's own punctuation
        return (), message


def _place_and_problem(message: str, value: Any, kind: Any) -> tuple[Place, str]:
    match = cast("re.Match[str]", _MESSAGE.fullmatch(message))  # the pattern takes any text
    place = place_of(match["path"] or "", message, value, kind)
    problem = match["problem"]
    if match["key"]:
        key = culprit(message, value, place, kind)
        return (*place, short(key)), f"has a name that {_value_problem(problem, key)}"
    if field := _MISSING.fullmatch(problem):
        return (*place, field[1]), _missing(field[1], value, place, kind)
    if field := _UNKNOWN.fullmatch(problem):
        return (*place, field[1]), _unknown(field[1], value, place, kind)
    given = at(value, place)
    said = _choice(given, choices(kind, value, place)) or _value_problem(problem, given) + _advice(place, given)
    return place, said


def unencodable(value: Any, error: Exception, batch_index: int | None) -> ValidationError:
    """The error for a value that holds something which has no JSON form."""
    if isinstance(error, RecursionError):
        return ValidationError("contains itself, or is nested too deep for JSON", batch_index=batch_index)
    found = "has a character that UTF-8 cannot carry (a lone surrogate)" if isinstance(error, UnicodeError) else error
    path = shown(find(value, _has_no_json) or ())
    advice = "give a string, a number, a boolean, a list or a dict"
    return ValidationError(f"{found}: {advice}", path=path, batch_index=batch_index)


def _has_no_json(leaf: Any) -> bool:
    if leaf is msgspec.UNSET:
        return False
    try:
        encode(leaf)
    except UNENCODABLE:
        return True
    return False


def _missing(name: str, value: Any, place: Place, kind: Any) -> str:
    if name in tag_fields(kind, value, place):
        return f"is required: {_ENVELOPE}"
    strange = set(at(value, place)) - set(field_names(kind, value, place))
    near = get_close_matches(name, strange, n=1)
    return f"is required: give it a value{f' (is it {near[0]!r}?)' if near else ''}"


def _unknown(name: str, value: Any, place: Place, kind: Any) -> str:
    if tag_fields(kind, value, place):
        return f"is no field of an event's envelope: {_ENVELOPE}"
    known = field_names(kind, value, place)
    meant = meant_by(name, known)
    return f"is no known field: {f'did you mean {meant!r}?' if meant else 'known are ' + ', '.join(known)}"


def meant_by(name: str, known: list[str]) -> str:
    """The known name that is meant by one that is not; empty where none is near."""
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.5)), "")


def _choice(given: Any, known: list[str]) -> str:
    if not known or not isinstance(given, str):
        return ""
    near = get_close_matches(given, known, n=1, cutoff=0.5)
    return f"is {given!r}, but must be one of {', '.join(known)}{f': did you mean {near[0]!r}?' if near else ''}"


def _value_problem(problem: str, given: Any) -> str:
    if match := _LENGTH.fullmatch(problem):
        return f"has {len(given)} {_UNITS[match[1]]}, but {_BOUNDS[match[2]]} {match[3]} are taken"
    if match := _BOUND.fullmatch(problem):
        return f"must be {_BOUNDS[match[1]]} {match[2]}"
    if match := _PATTERN.fullmatch(problem):
        return f"is not of the form {match[1].replace(_NO_LINE_BREAK, '')}"
    if match := _KIND.fullmatch(problem):
        return f"must be {_kinds(match[1])}{', not ' + _kinds(match[2]) if match[2] else ''}"
    return problem


def _kinds(kinds: str) -> str:
    found = kinds.split(" | ")
    *most, last = [_KINDS.get(kind, kind) for kind in found if kind != "int" or "float" not in found]
    return f"{', '.join(most)} or {last}" if most else last


def _advice(place: Place, given: Any) -> str:
    if isinstance(given, (str, float)) and place and str(place[-1]).endswith("_ms"):
        return ": give milliseconds, as unixtime_ms() does"
    return ": leave it out" if given is None else ""


def short(key: str) -> str:
    """A key as a path shows it."""
    return key if len(key) <= _SHOWN_KEY else key[: _SHOWN_KEY - 3] + "..."
