"""Two folders: how they differ, and how one takes the other's place."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path


def differences(old: Path, new: Path) -> str:
    """A unified diff of two folders; empty where they are the same, byte for byte."""
    names = sorted({*_files(old), *_files(new)})
    return "".join(_diff(name, _lines(old / name), _lines(new / name)) for name in names)


def swap(new: Path, target: Path) -> None:
    """Put a finished folder in the place of another; where that fails, the other stays as it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    aside = target.with_name(f".{target.name}.old")
    for leftover in (beside, aside):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(new, beside)
    if target.exists():
        target.rename(aside)
    try:
        beside.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _files(folder: Path) -> list[str]:
    paths = folder.rglob("*") if folder.exists() else ()
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True) if path.exists() else []


def _diff(name: str, old: list[str], new: list[str]) -> str:
    return "".join(difflib.unified_diff(old, new, f"{name} (in the tree)", f"{name} (from the spec)"))
