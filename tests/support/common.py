"""The paths of the repository, the Python code of the README and the documentation, and waiting in tests."""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_PYTHON = re.compile(r"^```python.*?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCKS = {str(page.relative_to(ROOT)): _PYTHON.findall(page.read_text()) for page in _WRITTEN}
SPARK_BLOCKS = _BLOCKS.pop("docs/guide/spark.md")  # a program of their own
CODE = {page: blocks for page, blocks in _BLOCKS.items() if blocks}
"""The Python blocks of the README and of each other written page."""
_COVERAGE = "COVERAGE_PROCESS_CONFIG"  # lets coverage measure a process
MEASURED = os.environ.get(_COVERAGE, "")
if "PYTEST_XDIST_WORKER" in os.environ:  # the controller must pass it on to the workers
    os.environ.pop(_COVERAGE, None)  # of the processes that a worker starts, only the command is measured


def write_shop_plan(folder: Path) -> None:
    """Write the data plan that a page shows, and the module `shop_plan` of it, which the page imports."""
    from mparticle_ext.plan.document import read_document
    from mparticle_ext.plan.generate import generate

    page = (ROOT / "docs" / "guide" / "data-plans.md").read_text()
    file = folder / "plan.json"
    file.write_text(page.partition("```json\n")[2].partition("```")[0])
    (folder / "shop_plan.py").write_text(generate(read_document(file))[0])


@contextmanager
def shared_folder(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all processes of this run of pytest share. One of them at a time executes the block."""
    own = factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition is true."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "the condition did not become true in time"
        pause.wait(0.01)
