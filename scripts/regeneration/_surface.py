"""What users see of a generated package, and what of it changed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """A thing that users can name. `detail` is what they rely on beside the name."""

    detail: str = ""
    required: bool = False


Surface = dict[str, Item]


def surface(package: Path) -> Surface:
    """All that users can name in a package: `model Batch`, `field Batch.events`, `operation upload_events`, ..."""
    return {
        **_models(package / "models.py"),
        **_constructors(package / "constructors.py"),
        **{f"operation {path.stem}": Item() for path in (package / "api").rglob("[!_]*.py")},
        **_constants(package / "service.py"),
    }


def changes(old: Surface, new: Surface) -> str:
    """A line for each change between two surfaces; those that break users first, and marked."""
    if not old:
        return f"New: {len(new)} models, fields, enum values and operations."
    lines = [
        *((f"removed {name}", True) for name in old.keys() - new.keys() if not _goes_with_owner(name, old, new)),
        *(
            (f"added {name}", new[name].required)
            for name in new.keys() - old.keys()
            if not _goes_with_owner(name, new, old)
        ),
        *(_changed(name, old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]),
    ]
    breaking = sorted(line for line, breaks in lines if breaks)
    harmless = sorted(line for line, breaks in lines if not breaks)
    if not lines:
        return "Nothing changed for users."
    return "\n".join(
        [
            f"{len(lines)} changes for users, {len(breaking)} of them BREAKING:",
            *(f"  BREAKS  {line}" for line in breaking),
            *(f"          {line}" for line in harmless),
        ]
    )


def _changed(name: str, old: Item, new: Item) -> tuple[str, bool]:
    if old.required != new.required:
        return f"{name} is now {'required' if new.required else 'optional'}", new.required
    widened = _parts(old.detail) <= _parts(new.detail)
    return f"{name}: {old.detail} -> {new.detail}", not widened


def _parts(detail: str) -> set[str]:
    return set(detail.split(" | "))


def _goes_with_owner(name: str, here: Surface, there: Surface) -> bool:
    """Whether a field is only named because the whole model is."""
    _, _, path = name.partition(" ")
    owner = path.partition(".")[0]
    return "." in path and any(
        f"{k} {owner}" in here and f"{k} {owner}" not in there for k in ("model", "enum", "constructor")
    )


def _models(path: Path) -> Surface:
    found: Surface = {}
    for node in _body(path):
        if isinstance(node, ast.ClassDef):
            enum = any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases)
            found[f"{'enum' if enum else 'model'} {node.name}"] = Item()
            found |= _values(node) if enum else _fields(node)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            found |= _alias(node)
    return found


def _alias(node: ast.AnnAssign) -> Surface:
    name = ast.unparse(node.target)
    return {} if name.endswith("Like") or node.value is None else {f"type {name}": Item(ast.unparse(node.value))}


def _fields(node: ast.ClassDef) -> Surface:
    return {
        f"field {node.name}.{ast.unparse(field.target)}": Item(ast.unparse(field.annotation), field.value is None)
        for field in node.body
        if isinstance(field, ast.AnnAssign)
    }


def _values(node: ast.ClassDef) -> Surface:
    assigned = [line for line in node.body if isinstance(line, ast.Assign)]
    return {
        f"enum value {node.name}.{ast.unparse(line.targets[0])}": Item(ast.unparse(line.value)) for line in assigned
    }


def _constructors(path: Path) -> Surface:
    classes = [node for node in _body(path) if isinstance(node, ast.ClassDef)]
    return {
        f"constructor {node.name}": Item(
            ", ".join(ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign))
        )
        for node in classes
    }


def _constants(path: Path) -> Surface:
    assigned = [node for node in _body(path) if isinstance(node, ast.AnnAssign) and node.value is not None]
    return {f"constant {ast.unparse(node.target)}": Item(ast.unparse(node.value)) for node in assigned if node.value}


def _body(path: Path) -> list[ast.stmt]:
    """The statements of a module, as a type checker reads it: of an `if TYPE_CHECKING` what stands in it."""
    body = ast.parse(path.read_text()).body if path.exists() else []
    return [inner for node in body for inner in (node.body if isinstance(node, ast.If) else [node])]
