"""Read the spec from its file and check it. An error names the line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from openapi_spec_validator import OpenAPIV31SpecValidator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .examples import find_example_errors, find_missing_examples
from .keywords import KEYWORDS, describe_error, find_keyword_errors
from .rules import Problems, find_problems
from .spec import Spec, SpecPath


class SpecError(Exception):
    """The spec is not valid. The text starts with `:line: ` if the line is known."""


def read_spec(file: Path) -> tuple[Spec, list[str]]:
    """Read and check a spec. Return it and the warnings, each with its line.

    Raises:
        SpecError: The file cannot be read, is not valid YAML, has a duplicate key or an unresolved reference, is not
            valid OpenAPI, has an unknown keyword, violates a rule in spec/README.md, or has a wrong example.
    """
    tree = _load(file)
    for path, reference in _references(tree):
        _check_reference(tree, path, reference)
    spec = Spec(_to_plain(tree, tree))
    try:
        for path, problem in _find_problems(tree, spec):
            _fail(tree, path, problem)
        return spec, [f":{_line_of(tree, path)}: warning: {problem}" for path, problem in find_missing_examples(spec)]
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise SpecError(f": does not follow spec/README.md ({type(error).__name__}: {error})") from error


def _find_problems(tree: CommentedMap, spec: Spec) -> Problems:
    for error in chain(find_keyword_errors(spec.document), OpenAPIV31SpecValidator(spec.document).iter_errors()):
        keyword, problem = describe_error(error, "keyword", KEYWORDS)
        yield (*_full_path(tree, error), *keyword), problem
    yield from find_problems(spec)
    yield from find_example_errors(spec)


def _load(file: Path) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f": cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f": is not UTF-8: {error.reason} at byte {error.start}") from error
    except DuplicateKeyError as error:
        raise SpecError(f":{_line(error)} {str(error.problem).splitlines()[0]}: use each key once") from error
    except MarkedYAMLError as error:
        raise SpecError(f":{_line(error)} not valid YAML: {error.problem}") from error
    except YAMLError as error:
        raise SpecError(f": not valid YAML: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise SpecError(": not an OpenAPI document: the top level is not a mapping")
    return tree


def _line(error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{mark.line + 1}:" if mark else ""


def _references(node: Any, path: SpecPath = ()) -> Iterator[tuple[SpecPath, str]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        if key == "$ref" and isinstance(value, str):
            yield path, value
        else:
            yield from _references(value, (*path, key))


def _check_reference(tree: CommentedMap, path: SpecPath, reference: str) -> None:
    node: Any = tree
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None or not reference.startswith("#/"):
        _fail(tree, path, f"$ref to {reference!r}, which is not in this file")


def _fail(tree: CommentedMap, path: SpecPath, problem: str) -> NoReturn:
    raise SpecError(f":{_line_of(tree, path)}: {problem}\n  at {'.'.join(map(str, path)) or 'the top level'}")


def _line_of(tree: Any, path: SpecPath) -> int:
    line = 0
    for part in path:
        if isinstance(tree, CommentedMap) and part in tree:
            line = tree.lc.key(part)[0]
        elif isinstance(tree, CommentedSeq) and isinstance(part, int):
            line = tree.lc.item(part)[0]
        else:
            break
        tree = tree[part]
    return line + 1


def _full_path(tree: CommentedMap, error: Any) -> SpecPath:
    """The path of an error from the top. The validator counts some paths from the schema, so search for the value."""
    inner = tuple(error.absolute_path)
    schemas = tree.get("components", {}).get("schemas", {})
    prefixes: list[SpecPath] = [(), *(("components", "schemas", name) for name in schemas)]
    return next((prefix + inner for prefix in prefixes if _has(tree, prefix + inner, error.instance)), inner)


def _has(tree: Any, path: SpecPath, value: Any) -> bool:
    try:
        for part in path:
            tree = tree[part]
    except (LookupError, TypeError):
        return False
    return bool(tree == value)


def _to_plain(tree: CommentedMap, node: Any, path: SpecPath = ()) -> Any:
    if isinstance(node, dict):
        return {str(key): _to_plain(tree, value, (*path, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_to_plain(tree, value, (*path, index)) for index, value in enumerate(node)]
    if isinstance(node, date):
        _fail(tree, path, f"YAML reads {node} as a date: put it in quotes")
    return node
