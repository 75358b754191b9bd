"""The pages of the reference: one for each event type, part of a batch and operation, from the spec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from mparticle_events import models
from regeneration.spec import Spec, base_name

from mparticle_ext.cli._examples import example
from mparticle_ext.cli._python_code import python_program

from .examples import part_examples
from .schemas import Schema, describe_type, enum_of, event_types, limits, page_of, parts, python_enum

Pages = dict[str, str]
"""The Markdown of pages, by their path in the site."""

_COMMON = "CommonEventData"
_COMMON_PAGE = "/reference/events/index.md"


def reference_pages(spec: Spec) -> Pages:
    """All pages of the reference, in the order of the navigation."""
    examples = part_examples(spec)
    pages = {"/reference/batch.md": _part(spec, "Batch", examples), _COMMON_PAGE: _events(spec)}
    for name, event_type in event_types(spec).items():
        pages[f"/reference/events/{event_type}.md"] = _event(spec, name, event_type)
    pages["/reference/parts/index.md"] = _part_list(spec)
    for name in parts(spec):
        pages[str(page_of(spec, name))] = _part(spec, name, examples)
    return {**pages, "/reference/operations.md": _operations(spec)}


def model_table(spec: Spec) -> str:
    """The models of mparticle_events, with the class of mparticle_ext that extends each."""
    names = ["Batch", *event_types(spec), *parts(spec)]
    lines = [f"| `{name}` | [`{spec.constructor_name(name)}`]({page_of(spec, name)}) |" for name in names if spec.fields_of(name)]
    return "\n".join(["| `mparticle_events.models` | `mparticle_ext` |", "|---|---|", *lines])


def _event(spec: Spec, name: str, event_type: str) -> str:
    own = spec.schemas[name].get("properties", {})
    fields = spec.fields_of(name)
    given = [field for field in fields if field not in own and not fields[field].get("x-set-by-mparticle")]
    common = ", ".join(f"[`{field}`]({_COMMON_PAGE}#{field})" for field in given)
    prose = [
        spec.schemas[name]["description"],
        _signature(spec, name),
        *_fields(spec, name, own),
        f"## Fields of all events\n\n{common}",
    ]
    code = [
        _fenced("python", "Python", example(event_type, as_python=True)),
        _fenced("json", "JSON", example(event_type, as_python=False)),
    ]
    return _page(event_type, prose, code)


def _events(spec: Spec) -> str:
    lines = [
        f"| [`{event_type}`]({page_of(spec, name)}) | `{spec.constructor_name(name)}` | {_first_line(spec, name)} |"
        for name, event_type in event_types(spec).items()
    ]
    table = "\n".join(["| event type | class | meaning |", "|---|---|---|", *lines])
    note = "Each event can have these fields too, whatever its type. All are optional."
    common = _fields(spec, _COMMON, spec.fields_of(_COMMON))[1:]
    return "\n\n".join(["# Event types", f"The {len(lines)} event types.", table, "## Fields of all events", note, *common])


def _part(spec: Spec, name: str, examples: dict[str, Any]) -> str:
    schema = spec.schemas[name]
    fields = spec.fields_of(name)
    prose = [schema["description"], *([_signature(spec, name), *_fields(spec, name, fields)] if fields else _map(spec, schema))]
    users = ", ".join(_users(spec, name))
    prose += [f"## Used in\n\n{users}"] if users else []
    return _page(spec.constructor_name(name), prose, _part_code(spec, name, examples.get(name)))


def _part_code(spec: Spec, name: str, value: Any) -> list[str]:
    if value is None:
        return []
    document = json.dumps(value, indent=2, ensure_ascii=False)
    if not spec.fields_of(name):  # a map is a dict in Python too
        return [_fenced("python", "Python", _snake(name) + " = " + _python_dict(value)), _fenced("json", "JSON", document)]
    model = msgspec.convert(value, getattr(models, name))
    return [_fenced("python", "Python", python_program(model, _snake(name))), _fenced("json", "JSON", document)]


def _python_dict(value: dict[str, Any]) -> str:
    lines = [f"    {json.dumps(key, ensure_ascii=False)}: {inner!r}," for key, inner in value.items()]
    return "\n".join(["{", *lines, "}"]).replace("'", '"')


def _part_list(spec: Spec) -> str:
    lines = [
        f"| [{spec.constructor_name(name)}]({page_of(spec, name)}) | {_first_line(spec, name)} |" for name in parts(spec)
    ]
    return "\n".join(["# Parts of a batch", "", "| part | meaning |", "|---|---|", *lines])


def _users(spec: Spec, name: str) -> Iterator[str]:
    """Links to the pages of the schemas with a field of this one."""
    reference = f"'#/components/schemas/{name}'"
    for owner, schema in spec.schemas.items():
        if owner != name and reference in str(schema.get("properties")):
            if owner == _COMMON:
                yield f"[all events]({_COMMON_PAGE})"
            elif page := page_of(spec, owner):
                yield f"[{spec.constructor_name(owner)}]({page})"


def _map(spec: Spec, schema: Schema) -> list[str]:
    value = schema["additionalProperties"]
    named = spec.schemas[base_name(value)] if "$ref" in value else value
    names = limits(spec, schema.get("propertyNames", {}))
    rows = {
        "In Python": "a dict",
        "Names": "; ".join(["strings", *names]),
        "Values": describe_type(spec, named),
        "Limits of a value": "; ".join(limits(spec, named)),
        "Size": "; ".join(limits(spec, schema)),
    }
    return ["\n".join(["| property | value |", "|---|---|", *(f"| {title} | {text} |" for title, text in rows.items() if text)])]


def _signature(spec: Spec, name: str) -> str:
    """The call of a constructor: what is positional, and what is required."""
    required = spec.schemas[name].get("required", ())
    positional = spec.schemas[name].get("x-constructor", {}).get("positional", [])
    named = [field for field in spec.fields_of(name) if field not in positional]
    given = [field if field in required else f"{field}=UNSET" for field in positional]
    rest = [*(["*"] if named else []), *(field for field in named if field in required), *(["..."] if named else [])]
    return _fenced("python", "", f"{spec.constructor_name(name)}({', '.join([*given, *rest])})")


def _fields(spec: Spec, name: str, fields: dict[str, Schema]) -> list[str]:
    schema = spec.schemas[name]
    required = schema.get("required", ())
    ours = [field for field in fields if not fields[field].get("x-set-by-mparticle")]
    theirs = [field for field in fields if field not in ours]
    one_of = schema.get("x-exactly-one-of", [])
    texts = [_field(spec, name, field, fields[field], required=field in required, one_of=one_of) for field in ours]
    if theirs:
        texts.append("## Fields that only mParticle sets")
        texts += [_field(spec, name, field, fields[field], required=False, one_of=[]) for field in theirs]
    return [*(["## Fields"] if texts else []), *texts]


def _field(spec: Spec, owner: str, name: str, schema: Schema, *, required: bool, one_of: list[str]) -> str:
    facts = [describe_type(spec, schema), *limits(spec, schema)]
    if required:
        facts.append("**required**")
    if name in one_of:
        facts.append("**exactly one of these is required**")
    lines = [f"### `{name}` {{ #{name} }}", " · ".join(facts) + "\n{ .facts }"]
    lines += [schema["description"]] if "description" in schema else []
    return "\n\n".join(lines + _values(spec, owner, schema))


def _values(spec: Spec, owner: str, schema: Schema) -> list[str]:
    enum = enum_of(spec, schema)
    if enum is None:
        return []
    values = ", ".join(f"`{value}`" for value in spec.schemas[enum]["enum"])
    return [f"A member of `{python_enum(spec, owner, enum)}`, or its string: {values}\n{{ .values }}"]


def _operations(spec: Spec) -> str:
    texts = ["# Operations", "The three requests of the Events API, with their limits and responses."]
    for path, item in spec.document["paths"].items():
        texts += _operation(spec, path, item["post"])
    return "\n\n".join([*texts, "## Servers", _servers(spec)])


def _operation(spec: Spec, path: str, operation: dict[str, Any]) -> list[str]:
    method = _snake(operation["operationId"])
    body = operation["requestBody"]
    facts = [f"`POST {path}`", f"`EventsApi.{method}`", f"at most {body['x-max-bytes'] // 1024} KiB"]
    if hours := operation.get("x-min-age-hours"):
        facts.append(f"each event {hours} hours old or more")
    facts += limits(spec, body["content"]["application/json"]["schema"])
    return [
        f"## {operation['summary'].rstrip('.')} {{ #{method} }}",
        " · ".join(facts) + "\n{ .facts }",
        operation["description"],
        body["description"],
        _responses(spec, operation),
    ]


def _responses(spec: Spec, operation: dict[str, Any]) -> str:
    lines = ["| response | meaning | headers |", "|---|---|---|"]
    for status, reference in operation["responses"].items():
        response = spec.document["components"]["responses"][base_name(reference)]
        headers = ", ".join(f"`{name}`" for name in response.get("headers", ()))
        lines.append(f"| {status} | {' '.join(response['description'].split())} | {headers} |")
    return "\n".join(lines)


def _servers(spec: Spec) -> str:
    lines = [f"| `{one['x-pod']}` | `{one['url']}` | {one['description']} |" for one in spec.document["servers"]]
    return "\n".join(["| pod | base URL | name |", "|---|---|---|", *lines])


def _page(title: str, prose: list[str], code: list[str]) -> str:
    """A page with code beside prose."""
    text = "\n\n".join(prose)
    if not code:
        return f"# {title}\n\n{text}"
    blocks = "\n\n".join(code)
    return (
        f"---\nhide: [toc]\n---\n\n# {title}\n\n"
        f'<div class="beside" markdown>\n<div markdown>\n\n{text}\n\n</div>\n<div class="code" markdown>\n\n{blocks}\n\n</div>\n</div>'
    )


def _fenced(language: str, title: str, code: str) -> str:
    named = f' title="{title}"' if title else ""
    return f"```{language}{named}\n{code}\n```"


def _first_line(spec: Spec, name: str) -> str:
    return str(spec.schemas[name]["description"]).split("\n")[0]


def _snake(name: str) -> str:
    """`GDPRConsentState` as `gdpr_consent_state`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().removesuffix("_data")
