"""Files that a kill at any time leaves whole, and that no two processes write at once."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from io import FileIO
from pathlib import Path

from ._exits import RefusedError

try:
    import fcntl
except ImportError:  # Windows: two at once are not noticed there
    fcntl = None  # type: ignore[assignment]


def replace(path: Path, content: bytes) -> None:
    """Put a whole file in the place of one, for the same readers.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    path = path.resolve()  # a link stays one
    beside = path.with_name(f"{path.name}.new")
    try:
        with beside.open("wb") as file:
            shutil.copymode(path, beside)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def is_special(path: Path) -> bool:
    """Whether it is a device or a pipe, which cannot be replaced."""
    return path.exists() and not path.is_file()


def locked(path: Path) -> FileIO:
    """A file to be added to, by one process at a time: until it is closed, or its process ends, however it does.

    Raises:
        RefusedError: Another process has it.
        OSError: It cannot be written.
    """
    while True:
        file = path.open("ab", buffering=0)
        if is_special(path):
            return file
        _lock(file, path)
        if _is_still(file, path):
            return file
        file.close()


def _lock(file: FileIO, path: Path) -> None:
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise RefusedError(
            f"{path} is in use: another upload that runs now writes it; wait until it has ended"
        ) from None
    except OSError:
        pass  # a file system without locks


def _is_still(file: FileIO, path: Path) -> bool:
    """Whether it is at its path, and was not replaced or removed before it was locked."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
