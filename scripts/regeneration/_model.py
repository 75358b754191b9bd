"""A spec, and the questions that are asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Place = tuple[str | int, ...]
LIKE = "Like"  # an enum's name + this = what a field of it takes: a member or its string
_VERBS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Spec:
    """A valid spec."""

    document: dict[str, Any]

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The named schemas, in the order of the file."""
        schemas: dict[str, dict[str, Any]] = self.document["components"]["schemas"]
        return schemas

    @property
    def operations(self) -> list[dict[str, Any]]:
        """The operations, in the order of the file."""
        paths = self.document["paths"].values()
        return [operation for path in paths for verb, operation in path.items() if verb in _VERBS]

    @property
    def envelopes(self) -> list[str]:
        """The names of the schemas that put an event into its wire form."""
        return [branch["$ref"].rpartition("/")[2] for branch in self.schemas.get("Event", {}).get("oneOf", ())]

    def examples_of(self, operation: dict[str, Any]) -> list[Any]:
        """The bodies that stand as examples of an operation, in the order of the file."""
        media = operation.get("requestBody", {}).get("content", {}).values()
        return [example["value"] for one in media for example in one.get("examples", {}).values()]

    def fields_of(self, name: str) -> dict[str, Any]:
        """The properties of a schema and of those it builds on."""
        schema = self.schemas[name]
        bases = [base_name(part) for part in schema.get("allOf", ()) if "$ref" in part]
        inherited = {field: said for base in bases for field, said in self.fields_of(base).items()}
        return {**schema.get("properties", {}), **inherited}

    def is_closed(self, name: str) -> bool:
        """Whether an object has the fields that are named and no others."""
        schema = self.schemas[name]
        return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False

    def needs_constructor(self, name: str) -> bool:
        """Whether users build this schema: a closed object that is not an event's envelope."""
        return self.is_closed(name) and name not in self.envelopes

    def constructor_name(self, name: str) -> str:
        """What users call a schema that they build."""
        schema = self.schemas[name]
        default = name.removesuffix("Data") if "allOf" in schema else name
        return str(schema.get("x-constructor", {}).get("name", default))


def base_name(reference: dict[str, str]) -> str:
    """The name of the schema that a `$ref` leads to."""
    return reference["$ref"].rpartition("/")[2]
