"""Compare two versions of the generated package as users see them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from .spec import LIKE


@dataclass(frozen=True)
class Item:
    """A public name of the package. `detail` is what users rely on in addition to the name, such as a type."""

    detail: str = ""
    required: bool = False


Surface = dict[str, Item]
BREAKS = "  BREAKS  "  # begins the line of a breaking change
_OPTIONS = ("tag", "tag_field", "forbid_unknown_fields")
_LIMIT = re.compile(r"(max_length|min_length|le|ge)=(-?\d+)")
_LONG = 80  # characters; of a longer union only the changed branches are printed


def read_surface(package: Path) -> Surface:
    """The public names of a package: `model Batch`, `field Batch.events`, `operation upload_events`, ..."""
    return {
        **_models(package / "models.py"),
        **_constructors(package / "constructors.py"),
        **{f"operation {path.stem}": Item(_address(path)) for path in (package / "api").rglob("[!_]*.py")},
        **_constants(package / "service.py"),
    }


def describe_changes(old: Surface, new: Surface, since: str) -> str:
    """One line for each change. Breaking changes are first and marked."""
    if not old:
        return f"New: {len(new)} models, fields, enum values and operations."
    changes = [
        *((f"removed {name}", True) for name in _only_in(old, new)),
        *((f"added {name}", new[name].required) for name in _only_in(new, old)),
        *(_change(name, old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]),
    ]
    if not changes:
        return f"Nothing changed for users since the {since}."
    breaking = sorted(f"{BREAKS}{line}" for line, breaks in changes if breaks)
    compatible = sorted(f"          {line}" for line, breaks in changes if not breaks)
    count = f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}"
    title = f"{count} for users since the {since}, {len(breaking)} BREAKING:"
    return "\n".join([title, *breaking, *compatible])


def _change(name: str, old: Item, new: Item) -> tuple[str, bool]:
    """The line for a changed item, and whether the change is breaking."""
    if old.required != new.required:
        return f"{name} is now {'required' if new.required else 'optional'}", new.required
    if name.startswith("constructor"):
        before, after = ([name for name in item.detail.split(", ") if name] for item in (old, new))
        line = f"{name}: positional arguments: {old.detail or 'none'} -> {new.detail or 'none'}"
        return line, after[: len(before)] != before
    return f"{name}: {_difference(old.detail, new.detail)}", not _is_wider(old.detail, new.detail)


def _difference(old: str, new: str) -> str:
    """Both types, or the changed branches of two long unions."""
    before, after = _branches(old), _branches(new)
    if len(old) < _LONG or not before & after:
        return f"{old or 'nothing'} -> {new or 'nothing'}"
    removed, added = sorted(before - after), sorted(after - before)
    return " ".join([*(f"- {part}" for part in removed), *(f"+ {part}" for part in added)])


def _is_wider(old: str, new: str) -> bool:
    """Whether every valid value stays valid: a union with more branches, or the same type with looser limits."""
    if old != new and _LIMIT.sub(r"\1", old) == _LIMIT.sub(r"\1", new):
        pairs = zip(_LIMIT.findall(old), _LIMIT.findall(new), strict=True)
        return all(
            int(after) >= int(before) if limit in ("max_length", "le") else int(after) <= int(before)
            for (limit, before), (_, after) in pairs
        )
    return _branches(old) <= _branches(new)


def _branches(union: str) -> set[str]:
    return set(union.split(" | "))


def _only_in(one: Surface, other: Surface) -> list[str]:
    """The names that only one surface has. Of a class that only one has, its fields are left out."""
    names = one.keys() - other.keys()
    classes = {name.partition(" ")[2] for name in names if name.startswith(("model ", "enum ", "constructor "))}
    return [name for name in names if name.rpartition(" ")[2].partition(".")[0] not in classes or "." not in name]


def _models(path: Path) -> Surface:
    found: Surface = {}
    for node in _statements(path):
        if isinstance(node, ast.ClassDef):
            is_enum = any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases)
            found[f"{'enum' if is_enum else 'model'} {node.name}"] = Item(_options(node))
            found |= _enum_values(node) if is_enum else _fields(node)
        elif isinstance(node, ast.AnnAssign) and node.value and not ast.unparse(node.target).endswith(LIKE):
            found[f"type {ast.unparse(node.target)}"] = Item(ast.unparse(node.value))
    return found


def _fields(node: ast.ClassDef) -> Surface:
    return {
        f"field {node.name}.{ast.unparse(field.target)}": Item(ast.unparse(field.annotation), field.value is None)
        for field in node.body
        if isinstance(field, ast.AnnAssign)
    }


def _enum_values(node: ast.ClassDef) -> Surface:
    assigned = [line for line in node.body if isinstance(line, ast.Assign)]
    return {f"enum value {node.name}.{ast.unparse(one.targets[0])}": Item(ast.unparse(one.value)) for one in assigned}


def _options(node: ast.ClassDef) -> str:
    """The options of a model: its tag, whether it is closed, and which of its fields exclude each other."""
    options = [f"{option.arg}={ast.unparse(option.value)}" for option in node.keywords if option.arg in _OPTIONS]
    methods = [ast.unparse(method) for method in node.body if isinstance(method, ast.FunctionDef)]
    return " ".join(options + re.findall(r"exactly one of .*? must be given", " ".join(methods)))


def _constructors(path: Path) -> Surface:
    found: Surface = {}
    for node in _statements(path):
        if isinstance(node, ast.ClassDef):
            fields = [ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign)]
            names = [ast.unparse(enum.targets[0]) for enum in node.body if isinstance(enum, ast.Assign)]
            names += [alias.name for alias in node.body if isinstance(alias, ast.FunctionDef)]
            found[f"constructor {node.name}"] = Item(", ".join(fields))
            found |= {f"name {node.name}.{name}": Item() for name in names}
    return found


def _address(operation: Path) -> str:
    return " ".join(re.findall(r'"(?:method|url)": "(.*?)"', operation.read_text()))


def _constants(path: Path) -> Surface:
    assigned = [node for node in _statements(path) if isinstance(node, ast.AnnAssign)]
    return {f"constant {ast.unparse(node.target)}": Item(ast.unparse(node.value)) for node in assigned if node.value}


def _statements(path: Path) -> list[ast.stmt]:
    """The statements of a module as a type checker sees them, with the body of `if TYPE_CHECKING`."""
    body = ast.parse(path.read_text()).body if path.exists() else []
    return [inner for node in body for inner in (node.body if isinstance(node, ast.If) else [node])]
