"""A page for each program in docs/recipes/, which shows it whole."""

from __future__ import annotations

import ast
from pathlib import Path

from .markdown import Pages, fenced, page
from .tables import DocumentationError


def recipe_pages(folder: Path) -> Pages:
    """The Markdown of the pages, by their path in the site."""
    files = sorted(folder.glob("*.py")) if folder.exists() else []
    return {f"/recipes/{file.stem.replace('_', '-')}.md": _page(file) for file in files}


def _page(file: Path) -> str:
    source = file.read_text()
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree)
    if docstring is None:
        raise DocumentationError(f"docs/recipes/{file.name}: begins with no docstring: give it a title line and a text")
    title, _, text = docstring.partition("\n")
    code = "\n".join(source.splitlines()[tree.body[0].end_lineno :]).strip()
    return page(title.rstrip("."), text.strip(), fenced("python", code, file.name))
