"""Paths in a document, and the types that the model allows there. Loaded when a batch has a fault."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec
from mparticle_events.reading import branches, branches_of
from msgspec import inspect

Path: TypeAlias = tuple[str | int, ...]
"""Field names, keys and indices, from the document to a part of it."""

ITEMS = (list, tuple, set, frozenset)
"""The types that are a list in JSON."""

_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")


def format_path(path: Path) -> str:
    """A path as text: `events[3].data.event_name`."""
    steps = (
        f"[{step}]" if isinstance(step, int) else f".{step}" if step.isidentifier() else f"[{step!r}]" for step in path
    )
    return "".join(steps).removeprefix(".")


def value_at(value: Any, path: Path) -> Any:
    """The value at a path of a document."""
    for step in path:
        value = value[step]
    return value


def find_problems(value: Any, problem_of: Callable[[Any], str], path: Path = ()) -> list[tuple[Path, str]]:
    """The innermost parts that have a problem, with their paths. `problem_of` returns an empty text for a good part."""
    inside = [found for step, child in children(value) for found in find_problems(child, problem_of, (*path, step))]
    problem = "" if inside else problem_of(value)
    return [(path, problem)] if problem else inside


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """The parts of an object or a list that are set, with their names or indices."""
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        parts = ((on_the_wire, getattr(value, name)) for on_the_wire, name in names)
        yield from ((name, part) for name, part in parts if part is not msgspec.UNSET)
    elif isinstance(value, Mapping):
        yield from ((str(key), child) for key, child in value.items())
    elif isinstance(value, ITEMS):
        yield from enumerate(value)


def parse_path(text: str, message: str, value: Any, kind: Any) -> Path:
    """The path in a decoder's message. The decoder writes `[...]` for the key of a map, which is searched for here."""
    path: Path = ()
    for step in _STEP.finditer(text):
        if step["any"]:
            path = (*path, faulty_key(message, value, path, kind))
        else:
            path = (*path, int(step["index"]) if step["index"] else step["field"])
    return path


def faulty_key(message: str, value: Any, path: Path, kind: Any) -> str:
    """The key of a map that a decoder's message is about: the first one with which the message appears."""
    entries = list(value_at(value, path).items())

    def is_faulty(count: int) -> bool:
        return message_of(_with(value, path, dict(entries[:count])), kind) == message

    count = bisect_left(range(1, len(entries) + 1), True, key=is_faulty)
    return entries[count][0] if count < len(entries) else "..."


def field_names(kind: Any, value: Any, path: Path) -> list[str]:
    """The fields that the model allows in the object at a path."""
    names = [field.encode_name for field in _fields(kind, value, path)]
    return list(dict.fromkeys([*tag_fields(kind, value, path), *names]))


def message_of(value: Any, kind: Any) -> str:
    """The message of the decoder for a value; empty if it fits."""
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        return str(error)
    return ""


def is_required(kind: Any, value: Any, path: Path) -> bool:
    """Whether the object around a path needs the field at that path."""
    if not path:
        return True
    required = {field.encode_name for field in _fields(kind, value, path[:-1]) if field.required}
    return path[-1] in required | tag_fields(kind, value, path[:-1])


def tag_fields(kind: Any, value: Any, path: Path) -> set[str]:
    """The discriminator of the object at a path: `event_type` for an event."""
    return {tag for part in types_at(kind, value, path) if (tag := getattr(part, "tag_field", None))}


def structs_at(kind: Any, value: Any, path: Path) -> list[type]:
    """The models of an object at a path."""
    return [part.cls for part in types_at(kind, value, path) if isinstance(part, inspect.StructType)]


def choices(kind: Any, value: Any, path: Path) -> list[str]:
    """The strings that an enum or a discriminator at a path allows."""
    enums = [part.cls for part in types_at(kind, value, path) if isinstance(part, inspect.EnumType)]
    if enums:
        return [str(member.value) for enum in enums for member in enum]
    around = types_at(kind, value, path[:-1]) if path else []
    return [str(part.tag) for part in around if isinstance(part, inspect.StructType) and part.tag_field == path[-1]]


def _fields(kind: Any, value: Any, path: Path) -> list[inspect.Field]:
    """The fields of the object at a path."""
    parts = _matching(types_at(kind, value, path), value_at(value, path))
    return [field for part in parts if isinstance(part, inspect.StructType) for field in part.fields]


def _with(value: Any, path: Path, new: Any) -> Any:
    """A copy of a document with another value at a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], new)
    return copy


def types_at(kind: Any, value: Any, path: Path) -> list[inspect.Type]:
    """The types that the model allows at a path. Of a union of objects, only the one with the right discriminator."""
    types = branches_of(kind)
    for step in path:
        inside = (inner for part in _matching(types, value) for inner in _inside(part, step))
        types = [branch for inner in inside for branch in branches(inner)]
        value = value[step]
    return types


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
