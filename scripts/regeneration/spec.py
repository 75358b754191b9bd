"""The spec as a Python object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SpecPath = tuple[str | int, ...]  # the keys and indexes from the top of the spec to a value
LIKE = "Like"  # suffix of the type of an enum field: `PlatformLike` is a member of `Platform` or its string
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
        """The names of the schemas with `event_type` and `data`, one for each event type."""
        return [base_name(branch) for branch in self.schemas.get("Event", {}).get("oneOf", ())]

    def examples_of(self, operation: dict[str, Any]) -> list[Any]:
        """The example bodies of an operation, in the order of the file."""
        media_types = operation.get("requestBody", {}).get("content", {}).values()
        return [example["value"] for media in media_types for example in media.get("examples", {}).values()]

    def fields_of(self, name: str) -> dict[str, Any]:
        """The properties of a schema and of its base schemas."""
        schema = self.schemas[name]
        bases = [base_name(part) for part in schema.get("allOf", ()) if "$ref" in part]
        inherited = {field: value for base in bases for field, value in self.fields_of(base).items()}
        return {**schema.get("properties", {}), **inherited}

    def is_closed(self, name: str) -> bool:
        """Whether unknown fields of an object are an error."""
        schema = self.schemas[name]
        return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False

    def needs_constructor(self, name: str) -> bool:
        """Whether users create this object: it is closed and not an envelope."""
        return self.is_closed(name) and name not in self.envelopes

    def constructor_name(self, name: str) -> str:
        """The name of the constructor of a schema."""
        schema = self.schemas[name]
        default = name.removesuffix("Data") if "allOf" in schema else name
        return str(schema.get("x-constructor", {}).get("name", default))


def base_name(reference: dict[str, str]) -> str:
    """The name of the schema that a `$ref` points to."""
    return reference["$ref"].rpartition("/")[2]
