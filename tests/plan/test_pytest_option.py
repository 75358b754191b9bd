"""`pytest --mparticle-data-plan`: a test that sends what is not planned fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from plans import CONTAINERS, SHOP, write

USER = """
import pytest
from mparticle_ext import AppEvent, Batch, EventsApi


def send(sandbox, *names):
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("development", events=[AppEvent("other", name) for name in names]))


@pytest.fixture
def api(mparticle_sandbox):
    return mparticle_sandbox


def test_planned(mparticle_sandbox):
    send(mparticle_sandbox, "Hello World")


def test_unplanned(mparticle_sandbox):
    send(mparticle_sandbox, "Hello World", "Helo World")


def test_unplanned_by_another_fixture(api):
    send(api, *map(str, range(30)))


def test_without_a_sandbox():
    pass


def test_failed_by_itself(mparticle_sandbox):
    send(mparticle_sandbox, "Helo World")
    raise ValueError("its own")
"""


def run_pytest(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    (folder / "test_user.py").write_text(USER)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mparticle", "-W", "error", *map(str, arguments)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_test_that_sends_what_is_not_planned_fails(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, "--mparticle-data-plan", SHOP)
    assert code == 1
    assert "3 failed, 2 passed" in output
    assert "events[1]: custom_event 'Helo World' of type other is not planned: did you mean 'Hello World'?" in output
    assert "and 10 more" in output
    assert "ValueError: its own" in output


def test_without_the_option_nothing_is_checked(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path)
    assert code == 1
    assert "1 failed, 4 passed" in output


def test_a_plan_that_cannot_be_loaded_is_a_usage_error(tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.json", CONTAINERS["a whole plan"])
    code, output = run_pytest(tmp_path, "--mparticle-data-plan", plan)
    assert code == 4
    assert f"ERROR: --mparticle-data-plan: {plan}: has 2 versions (1, 2): " in output
    code, output = run_pytest(tmp_path, "--mparticle-data-plan", "none.json")
    assert code == 4
    assert "ERROR: --mparticle-data-plan: [Errno 2] No such file or directory: 'none.json'" in output
