"""The spec as read from its file, refused with the place where it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Place = tuple[str | int, ...]


class SpecError(Exception):
    """A spec that nothing can be made from. The text starts with `:line: ` where the line is known."""


@dataclass(frozen=True)
class Spec:
    """A valid spec."""

    path: Path
    document: dict[str, Any]

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The named schemas, in the order of the file."""
        schemas: dict[str, dict[str, Any]] = self.document["components"]["schemas"]
        return schemas

    @property
    def operations(self) -> list[dict[str, Any]]:
        """The operations, in the order of the file."""
        return [operation for path in self.document["paths"].values() for operation in path.values()]

    @property
    def envelopes(self) -> list[str]:
        """The names of the schemas that put an event into its wire form."""
        return [branch["$ref"].rpartition("/")[2] for branch in self.schemas.get("Event", {}).get("oneOf", ())]


def read_spec(path: Path) -> Spec:
    """Read and check a spec.

    Raises:
        SpecError: It is no YAML, names a thing twice, refers to nothing, or is no OpenAPI.
    """
    tree = _load(path)
    for place, reference in _references(tree):
        _refuse_dangling(tree, place, reference)
    document = _plain(tree)
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        _fail(tree, tuple(error.absolute_path), error.message.splitlines()[0][:300])
    spec = Spec(path, document)
    _refuse_repeated_operations(tree, spec)
    for name, schema in spec.schemas.items():
        _refuse_odd_constructor(tree, spec, name, schema)
    return spec


def fields_of(spec: Spec, schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of a schema and of those it builds on."""
    bases = [spec.schemas[part["$ref"].rpartition("/")[2]] for part in schema.get("allOf", ()) if "$ref" in part]
    inherited = {name: field for base in bases for name, field in fields_of(spec, base).items()}
    return {**schema.get("properties", {}), **inherited}


def _load(path: Path) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f": cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f": is not UTF-8: {error.reason} at byte {error.start}") from error
    except DuplicateKeyError as error:
        raise SpecError(f":{_line(error)} {str(error.problem).splitlines()[0]}: each name may stand once") from error
    except MarkedYAMLError as error:
        raise SpecError(f":{_line(error)} not YAML: {error.problem}") from error
    except YAMLError as error:
        raise SpecError(f": not YAML: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise SpecError(": not an OpenAPI document: the top level is no mapping")
    return tree


def _line(error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{mark.line + 1}:" if mark else ""


def _references(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if key == "$ref" and isinstance(value, str):
            yield place, value
        else:
            yield from _references(value, (*place, key))


def _refuse_dangling(tree: CommentedMap, place: Place, reference: str) -> None:
    node: Any = tree
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None or not reference.startswith("#/"):
        _fail(tree, place, f"$ref to {reference!r}, which is not in this file")


def _refuse_repeated_operations(tree: CommentedMap, spec: Spec) -> None:
    seen: set[str] = set()
    for operation in spec.operations:
        name = operation.get("operationId", "")
        if name in seen:
            _fail(tree, ("paths",), f"operationId {name!r} is given twice")
        seen.add(name)


def _refuse_odd_constructor(tree: CommentedMap, spec: Spec, name: str, schema: dict[str, Any]) -> None:
    place: Place = ("components", "schemas", name)
    own = list(schema.get("properties", {}))
    positional = schema.get("x-constructor", {}).get("positional", [])
    if positional != own[: len(positional)]:
        _fail(tree, place, f"x-constructor.positional {positional} is not how {name}'s properties start: {own}")
    keyed = [field for field in schema.get("required", ()) if field not in positional]
    if keyed and needs_constructor(spec, name):
        _fail(tree, place, f"the required fields {keyed} of {name} are missing in x-constructor.positional")


def needs_constructor(spec: Spec, name: str) -> bool:
    """Whether users build this schema: a closed object that is not an event's envelope."""
    schema = spec.schemas[name]
    closed = schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False
    return closed and name not in spec.envelopes


def _fail(tree: CommentedMap, place: Place, problem: str) -> None:
    raise SpecError(f":{_line_of(tree, place)}: {problem}\n  at {'.'.join(map(str, place)) or 'the top'}")


def _line_of(tree: Any, place: Place) -> int:
    line = 0
    for part in place:
        if isinstance(tree, CommentedMap) and part in tree:
            line = tree.lc.key(part)[0]
        elif isinstance(tree, CommentedSeq) and isinstance(part, int):
            line = tree.lc.item(part)[0]
        else:
            break
        tree = tree[part]
    return line + 1


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node
