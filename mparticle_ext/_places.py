"""Places in a document: their paths in words, and what may stand there. Loaded only when something is wrong."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

Place: TypeAlias = tuple[str | int, ...]
"""The steps from a document to a part of it: field names, keys and indices."""

_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")


def shown(place: Place) -> str:
    """A place as a path: `events[3].data.event_name`."""
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"[{step!r}]" for step in place
    )
    return "".join(steps).removeprefix(".")


def at(value: Any, place: Place) -> Any:
    """What stands at a place of a document."""
    for step in place:
        value = value[step]
    return value


def find(value: Any, is_it: Callable[[Any], bool], place: Place = ()) -> Place | None:
    """The first part of a value, innermost first, that `is_it` holds for; None where there is none."""
    for step, child in _children(value):
        found = find(child, is_it, (*place, step))
        if found is not None:
            return found
    return place if is_it(value) else None


def place_of(path: str, message: str, value: Any, kind: Any) -> Place:
    """A decoder's path as a place. It names no key of a map: each `[...]` is found by trying."""
    place: Place = ()
    for step in _STEP.finditer(path):
        if step["any"]:
            place = (*place, culprit(message, value, place, kind))
        else:
            place = (*place, int(step["index"]) if step["index"] else step["field"])
    return place


def culprit(message: str, value: Any, place: Place, kind: Any) -> str:
    """The key of a map that a decoder's message is about: the one without which what comes before it gives none."""
    entries = list(at(value, place).items())

    def is_faulty(count: int) -> bool:
        return _message(_with(value, place, dict(entries[:count])), kind) == message

    count = bisect_left(range(1, len(entries) + 1), True, key=is_faulty)
    return entries[count][0] if count < len(entries) else "..."


def field_names(kind: Any, value: Any, place: Place) -> list[str]:
    """The fields that an object at a place may have."""
    structs = [part for part in types_at(kind, value, place) if isinstance(part, inspect.StructType)]
    names = [field.encode_name for part in _matching(structs, at(value, place)) for field in part.fields]
    return list(dict.fromkeys([*tag_fields(kind, value, place), *names]))


def tag_fields(kind: Any, value: Any, place: Place) -> set[str]:
    """The field that says which of several objects stands at a place: `event_type` for an event."""
    return {tag for part in types_at(kind, value, place) if (tag := getattr(part, "tag_field", None))}


def choices(kind: Any, value: Any, place: Place) -> list[str]:
    """The strings that may stand at a place, where they are few: an enum's, or the tags of several objects."""
    enums = [part.cls for part in types_at(kind, value, place) if isinstance(part, inspect.EnumType)]
    if enums:
        return [str(member.value) for enum in enums for member in enum]
    around = types_at(kind, value, place[:-1]) if place else []
    return [str(part.tag) for part in around if isinstance(part, inspect.StructType) and part.tag_field == place[-1]]


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        yield from ((on_the_wire, getattr(value, name)) for on_the_wire, name in names)
    elif isinstance(value, Mapping):
        yield from ((str(key), child) for key, child in value.items())
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def _message(value: Any, kind: Any) -> str:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        return str(error)
    return ""


def _with(value: Any, place: Place, new: Any) -> Any:
    """A copy of a document with another value at a place."""
    if not place:
        return new
    copy = value.copy()
    copy[place[0]] = _with(value[place[0]], place[1:], new)
    return copy


def types_at(kind: Any, value: Any, place: Place) -> list[inspect.Type]:
    """What may stand at a place: the branches of a union, but of several objects only the one that the tag names."""
    types = branches(_root(kind))
    for step in place:
        inside = (inner for part in _matching(types, value) for inner in _inside(part, step))
        types = [branch for inner in inside for branch in branches(inner)]
        value = value[step]
    return types


@cache
def _root(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def branches(part: inspect.Type) -> list[inspect.Type]:
    """The types that a type may be: those of a union, each without what limits it."""
    match part:
        case inspect.Metadata(type=inner):
            return branches(inner)
        case inspect.UnionType(types=types):
            return [branch for inner in types for branch in branches(inner)]
    return [part]


def _matching(types: Iterable[inspect.Type], value: Any) -> list[Any]:
    return [part for part in types if not _is_another(part, value)]


def _is_another(part: Any, value: Any) -> bool:
    tag = getattr(part, "tag_field", None)
    return tag is not None and isinstance(value, dict) and value.get(tag) != part.tag


def _inside(part: inspect.Type, step: str | int) -> Iterator[inspect.Type]:
    match part:
        case inspect.StructType(fields=fields):
            yield from (field.type for field in fields if field.encode_name == step)
        case inspect.DictType(value_type=inner) | inspect.CollectionType(item_type=inner):
            yield inner
