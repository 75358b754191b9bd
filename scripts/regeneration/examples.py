"""The examples of the spec: check them against their schemas, and build one for an event that has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from openapi_schema_validator import OAS31Validator

from .keywords import describe_error, resolver_of, unknown_names_first
from .spec import Spec, SpecPath, base_name

Example = tuple[SpecPath, dict[str, Any], Any]  # its path in the spec, its schema, its value
_NAMES = ("properties", "schemas")  # the keys of these objects are names, not keywords


def find_example_errors(spec: Spec) -> Iterator[tuple[SpecPath, str]]:
    """Each example that does not fit its schema: the path of the wrong value and the problem."""
    resolver = resolver_of(spec.document)
    for path, schema, example in [*_examples(spec.document), *_built_examples(spec)]:
        validator = _Validator({**schema, "components": spec.document["components"]})
        if errors := unknown_names_first(validator.iter_errors(example), resolver):
            error = best_match(errors[:1])
            field, problem = describe_error(error, "field", resolver)
            yield (*path, *error.absolute_path, *field), f"the example does not fit its schema: {problem}"


def find_missing_examples(spec: Spec) -> Iterator[tuple[SpecPath, str]]:
    """Each event that has no example."""
    for path, _, _ in _built_examples(spec):
        yield path, f"{path[-1]} has no example: `mparticle-ext example` shows its required fields only; add an example"


def event_examples(spec: Spec) -> dict[str, Any]:
    """The example of each event, by event type."""
    examples = [_build(spec, {"$ref": name}) for name in spec.envelopes]
    return {example["event_type"]: example for example in examples}


def _check_one_of(validator: Any, branches: Any, value: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    """Check a value against the branch that the discriminator selects: its errors say more than those of all."""
    field = schema.get("discriminator", {}).get("propertyName")
    if not isinstance(value, dict) or field not in value:
        yield from OAS31Validator.VALIDATORS["oneOf"](validator, branches, value, schema)
    elif branch := schema["discriminator"]["mapping"].get(value[field]):
        yield from validator.descend(value, {"$ref": branch})
    else:
        yield from validator.descend(value[field], {"enum": [*schema["discriminator"]["mapping"]]}, path=field)


_Validator = extend(OAS31Validator, {"oneOf": _check_one_of})  # type: ignore[no-untyped-call]


def _examples(node: Any, path: SpecPath = ()) -> Iterator[Example]:
    """The examples below a node of the spec."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if key not in ("example", "examples") or path[-1] in _NAMES:
            yield from _examples(value, (*path, key))
        elif key == "example":
            yield (*path, key), node.get("schema", node), value
        elif isinstance(value, list):
            yield from (((*path, key, index), node, example) for index, example in enumerate(value))
        elif "schema" in node:
            named = ((name, example) for name, example in value.items() if "value" in example)
            yield from (((*path, key, name, "value"), node["schema"], example["value"]) for name, example in named)


def _built_examples(spec: Spec) -> Iterator[Example]:
    for name in spec.envelopes:
        if not spec.schemas[name].get("examples"):
            reference = {"$ref": f"#/components/schemas/{name}"}
            yield ("components", "schemas", name), reference, _build(spec, reference)


def _build(spec: Spec, schema: dict[str, Any]) -> Any:
    """The example of a schema, or one with its required fields. `find_example_errors` checks that it fits."""
    if "$ref" in schema:
        return _build_named(spec, base_name(schema))
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            return _build(spec, schema[keyword][0])
    return schema["const"] if "const" in schema else _build_plain(spec, schema)


def _build_named(spec: Spec, name: str) -> Any:
    schema = spec.schemas[name]
    if schema.get("examples") or not spec.fields_of(name):
        return _build(spec, schema)
    return {field: _build(spec, spec.fields_of(name)[field]) for field in schema.get("required", ())}


def _build_plain(spec: Spec, schema: dict[str, Any]) -> Any:
    number = max(1, schema.get("minimum", 1))
    values = {"string": "example", "integer": number, "number": number, "boolean": True, "object": {}}
    kinds = schema.get("type", "null")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "array":
        return [_build(spec, schema["items"]) for _ in range(schema.get("minItems", 0))]
    return values.get(kind)
