"""The Python code that builds a batch or a part of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import msgspec
from mparticle_events import constructors, models

_WIDTH = 88  # the default of most formatters
_INDENT = 4
_ENVELOPES = get_args(models.Event)
_CONSTRUCTORS = {kind.__bases__[0]: kind for kind in vars(constructors).values() if isinstance(kind, type)}


@dataclass(frozen=True)
class _Group:
    """Code in brackets: a call, a dict or a list."""

    opening: str
    parts: Sequence[tuple[str, _Code]]
    closing: str


_Code: TypeAlias = str | _Group
"""Code on one line, or a group that may be split into several lines."""


def python_code(batch: Mapping[str, Any]) -> str:
    """A program that builds the batch and prints it."""
    return python_program(msgspec.convert(batch, models.Batch), "batch")


def python_program(value: msgspec.Struct, variable: str) -> str:
    """A program that builds a model as this variable and prints its JSON."""
    code = _call(value)
    names = sorted(set(_names(code)))
    imported = f"from mparticle_ext import {', '.join(names)}"
    if len(imported) > _WIDTH:
        imported = _format(_Group("from mparticle_ext import (", [("", name) for name in names], ")"), 0, 0)
    return f"{imported}\n\n{variable} = {_format(code, 0, len(variable) + 3)}\n\nprint({variable}.to_json())"


def _code(value: Any) -> _Code:
    if isinstance(value, _ENVELOPES):
        return _call(value.data)
    if isinstance(value, msgspec.Struct):
        return _call(value)
    if isinstance(value, Mapping):
        return _Group("{", [(f"{_literal(key)}: ", _code(inner)) for key, inner in value.items()], "}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _Group("[", [("", _code(inner)) for inner in value], "]")
    return _literal(value)


def _call(value: msgspec.Struct) -> _Group:
    """The call of a constructor: the leading required fields by position, the others by name."""
    model = type(value)
    constructor = _CONSTRUCTORS[model]
    fields = {field.name: field.required for field in msgspec.structs.fields(model)}
    given = {name: _code(inner) for name in fields if (inner := getattr(value, name)) is not msgspec.UNSET}
    parts: list[tuple[str, _Code]] = []
    for name in constructor.__annotations__:
        if not fields[name]:
            break
        parts.append(("", given.pop(name)))
    return _Group(f"{constructor.__name__}(", [*parts, *((f"{name}=", inner) for name, inner in given.items())], ")")


def _literal(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, str) else repr(plain)


def _names(code: _Code) -> Iterator[str]:
    """The names of the constructors."""
    if isinstance(code, _Group):
        if code.opening.endswith("("):
            yield code.opening[:-1]
        for _, inner in code.parts:
            yield from _names(inner)


def _format(code: _Code, indent: int, column: int) -> str:
    """Code that starts at a column: on one line if it fits, else one part on each line."""
    line = _one_line(code)
    if isinstance(code, str) or column + len(line) < _WIDTH:
        return line
    deeper = indent + _INDENT
    lines = [f"{' ' * deeper}{name}{_format(inner, deeper, deeper + len(name))}," for name, inner in code.parts]
    return "\n".join([code.opening, *lines, " " * indent + code.closing])


def _one_line(code: _Code) -> str:
    if isinstance(code, str):
        return code
    return code.opening + ", ".join(name + _one_line(inner) for name, inner in code.parts) + code.closing
