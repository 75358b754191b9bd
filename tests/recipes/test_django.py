"""Django under gunicorn: a rolled-back transaction sends nothing, and the API works after the fork of --preload."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from processes import Running, listening, post, python

from mparticle_ext import ProfileEvent
from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """The environment of the application, with a database that has the plan `free`."""
    file = tmp_path / "db.sqlite3"
    variables = {**sandbox.environ, "DJANGO_SECRET_KEY": "of a test", "DJANGO_DATABASE": str(file)}
    with python("django_app.py", "migrate", environ=variables) as migration:
        output = migration.wait()
        assert migration.process.returncode == 0, output
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("INSERT INTO auth_group (name) VALUES ('free')")
    return variables


@contextmanager
def served(environ: dict[str, str], workers: int) -> Iterator[tuple[str, Running]]:
    with listening() as (fd, url):
        options = ("--preload", "--workers", str(workers), "--bind", f"fd://{fd}", "--no-control-socket")
        with python("-m", "gunicorn", *options, "django_app:application", fds=[fd], environ=environ) as server:
            yield url, server


def sign_up(url: str, name: str, plan: str) -> int:
    return post(f"{url}/sign-up", f"name={name}&plan={plan}".encode(), "application/x-www-form-urlencoded")


def test_what_is_committed_is_sent_once_and_what_is_rolled_back_is_not(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    sandbox.fail(503, times=4, retry_after=1)  # so that some are in flight at SIGTERM
    with served(environ, workers=2) as (url, server):
        statuses = [sign_up(url, f"user{number}", "free" if number % 3 else "unknown") for number in range(12)]
        output = server.terminate()
    assert server.process.returncode == 0, output
    assert statuses == [201 if number % 3 else 404 for number in range(12)], output
    with closing(sqlite3.connect(environ["DJANGO_DATABASE"])) as database:
        saved = [f"sign-up-{key}" for (key,) in database.execute("SELECT id FROM auth_user")]
    assert len(saved) == 8
    assert sorted(str(batch.source_request_id) for batch in sandbox.batches) == sorted(saved), output
    assert not sandbox.dropped
    assert len(sandbox.events(ProfileEvent)) == 8


def test_a_loss_is_logged(sandbox: Sandbox, environ: dict[str, str]) -> None:
    sandbox.fail(403)
    with served(environ, workers=1) as (url, server):
        assert sign_up(url, "ada", "free") == 201
        output = server.terminate()
    assert "the sign-up of user 1 is not delivered: 403" in output.replace("HTTP 403", "403"), output
