"""A JSON Schema validator for the schemas of the spec, and a generator of random documents for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

Schema = dict[str, Any]


def _exactly_one_of(_: Any, names: list[str], instance: Any, __: Schema) -> Iterator[ValidationError]:
    """The rule of the spec's extension `x-exactly-one-of`, which JSON Schema does not have."""
    if isinstance(instance, dict) and sum(instance.get(name) is not None for name in names) != 1:
        yield ValidationError(f"not exactly one of {names}")


_Validator: Any = extend(Draft202012Validator, {"x-exactly-one-of": _exactly_one_of})  # type: ignore[no-untyped-call]


def validator(spec: Schema, name: str) -> Any:
    """A validator for a named schema of the spec."""
    return _Validator({"$ref": f"#/components/schemas/{name}", "components": spec["components"]})


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(0.5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


class Documents:
    """Random documents for a schema. With `invalid`, some of them have an error."""

    def __init__(self, spec: Schema, *, invalid: bool) -> None:
        self._schemas: dict[str, Schema] = spec["components"]["schemas"]
        self._invalid = invalid
        self._strategies: dict[str, st.SearchStrategy[Any]] = {}

    def named(self, name: str) -> st.SearchStrategy[Any]:
        if name not in self._strategies:
            self._strategies[name] = st.deferred(lambda: self._of(self._schemas[name]))
        return self._strategies[name]

    def _of(self, schema: Schema) -> st.SearchStrategy[Any]:
        valid = self._valid(schema)
        return st.one_of(valid, valid, valid, valid, ANYTHING) if self._invalid else valid

    def _valid(self, schema: Schema) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self.named(schema["$ref"].rpartition("/")[2])
        for union in ("oneOf", "anyOf"):
            if union in schema:
                return st.one_of([self._of(branch) for branch in schema[union]])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        types = schema.get("type", "object" if "allOf" in schema else ["string", "integer", "null"])
        return st.one_of([self._of_type(name, schema) for name in ([types] if isinstance(types, str) else types)])

    def _of_type(self, type_name: str, schema: Schema) -> st.SearchStrategy[Any]:
        match type_name:
            case "object":
                return self._object(schema)
            case "array":
                most = min(schema.get("maxItems", 3), 3)
                return st.lists(self._of(schema.get("items", {})), min_size=schema.get("minItems", 0), max_size=most)
            case "string":
                return self._string(schema)
            case "integer":
                return st.integers(schema.get("minimum"), schema.get("maximum")) if not self._invalid else st.integers()
            case "number":
                return st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
            case "boolean":
                return st.booleans()
        return st.none()

    def _string(self, schema: Schema) -> st.SearchStrategy[str]:
        if "pattern" in schema:
            exact = st.from_regex(re.compile(schema["pattern"]), fullmatch=True)
            return exact | st.text(max_size=40) if self._invalid else exact
        limit = schema.get("maxLength")
        short = st.text(max_size=8)
        if limit is None:
            return short
        edge = st.sampled_from([limit, limit + 1] if self._invalid else [limit]).map(lambda length: "x" * length)
        return st.one_of(short, short, short, edge)

    def _object(self, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
        fields = self._fields(schema)
        if not fields:
            return self._map(schema)
        required = {name for name in self._required(schema) if name in fields}
        optional = {name: self._of(field) for name, field in fields.items() if name not in required}
        must = st.fixed_dictionaries({name: self._of(fields[name]) for name in required})
        may = st.sets(st.sampled_from(sorted(optional)), max_size=4) if optional else st.just(set())
        document = st.tuples(
            must, may.flatmap(lambda names: st.fixed_dictionaries({n: optional[n] for n in sorted(names)}))
        )
        merged = document.map(lambda parts: parts[0] | parts[1])
        if not self._invalid:
            return self._with_one_of(merged, fields, schema.get("x-exactly-one-of", []))
        return (
            merged
            | merged.map(lambda fields: fields | {"unknown": 1})
            | merged.map(lambda fields: dict(list(fields.items())[1:]))
        )

    def _with_one_of(
        self, objects: st.SearchStrategy[dict[str, Any]], fields: Schema, names: list[str]
    ) -> st.SearchStrategy[dict[str, Any]]:
        if not names:
            return objects
        others = objects.map(lambda given: {name: value for name, value in given.items() if name not in names})
        one = st.one_of([st.fixed_dictionaries({name: self._of(fields[name])}) for name in names])
        filled = one.filter(lambda given: None not in given.values())
        return st.tuples(others, filled).map(lambda parts: parts[0] | parts[1])

    def _map(self, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
        values = schema.get("additionalProperties", {})
        names = self._of(schema["propertyNames"]) if "propertyNames" in schema else st.text(max_size=8)
        inner = self._of(values) if isinstance(values, dict) and values else ANYTHING
        if values is False or schema.get("unevaluatedProperties") is False:
            return st.just({})
        return st.dictionaries(names.filter(lambda name: isinstance(name, str)), inner, max_size=3)

    def _fields(self, schema: Schema) -> Schema:
        inherited: Schema = {}
        for part in schema.get("allOf", ()):
            inherited |= self._fields(self._schemas[part["$ref"].rpartition("/")[2]])
        own: Schema = schema.get("properties", {})
        return inherited | own

    def _required(self, schema: Schema) -> list[str]:
        return list(schema.get("required", ()))
