"""Check the spec against the meta-schemas of OpenAPI and JSON Schema, and refuse unknown keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS31Validator
from openapi_schema_validator._specifications import REGISTRY
from openapi_spec_validator.schemas import schema_v31
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .rules import OUR_KEYWORDS
from .spec import SpecPath

_CLOSED = ("additionalProperties", "unevaluatedProperties")
_EVERY_X_NAME = ("specification-extensions", "extensible")  # the definitions by which the meta-schemas accept them


def find_keyword_errors(document: dict[str, Any]) -> list[ValidationError]:
    """The errors that the meta-schemas find."""
    validator = extend(Draft202012Validator, {"$dynamicRef": _check_schema})  # type: ignore[no-untyped-call]
    return unknown_names_first(validator(_OPENAPI, registry=_META_SCHEMAS).iter_errors(document), KEYWORDS)


def unknown_names_first(errors: Iterable[ValidationError], resolver: Any) -> list[ValidationError]:
    """Sort errors: a misspelt name is often the reason why another one is missing.

    A known name that is refused comes last: what it belongs to has another error. The resolver finds what `$ref` says.
    """

    def order(error: ValidationError) -> int:
        return 1 if error.validator not in _CLOSED else 0 if _unknown_names(error, resolver) else 2

    return sorted(errors, key=order)


def describe_error(error: Any, noun: str, resolver: Any) -> tuple[SpecPath, str]:
    """The unknown keyword or field as a path below that of the error, and the problem, with the nearest known one."""
    if error.validator not in _CLOSED:
        return (), error.message.splitlines()[0][:200]
    unknown = (_unknown_names(error, resolver) or _refused_names(error))[0]
    near = get_close_matches(unknown, sorted(_names(resolver, error.schema) - {unknown}), n=1)
    return (unknown,), f"{unknown} is not a {noun} here: {f'did you mean {near[0]}?' if near else 'remove it'}"


def resolver_of(document: dict[str, Any]) -> Any:
    """A resolver for the references in a document and in the meta-schemas."""
    return _META_SCHEMAS.with_resource("", DRAFT202012.create_resource(document)).resolver()


def _unknown_names(error: Any, resolver: Any) -> list[str]:
    known = _names(resolver, error.schema)
    return [name for name in _refused_names(error) if name not in known]


def _refused_names(error: Any) -> list[str]:
    return [name for name in error.instance if repr(name) in error.message]


def _names(resolver: Any, schema: dict[str, Any]) -> set[str]:
    """The properties of a schema, and of those that it includes."""
    conditional = [*schema.get("dependentSchemas", {}).values(), *([schema["then"]] if "then" in schema else [])]
    included = [(resolver, part) for part in [*schema.get("allOf", ()), *conditional]]
    if "$ref" in schema:
        found = resolver.lookup(schema["$ref"])
        included.append((found.resolver, found.contents))
    return {*schema.get("properties", ())}.union(*(_names(*part) for part in included))


def _check_schema(validator: Any, _reference: str, schema: Any, _meta_schema: Any) -> Iterator[ValidationError]:
    """Check a schema of the spec: the OpenAPI meta-schema leaves this to the dialect, which accepts every keyword."""
    yield from validator.descend(schema, _CLOSED_META_SCHEMA)


def _adapted(meta_schema: Any) -> dict[str, Any]:
    """A meta-schema with our keywords, and without `$schema`, for which jsonschema would leave our validator."""
    definitions = meta_schema.get("$defs", {})
    ours = {name: {"properties": OUR_KEYWORDS} for name in _EVERY_X_NAME if name in definitions}
    return {**meta_schema, "$schema": None, "$defs": {**definitions, **ours}}


def _resource(uri: str) -> tuple[str, Resource[Any]]:
    return uri, DRAFT202012.create_resource(_adapted(REGISTRY.contents(uri)))


_OPENAPI = _adapted(schema_v31)
_META_SCHEMAS = Registry().with_resources(_resource(uri) for uri in REGISTRY).crawl()
_DIALECT = {"$ref": OAS31Validator.META_SCHEMA["$id"]}
_CLOSED_META_SCHEMA = {
    **_DIALECT,
    "properties": dict.fromkeys(_names(_META_SCHEMAS.resolver(), _DIALECT), True) | OUR_KEYWORDS,
    "additionalProperties": False,
}
_BASE = _META_SCHEMAS.contents("https://spec.openapis.org/oas/3.1/meta/base")
KEYWORDS = resolver_of({"$defs": _OPENAPI["$defs"] | _BASE["$defs"]})
"""A resolver for the references in the meta-schemas of OpenAPI."""
