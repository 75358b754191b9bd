"""A user's project with tests of its own: they pass, and they find a mistake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from processes import RECIPES, python

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECIPES / "pytest_project", tmp_path / "project"))


def run_pytest(project: Path, *arguments: str, **environ: str) -> str:
    with python("-m", "pytest", "-q", *arguments, cwd=project, environ=environ) as tests:
        return tests.wait()


def test_the_tests_of_the_project_pass(project: Path) -> None:
    assert "5 passed" in run_pytest(project)


def test_the_tests_of_the_project_find_a_mistake(project: Path) -> None:
    shop = project / "shop.py"
    shop.write_text(shop.read_text().replace(", total_amount=total", ""))
    output = run_pytest(project, "-p", "mparticle", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")  # without the other plugins
    assert "1 failed, 4 passed" in output
    assert "test_an_order_arrives_with_its_total" in output
