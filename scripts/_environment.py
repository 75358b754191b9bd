"""Virtual environments for the scripts: one for each dependency group, created at first use.

This module needs only the standard library, so the scripts run with a plain Python.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
CONSTRAINTS = {"generate": SCRIPTS / "generate.constraints"}


def python_of(group: str) -> Path:
    """The interpreter of a group's environment. Create the environment if it is missing or out of date."""
    home = ROOT / ".venv" / f"{group}-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    requirements = _requirements(group)
    stamp = home / "installed"
    fingerprint = _fingerprint(group, requirements)
    with _only_process(home.with_name(f"{home.name}.lock")):
        if not (python.exists() and stamp.exists() and stamp.read_text() == fingerprint):
            print(f"Creating the environment {home.relative_to(ROOT)} ...", flush=True)
            venv.create(home, with_pip=True, clear=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
            done = subprocess.run(pip, cwd=ROOT, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"pip could not install the dependency group {group!r}:\n{done.stderr}")
            stamp.write_text(fingerprint)
    return python


@contextmanager
def _only_process(lock: Path) -> Iterator[None]:
    """Wait until no other process is in this block, such as another worker of pytest."""
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        with suppress(ImportError):  # Windows
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_in(group: str, *arguments: str, **variables: str) -> None:
    """Run Python in a group's environment with these and our own arguments, and exit with its exit code."""
    command = [str(python_of(group)), *arguments, *sys.argv[1:]]
    sys.exit(subprocess.run(command, env={**os.environ, **variables}, check=False).returncode)


def _requirements(group: str) -> list[str]:
    groups: dict[str, list[str]] = _project()["dependency-groups"]
    this_project = {"generate": [], "release": [], "benchmark": ["--editable", "."]}.get(
        group, ["--editable", ".[sandbox,cli,plan]"]
    )
    constraints = ["--constraint", str(CONSTRAINTS[group])] if group in CONSTRAINTS else []
    return [*this_project, *groups.get(group, []), *constraints]


def _fingerprint(group: str, requirements: list[str]) -> str:
    """A hash of everything that an environment depends on."""
    project = _project()
    metadata = [] if group in ("generate", "release") else [project["project"], project["tool"]["hatch"]]
    constraints = CONSTRAINTS[group].read_text() if group in CONSTRAINTS else ""
    return hashlib.sha256(repr([sys.version, str(ROOT), requirements, metadata, constraints]).encode()).hexdigest()


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
