"""Compare two folders, replace one by another, and read one from a git commit."""

from __future__ import annotations

import difflib
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path


def diff_folders(old: Path, new: Path) -> str:
    """A unified diff of two folders, empty if they are equal."""
    names = sorted({*_files(old), *_files(new)})
    return "".join(
        line
        for name in names
        for line in difflib.unified_diff(
            _lines(old / name), _lines(new / name), f"{name} (committed)", f"{name} (from the spec)"
        )
    )


def replace_folder(target: Path, new: Path) -> None:
    """Replace a folder by a copy of another one. If that fails, the target stays as it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy = target.with_name(f".{target.name}.new")
    backup = target.with_name(f".{target.name}.old")
    for leftover in (copy, backup):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(new, copy)
    if target.exists():
        target.rename(backup)
    try:
        copy.rename(target)
    except OSError:
        if backup.exists():
            backup.rename(target)
        raise
    shutil.rmtree(backup, ignore_errors=True)


def extract_committed(folder: Path, into: Path) -> Path | None:
    """Extract a folder as the last git commit has it. None without git, or if the commit does not have it."""
    try:
        return extract_commit(folder.parent, "HEAD", into, folder.name) / folder.name
    except (OSError, subprocess.CalledProcessError):
        return None


def extract_commit(folder: Path, commit: str, into: Path, *names: str) -> Path:
    """Extract what a folder has in a git commit, or some names in it. Returns `into`."""
    command = ["git", "archive", commit, *names]
    archive = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(into, filter="data")
    return into


def _files(folder: Path) -> list[str]:
    paths = folder.rglob("*") if folder.exists() else ()
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True) if path.exists() else []
