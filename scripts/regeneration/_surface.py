"""What users see of a generated package, and what of it changed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from _model import LIKE


@dataclass(frozen=True)
class Item:
    """A thing that users can name. `detail` is what they rely on beside the name."""

    detail: str = ""
    required: bool = False


Surface = dict[str, Item]
_OPTIONS = ("tag", "tag_field", "forbid_unknown_fields")
_LIMIT = re.compile(r"(max_length|min_length|le|ge)=(-?\d+)")
_LONG = 80  # characters of a type that is read better by its difference


def surface(package: Path) -> Surface:
    """All that users can name in a package: `model Batch`, `field Batch.events`, `operation upload_events`, ..."""
    return {
        **_models(package / "models.py"),
        **_constructors(package / "constructors.py"),
        **{f"operation {path.stem}": Item(_address(path)) for path in (package / "api").rglob("[!_]*.py")},
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
            f"{len(lines)} {'change' if len(lines) == 1 else 'changes'} for users, {len(breaking)} BREAKING:",
            *(f"  BREAKS  {line}" for line in breaking),
            *(f"          {line}" for line in harmless),
        ]
    )


def _changed(name: str, old: Item, new: Item) -> tuple[str, bool]:
    if old.required != new.required:
        return f"{name} is now {'required' if new.required else 'optional'}", new.required
    if name.startswith("constructor"):
        keeps = new.detail.split(", ")[: old.detail.count(", ") + 1] == old.detail.split(", ") or not old.detail
        return f"{name} takes by position: {new.detail or 'nothing'}, not {old.detail or 'nothing'}", not keeps
    return f"{name}: {_difference(old.detail, new.detail)}", not _is_wider(old.detail, new.detail)


def _difference(old: str, new: str) -> str:
    """Two types, or of two long unions what came and went."""
    went, came = _parts(old) - _parts(new), _parts(new) - _parts(old)
    if len(old) < _LONG or not _parts(old) & _parts(new):
        return f"{old or 'nothing'} -> {new or 'nothing'}"
    return " ".join([*(f"- {part}" for part in sorted(went)), *(f"+ {part}" for part in sorted(came))])


def _is_wider(old: str, new: str) -> bool:
    """Whether all that fitted before fits now: a union with more branches, or the same type with looser limits."""
    if old != new and _LIMIT.sub(r"\1", old) == _LIMIT.sub(r"\1", new):
        pairs = zip(_LIMIT.findall(old), _LIMIT.findall(new), strict=True)
        return all(
            int(b) >= int(a) if most in ("max_length", "le") else int(b) <= int(a) for (most, a), (_, b) in pairs
        )
    return _parts(old) <= _parts(new)


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
            found[f"{'enum' if enum else 'model'} {node.name}"] = Item(_options(node))
            found |= _values(node) if enum else _fields(node)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            found |= _alias(node)
    return found


def _alias(node: ast.AnnAssign) -> Surface:
    name = ast.unparse(node.target)
    return {} if name.endswith(LIKE) or node.value is None else {f"type {name}": Item(ast.unparse(node.value))}


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


def _options(node: ast.ClassDef) -> str:
    """What a model says beside its fields: how it is tagged, whether it is closed, which fields exclude each other."""
    options = [f"{option.arg}={ast.unparse(option.value)}" for option in node.keywords if option.arg in _OPTIONS]
    methods = [ast.unparse(method) for method in node.body if isinstance(method, ast.FunctionDef)]
    return " ".join(options + re.findall(r"at most one of .*? may be given", " ".join(methods)))


def _constructors(path: Path) -> Surface:
    found: Surface = {}
    for node in _body(path):
        if isinstance(node, ast.ClassDef):
            fields = [ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign)]
            others = [ast.unparse(other.targets[0]) for other in node.body if isinstance(other, ast.Assign)]
            others += [method.name for method in node.body if isinstance(method, ast.FunctionDef)]
            found[f"constructor {node.name}"] = Item(", ".join(fields))
            found |= {f"name {node.name}.{other}": Item() for other in others}
    return found


def _address(operation: Path) -> str:
    return " ".join(re.findall(r'"(?:method|url)": "(.*?)"', operation.read_text()))


def _constants(path: Path) -> Surface:
    assigned = [node for node in _body(path) if isinstance(node, ast.AnnAssign) and node.value is not None]
    return {f"constant {ast.unparse(node.target)}": Item(ast.unparse(node.value)) for node in assigned if node.value}


def _body(path: Path) -> list[ast.stmt]:
    """The statements of a module, as a type checker reads it: of an `if TYPE_CHECKING` what stands in it."""
    body = ast.parse(path.read_text()).body if path.exists() else []
    return [inner for node in body for inner in (node.body if isinstance(node, ast.If) else [node])]
