"""The pages of the reference: one for each event type, part of a batch and operation, from the spec."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import msgspec
from mparticle_events import models
from regeneration.spec import Spec, base_name

from mparticle_ext.cli._examples import example
from mparticle_ext.cli._python_code import python_program

from .examples import part_examples
from .markdown import Pages, fenced, page, page_with_code, table
from .schemas import Schema, describe_type, enum_of, event_types, limits, page_of, parts, python_enum
from .tables import DocumentationError

_COMMON = "CommonEventData"
_EVENTS_PAGE = "/reference/events/index.md"


def reference_pages(spec: Spec) -> Pages:
    """All pages of the reference, in the order of the navigation."""
    examples = part_examples(spec)
    events = {f"/reference/events/{kind}.md": _event(spec, name, kind) for name, kind in event_types(spec).items()}
    return {
        "/reference/batch.md": _part(spec, "Batch", examples["Batch"]),
        _EVENTS_PAGE: _event_list(spec),
        **events,
        "/reference/parts/index.md": _part_list(spec),
        **{str(page_of(spec, name)): _part(spec, name, examples[name]) for name in parts(spec)},
        "/reference/operations.md": _operations(spec),
    }


def model_table(spec: Spec) -> str:
    """The models of mparticle_events, with the class of mparticle_ext that extends each."""
    names = [name for name in ("Batch", *event_types(spec), *parts(spec)) if spec.fields_of(name)]
    return table(["`mparticle_events.models`", "`mparticle_ext`"], [(f"`{name}`", _link(spec, name)) for name in names])


# --- Events and parts -----------------------------------------------------------------------------------------------


def _event(spec: Spec, name: str, event_type: str) -> str:
    own, fields = spec.schemas[name].get("properties", {}), spec.fields_of(name)
    common = [field for field in fields if field not in own and not fields[field].get("x-set-by-mparticle")]
    links = ", ".join(f"[`{field}`]({_EVENTS_PAGE}#{field})" for field in common)
    about = [spec.schemas[name]["description"], _signature(spec, name)]
    code = [
        fenced("python", example(event_type, as_python=True), "Python"),
        fenced("json", example(event_type, as_python=False), "JSON"),
    ]
    fields_of_all = ["## Fields of all events", links]
    return page_with_code(event_type, [*about, *_fields(spec, name, own), *fields_of_all, *_model(name)], code)


def _event_list(spec: Spec) -> str:
    kinds = event_types(spec)
    rows = [
        (f"[`{kind}`]({page_of(spec, name)})", f"`{spec.constructor_name(name)}`", _summary(spec, name))
        for name, kind in kinds.items()
    ]
    note = "Each event can have these fields too, whatever its type. All are optional."
    common = _fields(spec, _COMMON, spec.fields_of(_COMMON))[1:]
    listed = table(["event type", "class", "meaning"], rows)
    return page("All event types", f"The {len(kinds)} event types.", listed, "## Fields of all events", note, *common)


def _part(spec: Spec, name: str, value: Any) -> str:
    fields = spec.fields_of(name)
    about = [_signature(spec, name), *_fields(spec, name, fields)] if fields else [_map(spec, name)]
    users = ", ".join(_users(spec, name))
    used = ["## Used in", users] if users else []
    code = [
        fenced("python", _python(name, value, is_object=bool(fields)), "Python"),
        fenced("json", json.dumps(value, indent=2, ensure_ascii=False), "JSON"),
    ]
    model = _model(name) if fields else []
    return page_with_code(spec.constructor_name(name), [spec.schemas[name]["description"], *about, *used, *model], code)


def _python(name: str, value: Any, *, is_object: bool) -> str:
    if is_object:
        return python_program(msgspec.convert(value, getattr(models, name)), _snake(name))
    lines = [f"    {json.dumps(key)}: {inner!r}," for key, inner in value.items()]  # a map is a dict in Python too
    return "\n".join([f"{_snake(name)} = {{", *lines, "}"]).replace("'", '"')


def _model(name: str) -> list[str]:
    """The signature of a model of mparticle_events."""
    return ["## In `mparticle_events`", signature(getattr(models, name), f"models.{name}")]


def signature(kind: type, name: str) -> str:
    """The call of a class with its required arguments."""
    arguments = inspect.signature(kind).parameters.values()
    star = ["*"] if all(argument.kind is argument.KEYWORD_ONLY for argument in arguments) else []
    required = [argument.name for argument in arguments if argument.default is argument.empty]
    return fenced("python", f"{name}({', '.join([*star, *required, '...'])})")


def _part_list(spec: Spec) -> str:
    rows = [(_link(spec, name), _summary(spec, name)) for name in parts(spec)]
    return page("All parts of a batch", table(["part", "meaning"], rows))


def _users(spec: Spec, name: str) -> Iterator[str]:
    """Links to the pages of the schemas with a field of this one."""
    reference = f"'#/components/schemas/{name}'"
    for owner, schema in spec.schemas.items():
        if owner == name or reference not in str(schema.get("properties")):
            continue
        if owner == _COMMON:
            yield f"[all events]({_EVENTS_PAGE})"
        elif page_of(spec, owner):
            yield _link(spec, owner)


def _map(spec: Spec, name: str) -> str:
    """The facts of a map: a dict whose names users choose."""
    schema = spec.schemas[name]
    value = schema["additionalProperties"]
    named = spec.schemas[base_name(value)] if "$ref" in value else value
    facts = {
        "In Python": "a dict",
        "Names": "; ".join(["strings", *limits(spec, schema.get("propertyNames", {}))]),
        "Values": describe_type(spec, named),
        "Limits of a value": "; ".join(limits(spec, named)),
        "Size": "; ".join(limits(spec, schema)),
    }
    return table(["property", "value"], [(title, text) for title, text in facts.items() if text])


# --- Fields ---------------------------------------------------------------------------------------------------------


def _signature(spec: Spec, name: str) -> str:
    """The call of a constructor: what is positional, and what is required. After a default, each field needs one."""
    required = spec.schemas[name].get("required", ())
    positional = spec.schemas[name].get("x-constructor", {}).get("positional", [])
    named = [field for field in spec.fields_of(name) if field not in positional]
    bare = list(takewhile(lambda field: field in required, positional))
    defaults = [f"{field}={'REQUIRED' if field in required else 'UNSET'}" for field in positional[len(bare) :]]
    rest = ["*", *(field for field in named if field in required), "..."] if named else []
    return fenced("python", f"{spec.constructor_name(name)}({', '.join([*bare, *defaults, *rest])})")


def _fields(spec: Spec, name: str, fields: dict[str, Schema]) -> list[str]:
    theirs = [field for field in fields if fields[field].get("x-set-by-mparticle")]
    ours = [field for field in fields if field not in theirs]
    texts = [f"## {title}" for title in ["Fields"] if ours] + [_field(spec, name, field) for field in ours]
    if theirs:
        texts += ["## Fields that only mParticle sets", *(_field(spec, name, field) for field in theirs)]
    return texts


def _field(spec: Spec, owner: str, name: str) -> str:
    schema = spec.fields_of(owner)[name]
    facts = [describe_type(spec, schema), *limits(spec, schema), *_necessity(spec.schemas[owner], name)]
    if not schema.get("description"):
        raise DocumentationError(f"{owner}.{name}: has no description in the spec: say there what it means")
    heading = f"### `{name}` {{ #{name} }}"
    return "\n\n".join(
        [heading, " · ".join(facts) + "\n{ .facts }", schema["description"], *_values(spec, owner, schema)]
    )


def _necessity(owner: Schema, name: str) -> list[str]:
    if name in owner.get("required", ()):
        return ["**required**"]
    return ["**exactly one of these is required**"] if name in owner.get("x-exactly-one-of", ()) else []


def _values(spec: Spec, owner: str, schema: Schema) -> list[str]:
    """The values of a field that takes an enum."""
    enum = enum_of(spec, schema)
    if enum is None:
        return []
    values = ", ".join(f"`{value}`" for value in spec.schemas[enum]["enum"])
    return [f"A member of `{python_enum(spec, owner, enum)}`, or its string: {values}\n{{ .values }}"]


# --- Operations -----------------------------------------------------------------------------------------------------


def _operations(spec: Spec) -> str:
    paths = spec.document["paths"].items()
    texts = [text for path, item in paths for text in _operation(spec, path, item["post"])]
    servers = [(f"`{one['x-pod']}`", f"`{one['url']}`", one["description"]) for one in spec.document["servers"]]
    about = "The requests of the Events API, with their limits and responses."
    return page("Operations", about, *texts, "## Servers", table(["pod", "base URL", "name"], servers))


def _operation(spec: Spec, path: str, operation: dict[str, Any]) -> list[str]:
    method, body = _snake(operation["operationId"]), operation["requestBody"]
    facts = [f"`POST {path}`", f"`EventsApi.{method}`", f"at most {body['x-max-bytes'] // 1024} KiB"]
    if hours := operation.get("x-min-age-hours"):
        facts.append(f"each event {hours} hours old or more")
    facts += limits(spec, body["content"]["application/json"]["schema"])
    heading = f"## {operation['summary'].rstrip('.')} {{ #{method} }}"
    about = [" · ".join(facts) + "\n{ .facts }", operation["description"], body["description"]]
    return [heading, *about, _responses(spec, operation)]


def _responses(spec: Spec, operation: dict[str, Any]) -> str:
    rows = []
    for status, reference in operation["responses"].items():
        response = spec.document["components"]["responses"][base_name(reference)]
        headers = ", ".join(f"`{name}`" for name in response.get("headers", ()))
        rows.append((status, " ".join(response["description"].split()), headers))
    return table(["response", "meaning", "headers"], rows)


def _link(spec: Spec, name: str) -> str:
    return f"[`{spec.constructor_name(name)}`]({page_of(spec, name)})"


def _summary(spec: Spec, name: str) -> str:
    return str(spec.schemas[name]["description"]).split("\n")[0]


def _snake(name: str) -> str:
    """`GDPRConsentState` as `gdpr_consent_state`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
