"""Builds the documentation site, once in a run of the tests."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT

_SCRIPTS = ROOT / "scripts"


def build(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/docs."""
    command = [sys.executable, str(_SCRIPTS / "docs"), *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def built_site(factory: pytest.TempPathFactory, run: str) -> Path:
    """The folder of the site. The first worker that needs it builds it; the others wait."""
    workers = "PYTEST_XDIST_WORKER" in os.environ
    shared = factory.getbasetemp().parent if workers else factory.getbasetemp()
    folder = shared / f"docs-{run}"
    with (shared / f"docs-{run}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site" / "llms.txt").exists():
            done = build("--output", str(folder))
            assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"
