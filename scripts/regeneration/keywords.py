"""Check the spec against the meta-schemas of OpenAPI and JSON Schema, and refuse unknown keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator.schemas import schema_v31
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .spec import SpecPath

_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_CLOSED = ("additionalProperties", "unevaluatedProperties")


def find_keyword_errors(document: dict[str, Any]) -> list[ValidationError]:
    """The errors that the meta-schemas find."""
    validator = extend(Draft202012Validator, {"$dynamicRef": _check_schema})  # type: ignore[no-untyped-call]
    return unknown_names_first(validator(schema_v31, registry=_META_SCHEMAS).iter_errors(document))


def unknown_names_first(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """Sort errors: a misspelt name is often the reason why another one is missing."""
    return sorted(errors, key=lambda error: error.validator not in _CLOSED)


def describe_error(error: Any, noun: str) -> tuple[SpecPath, str]:
    """The unknown keyword or field as a path below that of the error, and the problem, with the nearest known one."""
    if error.validator not in _CLOSED:
        return (), error.message.splitlines()[0][:200]
    unknown = next(key for key in error.instance if repr(key) in error.message)
    near = get_close_matches(unknown, error.schema.get("properties", ()), n=1)
    return (unknown,), f"{unknown} is not a {noun} here: {f'did you mean {near[0]}?' if near else 'remove it'}"


def _check_schema(validator: Any, _reference: str, schema: Any, _meta_schema: Any) -> Iterator[ValidationError]:
    """Check a schema of the spec: the OpenAPI meta-schema leaves this to the dialect, which accepts every keyword."""
    yield from validator.descend(schema, _CLOSED_META_SCHEMA)


def _without_dialect(uri: str) -> tuple[str, Resource[Any]]:
    """A meta-schema without `$schema`, for which jsonschema would leave our validator for its own."""
    return uri, DRAFT202012.create_resource({**REGISTRY.contents(uri), "$schema": None})


def _keywords(resolver: Any, uri: str) -> set[str]:
    """The keywords that a meta-schema and its vocabularies define."""
    found = resolver.lookup(uri)
    parts = (_keywords(found.resolver, part["$ref"]) for part in found.contents.get("allOf", ()))
    return {*found.contents.get("properties", ())}.union(*parts)


_META_SCHEMAS = Registry().with_resources(_without_dialect(uri) for uri in REGISTRY).crawl()
_CLOSED_META_SCHEMA = {
    "$ref": _JSON_SCHEMA,
    "properties": dict.fromkeys(_keywords(REGISTRY.resolver(), _JSON_SCHEMA) | OAS31Validator.VALIDATORS.keys(), True),
    "patternProperties": {"^x-": True},
    "additionalProperties": False,
}
