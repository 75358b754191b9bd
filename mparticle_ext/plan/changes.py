"""Compares the signatures of two versions of a generated module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress


def describe_changes(old: str, new: str) -> str:
    """One line for each change. Breaking changes are first and marked."""
    changes = sorted(_changes(_hints(old), _hints(new)))
    if not changes:
        return "No signature changed."
    breaking = [is_compatible for is_compatible, _ in changes].count(False)
    count = f"{len(changes):,} {'change' if len(changes) == 1 else 'changes'} for users, {breaking:,} BREAKING:"
    return "\n".join([count, *(f"  {'' if is_compatible else 'BREAKS':6}  {line}" for is_compatible, line in changes)])


def _changes(before: dict[str, str], after: dict[str, str]) -> Iterator[tuple[bool, str]]:
    """Whether each change is compatible, and its line. A function that only one version has is one change."""
    for name in before.keys() | after.keys():
        old, new, function = before.get(name), after.get(name), name.partition("(")[0]
        if old == new or (function != name and not (function in before and function in after)):
            continue
        if old is None or new is None:
            is_optional = new is not None and (function == name or new.endswith(("UnsetType", "EventFields]")))
            yield is_optional, f"{'added' if new else 'removed'} {name}"
        elif old == f"{new} | UnsetType":
            yield False, f"{name} is now required"
        else:
            yield _accepts(new, old), f"{name}: {old} -> {new}"


def _hints(code: str) -> dict[str, str]:
    """The hint of each function and parameter of a module: `signed_up`, `signed_up(method)`."""
    found: dict[str, str] = {}
    with suppress(SyntaxError, ValueError):  # such as a file with the marks of a merge conflict
        for node in ast.parse(code).body:
            if isinstance(node, ast.FunctionDef) and node.returns and not node.name.startswith("_"):
                parameters = [*node.args.args, *node.args.kwonlyargs, *filter(None, [node.args.kwarg])]
                hints = {one.arg: one.annotation for one in parameters if one.annotation}
                found |= {f"{node.name}({name})": ast.unparse(hint) for name, hint in hints.items()}
                found[node.name] = ast.unparse(node.returns)
    return found


def _accepts(new: str, old: str) -> bool:
    """Whether each branch of the old union is also in the new one, or in a type of it."""
    accepted = _branches(ast.parse(new, mode="eval").body)
    return all({"Any", *branch} & accepted.keys() for branch in _branches(ast.parse(old, mode="eval").body).items())


def _branches(hint: ast.expr) -> dict[str, str]:
    """The branches of a union, each with a wider type."""
    if isinstance(hint, ast.BinOp):
        return _branches(hint.left) | _branches(hint.right)
    if isinstance(hint, ast.Subscript) and ast.unparse(hint.value) == "Literal":
        values = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
        return {ast.unparse(one): type(ast.literal_eval(one)).__name__ for one in values}
    return {ast.unparse(hint): "Any"}
