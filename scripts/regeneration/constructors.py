"""The classes of constructors.py: positional fields, nested enums and aliases of each model that users create."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .spec import LIKE, Spec

Classes = dict[str, ast.ClassDef]


@dataclass(frozen=True)
class Field:
    """A field or an alias of one, with its type as constructors.py writes it."""

    name: str
    type: str
    required: bool = False
    alias_of: str = ""


@dataclass(frozen=True)
class Constructor:
    """A class of constructors.py."""

    name: str
    model: str
    docstring: str
    positional: list[Field]
    enums: dict[str, str]
    aliases: list[Field]
    exactly_one_of: list[str]
    explains: bool
    extended: bool


def constructors(spec: Spec, models: ast.Module) -> list[Constructor]:
    """The constructors of a spec, in the order of the file."""
    classes = {node.name: node for node in models.body if isinstance(node, ast.ClassDef)}
    return [_constructor(spec, name, classes) for name in spec.schemas if spec.needs_constructor(name)]


def _constructor(spec: Spec, name: str, classes: Classes) -> Constructor:
    schema = spec.schemas[name]
    options: dict[str, Any] = schema.get("x-constructor", {})
    annotations = _annotations(classes, name)
    qualify = _Qualify({*classes, *spec.schemas, *(f"{enum}{LIKE}" for enum in classes)})
    types = {field: ast.unparse(qualify.visit(deepcopy(hint))) for field, hint in annotations.items()}
    required = schema.get("required", ())
    return Constructor(
        name=spec.constructor_name(name),
        model=name,
        docstring=str(schema.get("description", "")).strip(),
        positional=[Field(field, types[field], field in required) for field in options.get("positional", ())],
        enums={
            _nested_name(field, enum): enum
            for field in spec.fields_of(name)
            for enum in _enums(annotations[field], classes)
        },
        aliases=[Field(alias, types[field], alias_of=field) for alias, field in schema.get("x-aliases", {}).items()],
        exactly_one_of=schema.get("x-exactly-one-of", []),
        explains=options.get("explains", False),
        extended=options.get("extended", False),
    )


class _Qualify(ast.NodeTransformer):
    """Write the types of models.py for another module: `Event` becomes `models.Event`."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.Attribute(ast.Name("models", ast.Load()), node.id, ast.Load())


def _annotations(classes: Classes, name: str) -> dict[str, ast.expr]:
    """The annotations of a class and of its bases, by field."""
    node = classes[name]
    inherited = [_annotations(classes, base) for base in _bases(node) if base in classes]
    own = {ast.unparse(field.target): field.annotation for field in node.body if isinstance(field, ast.AnnAssign)}
    return {field: hint for hints in (*inherited, own) for field, hint in hints.items()}


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def _enums(annotation: ast.expr, classes: Classes) -> list[str]:
    names = [node.id.removesuffix(LIKE) for node in ast.walk(annotation) if isinstance(node, ast.Name)]
    return [name for name in names if name in classes and _bases(classes[name]) == ["StrEnum"]]


def _nested_name(field: str, enum: str) -> str:
    """The name of an enum in a class: the field in camel case, or the enum's own name if only its case differs."""
    camel = "".join(part.capitalize() for part in field.split("_"))
    return enum if enum.casefold() == camel.casefold() else camel
