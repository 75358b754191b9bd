"""What constructors.py opens: for each model that users build, its positional fields, nested enums and aliases."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from _model import LIKE, Spec


@dataclass(frozen=True)
class Typed:
    """A name with its type, as written outside of models.py."""

    name: str
    type: str
    required: bool = False
    field: str = ""


@dataclass(frozen=True)
class Constructor:
    """One class of constructors.py."""

    name: str
    model: str
    docstring: str
    positional: list[Typed]
    enums: dict[str, str]
    aliases: list[Typed]
    extended: bool


def constructors(spec: Spec, models: ast.Module) -> list[Constructor]:
    """The constructors of a spec, in its order."""
    classes = {node.name: node for node in models.body if isinstance(node, ast.ClassDef)}
    enums = {name + LIKE: name for name, node in classes.items() if _bases(node) == ["StrEnum"]}
    known = {*classes, *enums, *spec.schemas}
    return [_constructor(spec, name, classes, enums, known) for name in spec.schemas if spec.needs_constructor(name)]


def _constructor(
    spec: Spec, name: str, classes: dict[str, ast.ClassDef], enums: dict[str, str], known: set[str]
) -> Constructor:
    schema = spec.schemas[name]
    said: dict[str, Any] = schema.get("x-constructor", {})
    hints = _hints(classes, name)
    types = {field: ast.unparse(_Outside(known).visit(deepcopy(hint))) for field, hint in hints.items()}
    required = schema.get("required", ())
    return Constructor(
        name=spec.constructor_name(name),
        model=name,
        docstring=str(schema.get("description", "")).strip(),
        positional=[Typed(field, types[field], field in required) for field in said.get("positional", ())],
        enums={
            _nested(field, enums[part]): enums[part]
            for field in spec.fields_of(name)
            if field in hints
            for part in _names(hints[field])
            if part in enums
        },
        aliases=[Typed(alias, types[field], field=field) for alias, field in said.get("aliases", {}).items()],
        extended=said.get("extended", False),
    )


class _Outside(ast.NodeTransformer):
    """Write a type of models.py as another module writes it: `Event` as `models.Event`."""

    def __init__(self, known: set[str]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.known:
            return node
        return ast.Attribute(ast.Name("models", ast.Load()), node.id, ast.Load())


def _hints(classes: dict[str, ast.ClassDef], name: str) -> dict[str, ast.expr]:
    node = classes[name]
    inherited = [_hints(classes, base) for base in _bases(node) if base in classes]
    fields = [field for field in node.body if isinstance(field, ast.AnnAssign)]
    own = {ast.unparse(field.target): field.annotation for field in fields}
    return {field: hint for hints in (*inherited, own) for field, hint in hints.items()}


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def _names(hint: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(hint) if isinstance(node, ast.Name)]


def _nested(field: str, enum: str) -> str:
    """The name an enum has inside a class: that of its field, in the enum's own capitals where they are the same."""
    camel = "".join(part.capitalize() for part in field.split("_"))
    return enum if enum.casefold() == camel.casefold() else camel
