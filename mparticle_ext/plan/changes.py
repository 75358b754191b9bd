"""Compares the signatures of two versions of a generated module."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def describe_changes(old: str, new: str) -> str:
    """One line for each change. Breaking changes are first and marked."""
    changes = [*_changes(_hints(old), _hints(new))]
    if not changes:
        return "No signature changed."
    breaking = sorted(f"  BREAKS  {line}" for line, breaks in changes if breaks)
    compatible = sorted(f"          {line}" for line, breaks in changes if not breaks)
    count = f"{len(changes):,} {'change' if len(changes) == 1 else 'changes'}"
    return "\n".join([f"{count} for users, {len(breaking):,} BREAKING:", *breaking, *compatible])


def _changes(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """The line of each change, and whether it is breaking. A function that only one version has is one change."""
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new or not all(name.partition("(")[0] in hints for hints in (before, after) if "(" in name):
            continue
        if old is None or new is None:
            added = not old and ("(" not in name or "Unset" in str(new) or "**" in name)
            yield f"{'added' if new else 'removed'} {name}", not added
        elif old.removesuffix(" | UnsetType") == new:
            yield f"{name} is now required", True
        else:
            yield f"{name}: {old} -> {new}", not _accepts(new, old)


def _hints(code: str) -> dict[str, str]:
    """The hint of each function and parameter of a module: `signed_up`, `signed_up(method)`."""
    found: dict[str, str] = {}
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError):  # such as a file with the marks of a merge conflict
        return found
    for node in body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            rest = [ast.arg(f"**{node.args.kwarg.arg}", node.args.kwarg.annotation)] if node.args.kwarg else []
            named = {one.arg: one.annotation for one in (*node.args.args, *node.args.kwonlyargs, *rest)}
            found |= {f"{node.name}({name})": ast.unparse(hint) for name, hint in named.items() if hint}
            found[node.name] = ast.unparse(node.returns or node)
    return found


def _accepts(new: str, old: str) -> bool:
    """Whether each branch of the old union is also in the new one, or in a type of it."""
    accepted = {branch for branch, _ in _branches(ast.parse(new, mode="eval").body)}
    return all({"Any", *branch} & accepted for branch in _branches(ast.parse(old, mode="eval").body))


def _branches(hint: ast.expr) -> Iterator[tuple[str, str]]:
    """The branches of a union, each with a wider type."""
    if isinstance(hint, ast.BinOp):
        yield from (*_branches(hint.left), *_branches(hint.right))
    elif isinstance(hint, ast.Subscript) and ast.unparse(hint.value) == "Literal":
        for value in hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]:
            yield ast.unparse(value), type(ast.literal_eval(value)).__name__
    else:
        yield ast.unparse(hint), "float" if ast.unparse(hint) == "int" else "Any"
