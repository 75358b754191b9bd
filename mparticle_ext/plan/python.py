"""Python code as text: names, type hints, docstrings. No text of a plan can break out of them."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from textwrap import indent
from types import NoneType
from typing import Any
from unicodedata import normalize

from mparticle_events import service
from mparticle_events.reading import branches_of
from msgspec import UNSET, Struct
from msgspec.inspect import BoolType, DictType, FloatType, IntType, ListType, StrType, StructType, Type

_RESERVED = ("bool", "datetime", "dict", "float", "int", "list", "str")  # the names without capitals in hints
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAX_DEPTH = 4  # of lists in lists
_NUMBER = ["int", "float", "Decimal"]
_HINTS = {"string": ["str"], "number": _NUMBER, "integer": ["int"], "boolean": ["bool"], "null": ["None"]}
_SCALARS = {StrType: ["str"], IntType: ["int"], FloatType: ["float", "Decimal"], BoolType: ["bool"]}  # of a model


class Schema(Struct, rename="camel"):
    """The keywords of a JSON Schema that matter for a signature."""

    type: str | list[str] | None = None
    description: str | None = None
    properties: dict[str, Schema | bool] = {}
    required: list[str] = []
    additional_properties: Any = None
    items: Schema | list[Any] | bool | None = None
    enum: list[Any] = []
    const: Any = UNSET

    def parts(self) -> dict[str, Schema]:
        """The schema of each property: an empty one if it is only required, or is `true` or `false`."""
        known = {name: one for name, one in self.properties.items() if isinstance(one, Schema)}
        return dict.fromkeys([*self.required, *self.properties], Schema()) | known

    def is_open(self) -> bool:
        """Whether an object can have properties that are not mentioned."""
        return self.additional_properties is not False

    def types(self) -> list[str]:
        """The types of the values; empty for any."""
        return [self.type] if isinstance(self.type, str) else self.type or []

    def values(self) -> list[Any]:
        """The values that are valid; empty for any. If some of them have the right type, only these."""
        values = self.enum if self.const is UNSET else [self.const]
        hints = {hint for one in self.types() for hint in _HINTS.get(one, ())}
        return [one for one in values if _type_name(one) in hints] or values


def hint_of_schema(schema: Schema, depth: int = 0) -> list[str]:
    """The branches of the type of the values that a schema accepts."""
    types, values = schema.types(), schema.values()
    if values and all(isinstance(one, (str, int, NoneType)) for one in values):
        literals = ", ".join(dict.fromkeys(repr(one) for one in values if one is not None))
        return [f"Literal[{literals}]"] * bool(literals) + ["None"] * (None in values or "null" in types)
    inner = schema.items if depth < _MAX_DEPTH else None
    items = hint_of_schema(inner, depth + 1) if isinstance(inner, Schema) else ["Any"]
    hints = {**_HINTS, "object": ["dict[str, Any]"], "array": [f"list[{' | '.join(items)}]"]}
    return [*dict.fromkeys(hint for one in types for hint in hints.get(one, ["Any"]))] or ["Any"]


def hint_of_field(kind: Any, schema: Schema) -> list[str]:
    """The branches of the type of a model's field: what the plan says about it if the model accepts that too."""
    accepted = [hint for part in branches_of(kind) for hint in _hint_of_model(part)] + ["None"]
    planned = hint_of_schema(schema)
    types = {*map(_type_name, schema.values())} or {*planned}
    return planned if types <= {*accepted} else accepted


def _type_name(value: Any) -> str:
    return type(value).__name__.removesuffix("Type")


def _hint_of_model(part: Type) -> list[str]:
    match part:
        case IntType(ge=service.MIN_UNIX_TIME_MS):
            return ["int", "datetime"]
        case StructType(cls=cls):
            return [cls.__name__]
        case ListType(item_type=StructType(cls=cls)):
            return [f"Sequence[{cls.__name__}]"]
        case DictType():
            return ["Mapping[str, Any]"]
    return _SCALARS.get(type(part), [])


@cache
def snake_case(text: str) -> str:
    """A name for a text, in the form in which Python compares names."""
    words = normalize("NFKC", _WORD_START.sub("_", normalize("NFKC", text)).lower())
    words = "".join(one if f"a{one}".isidentifier() else "_" for one in words)
    name = re.sub("_+", "_", words).strip("_") or "unnamed"
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name if name.isidentifier() else f"n_{name}"


def unused(name: str, taken: Counter[str]) -> str:
    """The name, or else the first one with a number that is not taken. It is taken then."""
    found = name
    while found in taken:
        taken[name] += 1
        found = f"{name}_{taken[name]}"
    taken[found] = 1
    return found


def brackets(opening: str, parts: Iterable[str], closing: str) -> str:
    """Code in brackets, with a line for each part."""
    lines = "".join(f"{part},\n" for part in parts)
    return f"{opening}\n{indent(lines, '    ')}{closing}" if lines else opening + closing


def docstring(about: str, arguments: Iterable[tuple[str, str]] = ()) -> str:
    """A docstring, with the descriptions of the arguments."""
    described = [f"    {name}: {' '.join(text.split())}" for name, text in arguments if text.strip()]
    lines = [*about.strip().splitlines(), *["", "Args:"] * bool(described), *described]
    safe = "\n".join(lines).replace("\\", "\\\\").replace('"""', r"\"\"\"")
    shown = "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in safe)
    return f'"""{shown}\n"""' if "\n" in shown or shown.endswith('"') else f'"""{shown}"""'
