"""The pytest fixture of the package, in a user's test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

USER = """
from mparticle_ext import Batch, Configuration, EventsApi


def test_upload(mparticle_sandbox):
    with EventsApi(mparticle_sandbox.configuration) as api:
        api.upload_events(Batch("development"))
    (batch,) = mparticle_sandbox.wait_for(1)
    assert batch.environment == "development"


def test_upload_by_environment(mparticle_sandbox, monkeypatch):
    for name, value in mparticle_sandbox.environ.items():
        monkeypatch.setenv(name, value)
    with EventsApi(Configuration.from_env()) as api:
        api.upload_events(Batch("development"))
    assert len(mparticle_sandbox.wait_for(1)) == 1


def test_each_test_has_its_own_sandbox(mparticle_sandbox):
    assert not mparticle_sandbox.batches
"""

UNUSED = """
import sys


def test_nothing_is_loaded():
    assert "mparticle_ext._pytest_plugin" in sys.modules
    assert not {"starlette", "uvicorn", "httpx", "mparticle_ext.sandbox"} & sys.modules.keys()
"""


def run_pytest(folder: Path, program: str, *arguments: str) -> str:
    """Run pytest with warnings as errors, and return its output."""
    (folder / "test_user.py").write_text(program)
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "mparticle", "-W", "error", *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins load httpx
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_fixture_needs_no_setup(tmp_path: Path) -> None:
    assert "3 passed" in run_pytest(tmp_path, USER)


def test_an_unused_fixture_loads_nothing(tmp_path: Path) -> None:
    assert "1 passed" in run_pytest(tmp_path, UNUSED)


def test_the_fixture_is_listed_with_its_source(tmp_path: Path) -> None:
    (line,) = [
        line for line in run_pytest(tmp_path, USER, "--fixtures").splitlines() if line.startswith("mparticle_sandbox")
    ]
    assert "_pytest_plugin.py" in line


def test_the_fixture_in_this_process(mparticle_sandbox: object, request: pytest.FixtureRequest) -> None:
    assert type(mparticle_sandbox).__name__ == "Sandbox"
