"""The form of the recipes: each one says what it shows, how it is run, and what can go wrong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from common import ROOT
from processes import RECIPES

PROGRAMS = [file for file in sorted(RECIPES.rglob("*.py")) if not file.name.startswith("test_")]


@pytest.mark.parametrize("file", PROGRAMS, ids=[file.stem for file in PROGRAMS])
def test_a_recipe_begins_with_its_title_its_pitfall_and_its_command(file: Path) -> None:
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    title, empty, *rest = text.splitlines()
    assert ": " in title
    assert not empty
    assert "Pitfall: " in " ".join(rest)
    assert "    pip install " in text


@pytest.mark.parametrize("file", PROGRAMS, ids=[file.stem for file in PROGRAMS])
def test_a_test_runs_it(file: Path) -> None:
    name = file.stem if file.parent == RECIPES else file.parent.name
    assert any(f'"{name}' in test.read_text() for test in Path(__file__).parent.glob("test_*.py"))


def test_the_readme_links_to_each_recipe() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [file.name for file in RECIPES.iterdir() if f"(docs/recipes/{file.name}" not in readme]
    assert [name for name in missing if name != "__pycache__"] == []
