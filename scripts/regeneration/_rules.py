"""The rules of this spec, beyond those of OpenAPI. spec/README.md tells them to those who change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from _model import Place, Spec, base_name

Breaks = Iterator[tuple[Place, str]]


def rule_breaks(spec: Spec) -> Breaks:
    """Each rule that a spec breaks, with the place and what to do."""
    yield from _operations(spec)
    yield from _events(spec)
    for name, schema in spec.schemas.items():
        yield from _constructor(spec, name, schema)
        yield from _at_most_one(spec, name, schema)
        for field, said in schema.get("properties", {}).items():
            yield from _unnamed(said, ("components", "schemas", name, "properties", field))
    names = Counter(spec.constructor_name(name) for name in spec.schemas if spec.needs_constructor(name))
    yield from (((), f"two schemas have the constructor name {name!r}") for name, times in names.items() if times > 1)


def _operations(spec: Spec) -> Breaks:
    seen: set[str] = set()
    for operation in spec.operations:
        name = operation.get("operationId", "")
        if name in seen:
            yield ("paths",), f"operationId {name!r} is given twice"
        if "requestBody" not in operation:
            yield ("paths",), f"operation {name!r} has no requestBody, which each operation here needs"
        elif not spec.examples_of(operation):
            yield ("paths",), f"operation {name!r} has no example of its requestBody: add one"
        seen.add(name)


def _events(spec: Spec) -> Breaks:
    here: Place = ("components", "schemas")
    mapping = spec.schemas.get("Event", {}).get("discriminator", {}).get("mapping", {})
    mapped = {reference.rpartition("/")[2]: tag for tag, reference in mapping.items()}
    for name, schema in spec.schemas.items():
        properties = schema.get("properties", {})
        if set(properties) == {"event_type", "data"} and name not in spec.envelopes:
            yield (*here, name), f"{name} is an envelope, but not in Event.oneOf: add it there"
    for name in spec.envelopes:
        properties = spec.schemas[name]["properties"]
        tag = properties["event_type"]["const"]
        if mapped.get(name) != tag:
            yield (*here, "Event"), f"Event.discriminator.mapping lacks {tag}: add it, with a reference to {name}"
        if not spec.schemas[name].get("examples"):
            yield (*here, name), f"{name} has no example: add one, which `mparticle-ext example` shows to users"
        data = base_name(properties["data"])
        if not spec.is_closed(data):
            yield (*here, data), f"{data} is not closed: add unevaluatedProperties: false, or a misspelt field is lost"


def _constructor(spec: Spec, name: str, schema: dict[str, Any]) -> Breaks:
    place: Place = ("components", "schemas", name)
    said = schema.get("x-constructor", {})
    own = list(schema.get("properties", {}))
    positional = said.get("positional", [])
    if positional != own[: len(positional)]:
        yield place, f"x-constructor.positional {positional} is not how {name}'s properties start: {own}"
    for field in schema.get("required", ()):
        if field not in spec.fields_of(name):
            yield place, f"{name} requires {field}, which is no field of it"
    keyed = [field for field in schema.get("required", ()) if field not in positional]
    if keyed and spec.needs_constructor(name):
        yield place, f"the required fields {keyed} of {name} are missing in x-constructor.positional"
    for alias, field in said.get("aliases", {}).items():
        if field not in spec.fields_of(name):
            yield place, f"x-constructor.aliases: {alias} stands for {field}, which is no field of {name}"


def _at_most_one(spec: Spec, name: str, schema: dict[str, Any]) -> Breaks:
    for field in schema.get("x-at-most-one-of", ()):
        if field not in spec.fields_of(name):
            yield ("components", "schemas", name), f"x-at-most-one-of: {field} is no field of {name}"


def _unnamed(said: Any, place: Place) -> Breaks:
    if isinstance(said, dict) and ("properties" in said or "enum" in said):
        yield place, "a schema inside another has no name: put it under components/schemas and refer to it"
    inner = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for step, value in inner:
        yield from _unnamed(value, (*place, step))
