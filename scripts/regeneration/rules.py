"""The rules for the spec in addition to those of OpenAPI. spec/README.md explains them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .spec import Spec, SpecPath, base_name

Problems = Iterator[tuple[SpecPath, str]]
_SCHEMAS: SpecPath = ("components", "schemas")


def _object_of(*keywords: str) -> dict[str, Any]:
    return {"properties": dict.fromkeys(keywords, True), "additionalProperties": False}


OUR_KEYWORDS: dict[str, Any] = {
    "x-accepts": True,
    "x-aliases": True,
    "x-constructor": _object_of("positional", "name", "explains", "extended"),
    "x-defaults": True,
    "x-exactly-one-of": True,
    "x-max-bytes": True,
    "x-min-age-hours": True,
    "x-outbound-list": _object_of("key", "value"),
    "x-outbound-only": True,
    "x-pod": True,
    "x-set-by-mparticle": True,
}
"""The keywords that we add to OpenAPI, each with the schema of its value. spec/README.md explains them."""


def find_problems(spec: Spec) -> Problems:
    """Each violation of a rule: its path in the spec, the problem and what to do."""
    yield from _check_operations(spec)
    yield from _check_envelopes(spec)
    for name, schema in spec.schemas.items():
        yield from _check_field_names(spec, name, schema)
        yield from _check_constructor(spec, name, schema)
        yield from _check_nested_schemas(schema, (*_SCHEMAS, name))
    names = Counter(spec.constructor_name(name) for name in spec.schemas if spec.needs_constructor(name))
    yield from (((), f"two schemas have the constructor name {name!r}") for name, count in names.items() if count > 1)


def _check_operations(spec: Spec) -> Problems:
    for operation in spec.operations:
        name = operation.get("operationId", "")
        if "requestBody" not in operation:
            yield ("paths",), f"operation {name!r} has no requestBody: add one"
        elif not spec.examples_of(operation):
            yield ("paths",), f"operation {name!r} has no example of its requestBody: add one"
        if not any(str(code) >= "3" for code in operation.get("responses", ())):
            yield ("paths",), f"operation {name!r} has no response for errors: add one, such as 5XX"


def _check_envelopes(spec: Spec) -> Problems:
    mapping = spec.schemas.get("Event", {}).get("discriminator", {}).get("mapping", {})
    event_types = {reference.rpartition("/")[2]: event_type for event_type, reference in mapping.items()}
    for name, schema in spec.schemas.items():
        if set(schema.get("properties", {})) == {"event_type", "data"} and name not in spec.envelopes:
            yield (*_SCHEMAS, name), f"{name} is an envelope, but not in Event.oneOf: add it there"
    for name in spec.envelopes:
        properties = spec.schemas[name]["properties"]
        event_type = properties["event_type"]["const"]
        if event_types.get(name) != event_type:
            problem = f"Event.discriminator.mapping lacks {event_type}: add it, with a reference to {name}"
            yield (*_SCHEMAS, "Event"), problem
        data = base_name(properties["data"])
        if not spec.is_closed(data):
            yield (*_SCHEMAS, data), f"{data} is not closed: add unevaluatedProperties: false to reject misspelt fields"


def _check_constructor(spec: Spec, name: str, schema: dict[str, Any]) -> Problems:
    fields = list(schema.get("properties", {}))
    positional = schema.get("x-constructor", {}).get("positional", [])
    if positional != fields[: len(positional)]:
        problem = f"x-constructor.positional {positional} must be the first properties of {name}: {fields}"
        yield (*_SCHEMAS, name), problem
    missing = [field for field in schema.get("required", ()) if field not in positional]
    if missing and spec.needs_constructor(name):
        problem = f"the required fields {missing} of {name} are missing in x-constructor.positional: add them"
        yield (*_SCHEMAS, name), problem


def _check_field_names(spec: Spec, name: str, schema: dict[str, Any]) -> Problems:
    used = {
        "required": schema.get("required", ()),
        "x-aliases": () if "enum" in schema else schema.get("x-aliases", {}).values(),
        "x-defaults": schema.get("x-defaults", ()),
        "x-exactly-one-of": schema.get("x-exactly-one-of", ()),
    }
    known = spec.fields_of(name)
    for keyword, fields in used.items():
        for field in fields:
            if field not in known:
                yield (*_SCHEMAS, name), f"{keyword}: {field} is not a field of {name}: correct the name"


def _check_nested_schemas(schema: dict[str, Any], path: SpecPath) -> Problems:
    for step, inner in _nested_schemas(schema):
        if inner.keys() & {"properties", "allOf", "enum"}:
            yield (*path, *step), "a nested schema needs a name: put it under components/schemas and use a $ref"
        yield from _check_nested_schemas(inner, (*path, *step))


def _nested_schemas(schema: dict[str, Any]) -> Iterator[tuple[SpecPath, dict[str, Any]]]:
    yield from ((("properties", field), inner) for field, inner in schema.get("properties", {}).items())
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield (keyword,), schema[keyword]
    for keyword in ("oneOf", "anyOf"):
        yield from (((keyword, index), inner) for index, inner in enumerate(schema.get(keyword, ())))
