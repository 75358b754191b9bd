"""The lines of a file, or of the files of a folder, that a type checker refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from common import ROOT


def errors_of_mypy(file: Path) -> set[int]:
    command = [sys.executable, "-m", "mypy", "--strict", "--output", "json", str(file)]
    beside = {} if file.is_relative_to(ROOT) else {"MYPYPATH": str(file.parent)}  # what it imports from its own folder
    environ = {**os.environ, **beside}
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environ).stdout
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return {line["line"] for line in lines if line["severity"] == "error" and file.name in line["file"]}


def errors_of_pyright(file: Path) -> set[int]:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(file)]
    folder = ROOT if file.is_relative_to(ROOT) else file.parent
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    found = json.loads(said)["generalDiagnostics"]
    return {one["range"]["start"]["line"] + 1 for one in found if one["severity"] == "error"}
