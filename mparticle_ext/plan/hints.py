"""Type hints as text: of the schemas in a plan, and of the fields of our models."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from mparticle_events import models
from msgspec import UNSET, Struct, UnsetType

from .python import literal

_MAX_DEPTH = 4  # of lists in lists
_BRANCHES = {
    "string": ["str"],
    "number": ["float", "Decimal"],
    "integer": ["int"],
    "boolean": ["bool"],
    "null": ["None"],
    "object": ["dict[str, Any]"],
}
_TYPES = {str: {"string"}, bool: {"boolean"}, int: {"integer", "number"}, float: {"number"}, NoneType: {"null"}}


class Schema(Struct, rename="camel"):
    """The keywords of a JSON Schema that matter for a signature."""

    type: str | list[str] | None = None
    description: str | None = None
    properties: dict[str, Schema] | None = None
    required: list[str] | None = None
    additional_properties: Any = None
    items: Schema | None = None
    enum: list[Any] | None = None
    const: Any = UNSET

    def __post_init__(self) -> None:
        self.properties = {**{name: Schema() for name in self.required or ()}, **(self.properties or {})}

    def child(self, name: str) -> Schema | None:
        """The schema of a property; None if it is not mentioned."""
        return (self.properties or {}).get(name)

    def is_open(self) -> bool:
        """Whether an object can have properties that are not mentioned."""
        return self.additional_properties is not False

    def types(self) -> list[str]:
        """The types of the values; empty for any."""
        return [self.type] if isinstance(self.type, str) else self.type or []

    def values(self) -> list[Any]:
        """The values that are valid; empty for any. If some of them have the right type, only these."""
        values = self.enum or [] if self.const is UNSET else [self.const]
        return [one for one in values if _TYPES.get(type(one), set()).intersection(self.types())] or values


class Hint(NamedTuple):
    """A union: the values of a `Literal` in it, and its other branches."""

    literals: list[str]
    types: list[str]

    def __str__(self) -> str:
        return " | ".join([f"Literal[{', '.join(self.literals)}]"] * bool(self.literals) + self.types)


def hint_of_schema(schema: Schema, depth: int = 0) -> Hint:
    """The hint of the values that a schema accepts."""
    types, values = schema.types(), schema.values()
    if values and all(isinstance(one, (str, int, NoneType)) for one in values):
        literals = dict.fromkeys(literal(one) for one in values if one is not None)
        return Hint([*literals], ["None"] * (None in values or "null" in types))
    items = hint_of_schema(schema.items, depth + 1) if schema.items and depth < _MAX_DEPTH else "Any"
    branches = [branch for one in types for branch in {**_BRANCHES, "array": [f"list[{items}]"]}.get(one, ["Any"])]
    return Hint([], [*dict.fromkeys(branches)] or ["Any"])


def hint_of_field(kind: Any, schema: Schema | None = None) -> Hint:
    """The hint of a field of a model: what the plan says about it if the model accepts that too."""
    accepted = _branches(kind)
    if schema is None:
        return Hint([], [*accepted, "None"])
    planned = hint_of_schema(schema)
    types = {*planned.types, *(type(one).__name__ for one in schema.values())} - {"None", "NoneType"}
    if types <= {*accepted, *["int"] * ("float" in accepted)}:
        return planned
    return Hint([], accepted + ["None"] * ("null" in schema.types()))


def _branches(kind: Any) -> list[str]:
    """The branches of the type that a model has at run time, without None and UNSET."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind == models.UnixTimeMs:
        return ["int", "datetime"]  # as a type checker sees it
    if origin is Annotated:
        return _branches(arguments[0])
    if origin in (Union, UnionType):
        branches = [branch for one in arguments if one not in (NoneType, UnsetType) for branch in _branches(one)]
        return [one for one in dict.fromkeys(branches) if one != "int" or "float" not in branches]
    if origin:
        inner = (" | ".join(_branches(one) + ["None"] * (NoneType in get_args(one))) for one in arguments)
        return [f"{origin.__name__}[{', '.join(inner)}]"]
    return ["float", "Decimal"] if kind is float else [kind.__name__]
