"""The spec as read from its file, refused with the place where it is broken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from _model import Place, Spec
from _rules import rule_breaks
from openapi_spec_validator import OpenAPIV31SpecValidator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class SpecError(Exception):
    """A spec that nothing can be made from. The text starts with `:line: ` where the line is known."""


def read_spec(path: Path) -> Spec:
    """Read and check a spec.

    Raises:
        SpecError: It is no YAML, names a thing twice, refers to nothing, is no OpenAPI, or breaks a rule of this spec.
    """
    tree = _load(path)
    for place, reference in _references(tree):
        _refuse_dangling(tree, place, reference)
    spec = Spec(_plain(tree, tree))
    try:
        for error in OpenAPIV31SpecValidator(spec.document).iter_errors():
            _fail(tree, _place_of(tree, error), error.message.splitlines()[0][:200])
        for place, problem in rule_breaks(spec):
            _fail(tree, place, problem)
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise SpecError(f": not of the form that spec/README.md describes ({type(error).__name__}: {error})") from error
    return spec


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


def _fail(tree: CommentedMap, place: Place, problem: str) -> NoReturn:
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


def _place_of(tree: CommentedMap, error: Any) -> Place:
    """Where a fault is. Inside a schema the validator counts from that schema, so the schema is looked for."""
    inner = tuple(error.absolute_path)
    around: list[Place] = [
        (),
        *(("components", "schemas", name) for name in tree.get("components", {}).get("schemas", {})),
    ]
    return next((place + inner for place in around if _stands(tree, place + inner, error.instance)), inner)


def _stands(tree: Any, place: Place, value: Any) -> bool:
    try:
        for step in place:
            tree = tree[step]
    except (LookupError, TypeError):
        return False
    return bool(tree == value)


def _plain(tree: CommentedMap, node: Any, place: Place = ()) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(tree, value, (*place, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(tree, value, (*place, index)) for index, value in enumerate(node)]
    if isinstance(node, date):
        _fail(tree, place, f"{node} is a date for YAML: put it in quotes")
    return node
