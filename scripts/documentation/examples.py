"""An example of each part of a batch: its own in the spec, else the largest in those of operations and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from regeneration.spec import Spec, base_name

from .schemas import Schema, non_null


def part_examples(spec: Spec) -> dict[str, Any]:
    """The example of each schema that has one, by the schema's name."""
    batches = [example for operation in spec.operations for example in spec.examples_of(operation)]
    found: dict[str, Any] = {}
    for batch in batches:
        for one in batch if isinstance(batch, list) else [batch]:
            _collect(found, _parts(spec, "Batch", one))
    for envelope in spec.envelopes:
        for example in spec.schemas[envelope].get("examples", ()):
            _collect(found, _parts(spec, envelope, example))
    own = {name: schema["examples"][0] for name, schema in spec.schemas.items() if schema.get("examples")}
    return {**found, **own}


def _collect(found: dict[str, Any], parts: Iterator[tuple[str, Any]]) -> None:
    for name, value in parts:
        if name not in found or len(json.dumps(value)) > len(json.dumps(found[name])):
            found[name] = value


def _parts(spec: Spec, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A value of a named schema and the values of named schemas in it."""
    schema = spec.schemas[name]
    if "discriminator" in schema:
        branch = schema["discriminator"]["mapping"][value["event_type"]]
        yield from _parts(spec, base_name({"$ref": branch}), value)
        return
    if not isinstance(value, dict):
        return
    yield name, value
    fields = spec.fields_of(name)
    for key, inner in value.items():
        yield from _inside(spec, fields.get(key) or schema.get("additionalProperties") or {}, inner)


def _inside(spec: Spec, schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(spec, schema.get("items") or {}, item)
        return
    for branch in non_null(schema):
        if "$ref" in branch:
            yield from _parts(spec, base_name(branch), value)
        elif isinstance(value, dict) and isinstance(branch.get("additionalProperties"), dict):
            for inner in value.values():
                yield from _inside(spec, branch["additionalProperties"], inner)
