"""The project's own virtual environments: one for each need, made at first use, found again after that.

Only the standard library is used here, so that each script runs on a machine that has nothing but Python.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = {"generate": ROOT / "scripts" / "generate.constraints"}


def python_of(group: str) -> Path:
    """The interpreter of the environment for a dependency group, made where it is missing or out of date."""
    home = ROOT / ".venv" / f"{group}-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = _arguments(group)
    stamp = home / "installed"
    fingerprint = _fingerprint(group, wanted)
    if not (python.exists() and stamp.exists() and stamp.read_text() == fingerprint):
        print(f"Making the environment {home.relative_to(ROOT)}, once ...", flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        done = subprocess.run(pip, cwd=ROOT, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"pip could not install what {group!r} needs:\n{done.stderr}")
        stamp.write_text(fingerprint)
    return python


def run_in(group: str, script: str) -> None:
    """Run a script of this folder in the environment for a group, with our arguments, and exit as it does."""
    command = [str(python_of(group)), str(ROOT / "scripts" / script), *sys.argv[1:]]
    sys.exit(subprocess.run(command, check=False).returncode)


def _arguments(group: str) -> list[str]:
    groups: dict[str, list[str]] = _project()["dependency-groups"]
    itself = {"generate": [], "benchmark": ["--editable", "."]}.get(group, ["--editable", ".[sandbox,cli]"])
    constraints = ["--constraint", str(CONSTRAINTS[group])] if group in CONSTRAINTS else []
    return [*itself, *groups.get(group, []), *constraints]


def _fingerprint(group: str, arguments: list[str]) -> str:
    """What an environment is made from; another one is made where this changes."""
    project = _project()
    built_from = [] if group == "generate" else [project["project"], project["tool"]["hatch"]]
    pinned = CONSTRAINTS[group].read_text() if group in CONSTRAINTS else ""
    return hashlib.sha256(repr([sys.version, str(ROOT), arguments, built_from, pinned]).encode()).hexdigest()


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
