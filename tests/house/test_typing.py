"""Users' code under the two type checkers: what is right passes, and each line marked WRONG is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from common import CODE, write_shop_plan
from type_checkers import errors_of_mypy, errors_of_pyright

HERE = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("file", ["right.py", "test_user.py"])
@pytest.mark.parametrize("errors_of", [errors_of_mypy, errors_of_pyright])
def test_right_use_passes(errors_of: Callable[[Path], set[int]], file: str) -> None:
    assert errors_of(HERE / "typing" / file) == set()


@pytest.mark.parametrize("errors_of", [errors_of_mypy, errors_of_pyright])
def test_the_code_of_the_readme_and_the_documentation_passes(
    errors_of: Callable[[Path], set[int]], tmp_path: Path
) -> None:
    write_shop_plan(tmp_path)
    programs = tmp_path / "programs"
    programs.mkdir()
    for page, blocks in CODE.items():
        name = re.sub(r"\W", "_", page)
        (programs / f"{name}.py").write_text("# pyright: strict\n" + "\n".join(blocks))
    assert errors_of(programs) == set()


@pytest.mark.parametrize("errors_of", [errors_of_mypy, errors_of_pyright])
def test_wrong_use_is_refused_line_by_line(errors_of: Callable[[Path], set[int]]) -> None:
    file = HERE / "typing" / "wrong.py"
    marked = {number for number, line in enumerate(file.read_text().splitlines(), 1) if "# WRONG" in line}
    assert errors_of(file) == marked
