"""Schemas of the spec in words: types, limits, and their pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mparticle_events import constructors, models
from regeneration.spec import Spec, base_name

Schema = dict[str, Any]
_INT64 = 2**63 - 1
_LIMITS = {
    "maxLength": "at most {:,} characters",
    "maxItems": "at most {:,} entries",
    "maxProperties": "at most {:,} names",
    "minItems": "at least {:,}",
}


def non_null(schema: Schema) -> list[Schema]:
    """The branches of a schema that are not null."""
    branches = schema.get("oneOf") or schema.get("anyOf") or [schema]
    return [branch for branch in branches if branch.get("type") != "null"]


def page_of(spec: Spec, name: str) -> str | None:
    """The path of the page of a schema in the site; None if it has none."""
    if name == "Batch":
        return "/reference/batch.md"
    if name == "Event":
        return "/reference/events/index.md"
    if (event_type := event_types(spec).get(name)) is not None:
        return f"/reference/events/{event_type}.md"
    return f"/reference/parts/{spec.constructor_name(name)}.md" if _is_part(spec, name) else None


def event_types(spec: Spec) -> dict[str, str]:
    """The event types, by the names of the schemas of their data."""
    envelopes = [spec.schemas[name]["properties"] for name in spec.envelopes]
    return {base_name(fields["data"]): fields["event_type"]["const"] for fields in envelopes}


def parts(spec: Spec) -> list[str]:
    """The objects and maps in a batch that have a page of their own, in the order of the spec."""
    return [name for name in spec.schemas if (page_of(spec, name) or "").startswith("/reference/parts/")]


def _is_part(spec: Spec, name: str) -> bool:
    return spec.needs_constructor(name) or isinstance(spec.schemas[name].get("additionalProperties"), dict)


def describe_type(spec: Spec, schema: Schema) -> str:
    """The type of a value in words, with links to the pages of objects."""
    if "$ref" in schema:
        return _describe_named(spec, base_name(schema))
    if "oneOf" in schema or "anyOf" in schema:
        branches = dict.fromkeys(describe_type(spec, branch) for branch in non_null(schema))
        return " or ".join(sorted(branches, key=lambda words: words.startswith("map")))  # else "map of string or ..."
    kinds = schema.get("type", "any value")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "array":
        return f"list of {_grouped(describe_type(spec, schema['items']))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of names to {_grouped(describe_type(spec, schema['additionalProperties']))}"
    return kind


def _grouped(words: str) -> str:
    return f"({words})" if " or " in words else words


def _describe_named(spec: Spec, name: str) -> str:
    schema = spec.schemas[name]
    if page := page_of(spec, name):
        return f"[{spec.constructor_name(name)}]({page})"
    if {"type": "integer"} in schema.get("anyOf", ()):
        return "number"
    return "enum" if "enum" in schema else describe_type(spec, schema)


def enum_of(spec: Spec, schema: Schema) -> str | None:
    """The name of the enum that a field takes."""
    names = [base_name(branch) for branch in non_null(schema) if "$ref" in branch]
    return next((name for name in names if "enum" in spec.schemas[name]), None)


def python_enum(spec: Spec, owner: str, enum: str) -> str:
    """The name of an enum in Python: as an attribute of the class that has the field."""
    constructor = getattr(constructors, spec.constructor_name(owner), None)
    kind = getattr(models, enum)
    nested = [name for name, value in vars(constructor or object).items() if value is kind]
    return f"{spec.constructor_name(owner)}.{nested[0]}" if nested else enum


def limits(spec: Spec, schema: Schema) -> list[str]:
    """The limits of a value in words."""
    found = [words for branch in non_null(schema) for words in _own_limits(_resolved(spec, branch))]
    return list(dict.fromkeys(found))


def _resolved(spec: Spec, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = base_name(schema)
    return {} if page_of(spec, name) else spec.schemas[name]


def _own_limits(schema: Schema) -> list[str]:
    found = [words.format(schema[keyword]) for keyword, words in _LIMITS.items() if keyword in schema]
    if schema.get("format") == "uuid":
        found.append("a UUID")
    elif "pattern" in schema:
        found.append(schema["description"].split(". ")[0].rstrip("."))
    if schema.get("x-accepts") == "datetime":
        first, last = _day(schema["minimum"]), _day(schema["maximum"])
        found.append(f"in Unix milliseconds, from {first} to {last}, or a `datetime`")
    elif schema.get("maximum") == _INT64:
        found.append("64 bits")
    return found


def _day(unixtime_ms: int) -> str:
    return f"{datetime.fromtimestamp(unixtime_ms / 1000, UTC):%Y-%m-%d}"
