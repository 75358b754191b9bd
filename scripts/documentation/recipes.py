"""A page for each recipe in docs/recipes/, a program or a folder of some, which shows it whole."""

from __future__ import annotations

import ast
from pathlib import Path

from .markdown import Pages, fenced, page, table
from .tables import DocumentationError


def recipe_pages(folder: Path) -> Pages:
    """A list of the recipes, and a page of each. Empty if there are none."""
    recipes = [files for entry in sorted(folder.glob("*")) if (files := _files(entry))]
    if not recipes:
        return {}
    names = [_name(files, folder) for files in recipes]
    rows = [(f"[{_title(files[0])}](/recipes/{name}.md)",) for name, files in zip(names, recipes, strict=True)]
    pages = {f"/recipes/{name}.md": _page(files) for name, files in zip(names, recipes, strict=True)}
    about = "Small programs to start from. A test runs each of them with the real server, worker or runtime."
    return {"/recipes/index.md": page("All recipes", about, table(["recipe"], rows)), **pages}


def _files(entry: Path) -> list[Path]:
    """The program, or those of a folder: its tests come last."""
    files = [entry] if entry.suffix == ".py" else entry.glob("*.py")
    return sorted(files, key=lambda file: (file.name.startswith("test_"), file.name))


def _name(files: list[Path], folder: Path) -> str:
    return files[0].relative_to(folder).parts[0].removesuffix(".py").replace("_", "-")


def _title(file: Path) -> str:
    return _docstring(file).partition("\n")[0].rstrip(".")


def _page(files: list[Path]) -> str:
    text = _docstring(files[0]).partition("\n")[2].strip()
    return page(_title(files[0]), text, *(fenced("python", _code(file), file.name) for file in files))


def _docstring(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text()))
    if docstring is None:
        raise DocumentationError(f"{file}: begins with no docstring: give it a title line and a text")
    return docstring


def _code(file: Path) -> str:
    """The source without its docstring."""
    source = file.read_text()
    return "\n".join(source.splitlines()[ast.parse(source).body[0].end_lineno :]).strip()
