"""What is wrong with a batch, in words: where, what, and what to do. Loaded only when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

import msgspec
from mparticle_events.wire import encode
from msgspec import inspect

from ._errors import ValidationError

_MESSAGE = re.compile(r"(?P<problem>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_LENGTH = re.compile(r"Expected `(?P<kind>\w+)` of length (?P<sign><=|>=) (?P<limit>\d+)")
_KINDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "a boolean",
    "array": "a list",
    "object": "an object",
}
_UNITS = {"str": "characters", "array": "entries", "object": "entries"}

Step = str | int
Place = tuple[Step, ...]


def explained(message: str, document: bytes, kind: Any, batch_index: int | None) -> ValidationError:
    """The decoder's message about a document, as an error that a person can act on."""
    if message.startswith("JSON is malformed") or "trailing" in message or "truncated" in message:
        return ValidationError(f"is no JSON: {message}", batch_index=batch_index)
    value = msgspec.json.decode(document)
    match = cast("re.Match[str]", _MESSAGE.fullmatch(message))  # the pattern takes any text
    place = _place(match["path"] or "", message, value, kind)
    problem = match["problem"]
    field = _FIELD.fullmatch(problem)
    if field is not None:
        place, problem = _field_problem(problem, field["name"], place, value, kind)
    elif match["key"]:
        place, problem = _key_problem(problem, message, place, value, kind)
    else:
        problem = _value_problem(problem, place, value, kind)
    return ValidationError(problem, path=shown(place), batch_index=batch_index)


def unencodable(value: Any, error: Exception, batch_index: int | None) -> ValidationError:
    """The error for a value that holds something which has no JSON form."""
    if isinstance(error, RecursionError):
        return ValidationError("contains itself, or is nested too deep for JSON", batch_index=batch_index)
    path = find(value, _has_no_json) or ""
    found = (
        "has a character that UTF-8 cannot carry (a lone surrogate)" if isinstance(error, UnicodeError) else str(error)
    )
    return ValidationError(
        f"{found}: give a string, a number, a boolean, a list or a dict", path=path, batch_index=batch_index
    )


def find(value: Any, is_it: Callable[[Any], bool], place: Place = ()) -> str | None:
    """The path of the first leaf that `is_it` holds for, depth first; None where there is none."""
    for step, child in _children(value):
        found = find(child, is_it, (*place, step))
        if found is not None:
            return found
    return shown(place) if is_it(value) else None


def shown(place: Place) -> str:
    """A place as a path: `events[3].data.event_name`."""
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"[{step!r}]" for step in place
    )
    return "".join(steps).removeprefix(".")


def _children(value: Any) -> Iterator[tuple[Step, Any]]:
    if isinstance(value, msgspec.Struct):
        yield from ((name, getattr(value, name)) for name in value.__struct_encode_fields__)
    elif isinstance(value, Mapping):
        yield from ((str(key), child) for key, child in value.items())
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def _has_no_json(leaf: Any) -> bool:
    if leaf is msgspec.UNSET:
        return False
    try:
        encode(leaf)
    except (TypeError, ValueError, OverflowError):
        return True
    return False


def _place(path: str, message: str, value: Any, kind: Any) -> Place:
    """A decoder's path as steps; it names no key of a map, so that each `[...]` is found by trying the keys alone."""
    place: Place = ()
    for step in _STEP.finditer(path):
        if step["any"]:
            place = (*place, _culprit(message, value, place, kind))
        else:
            place = (*place, int(step["index"]) if step["index"] else step["field"])
    return place


def _culprit(message: str, value: Any, place: Place, kind: Any) -> str:
    mapping = _at(value, place)
    alone = (key for key in mapping if _message(_with(value, place, {key: mapping[key]}), kind) == message)
    return next(alone, "...")


def _message(value: Any, kind: Any) -> str:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except msgspec.DecodeError as error:
        return str(error)
    return ""


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _with(value: Any, place: Place, new: Any) -> Any:
    """A copy of a document with another value at a place."""
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = _with(value[place[0]], place[1:], new)
    return copy


def _field_problem(problem: str, name: str, place: Place, value: Any, kind: Any) -> tuple[Place, str]:
    here = (*place, name)
    if "missing" in problem:
        misspelt = _misspelt(name, place, value, kind)
        return here, f"is required: give it a value{f' (is it {misspelt!r}?)' if misspelt else ''}"
    known = _field_names(kind, value, place)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return (
        here,
        f"is no known field: did you mean {near[0]!r}?" if near else f"is no known field: known are {', '.join(known)}",
    )


def _misspelt(name: str, place: Place, value: Any, kind: Any) -> str | None:
    unknown = set(_at(value, place)) - set(_field_names(kind, value, place))
    return next(iter(get_close_matches(name, unknown, n=1)), None)


def _key_problem(problem: str, message: str, place: Place, value: Any, kind: Any) -> tuple[Place, str]:
    key = _culprit(message, value, place, kind)
    return (*place, key if len(key) <= 40 else key[:37] + "..."), f"has a name that {_limit(problem, len(key))}"


def _value_problem(problem: str, place: Place, value: Any, kind: Any) -> str:
    given = _at(value, place)
    if _LENGTH.fullmatch(problem):
        return _limit(problem, len(given))
    choices = _choices(kind, value, place)
    if choices and isinstance(given, str):
        near = get_close_matches(given, choices, n=1, cutoff=0.5)
        return f"is {given!r}, but must be one of {', '.join(choices)}{f': did you mean {near[0]!r}?' if near else ''}"
    wanted = re.fullmatch(r"Expected (.*), got `(\w+)`", problem)
    if wanted is not None:
        return f"must be {_kinds(wanted[1])}, not {_kinds(wanted[2])}{_hint(place, given)}"
    regex = re.fullmatch(r"Expected `str` matching regex (.*)", problem)
    if regex is not None:
        return f"is not of the form {regex[1]}"
    bound = re.fullmatch(r"Expected `int` ([<>]=) (-?\d+)", problem)
    if bound is not None:
        return f"must be {'at most' if bound[1] == '<=' else 'at least'} {bound[2]}"
    return problem


def _limit(problem: str, length: int) -> str:
    match = _LENGTH.fullmatch(problem)
    if match is None:
        return f"is wrong: {problem}"
    most = "at most" if match["sign"] == "<=" else "at least"
    return f"has {length} {_UNITS.get(match['kind'], 'entries')}, but {most} {match['limit']} are taken"


def _kinds(kinds: str) -> str:
    found = kinds.strip("`").split(" | ")
    names = [_KINDS.get(kind, kind) for kind in found if kind != "int" or "float" not in found]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _hint(place: Place, given: Any) -> str:
    name = str(place[-1]) if place else ""
    if isinstance(given, str) and name.endswith("_ms"):
        return ": give milliseconds, as unixtime_ms() does"
    return ": leave it out" if given is None else ""


def _field_names(kind: Any, value: Any, place: Place) -> list[str]:
    here = _at(value, place)
    structs = [part for part in _types_at(kind, value, place) if isinstance(part, inspect.StructType)]
    names = [field.encode_name for part in _matching(structs, here) for field in part.fields]
    tags = [part.tag_field for part in structs if part.tag_field]
    return list(dict.fromkeys([*tags, *names]))


def _choices(kind: Any, value: Any, place: Place) -> list[str]:
    enums = [part.cls for part in _types_at(kind, value, place) if isinstance(part, inspect.EnumType)]
    if enums:
        return [str(member.value) for enum in enums for member in enum]
    around = _types_at(kind, value, place[:-1]) if place else []
    return [str(part.tag) for part in around if isinstance(part, inspect.StructType) and part.tag_field == place[-1]]


def _types_at(kind: Any, value: Any, place: Place) -> list[inspect.Type]:
    """What may stand at a place: the branches of a union, the branch that an event's type names."""
    types = _branches(_root(kind))
    for step in place:
        types = [
            branch for part in _matching(types, value) for inner in _inside(part, step) for branch in _branches(inner)
        ]
        value = value[step]
    return types


@cache
def _root(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _branches(part: inspect.Type) -> list[inspect.Type]:
    if isinstance(part, inspect.Metadata):
        return _branches(part.type)
    return (
        [inner for each in part.types for inner in _branches(each)] if isinstance(part, inspect.UnionType) else [part]
    )


def _matching(types: Any, value: Any) -> list[Any]:
    def may_be(part: Any) -> bool:
        tag = getattr(part, "tag_field", None)
        return tag is None or not isinstance(value, dict) or value.get(tag) == part.tag

    return [part for part in types if may_be(part)]


def _inside(part: inspect.Type, step: Step) -> Iterator[inspect.Type]:
    if isinstance(part, inspect.StructType):
        yield from (field.type for field in part.fields if field.encode_name == step)
    elif isinstance(part, inspect.DictType):
        yield part.value_type
    elif isinstance(part, inspect.CollectionType):
        yield part.item_type
