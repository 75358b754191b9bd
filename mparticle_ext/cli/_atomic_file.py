"""Files that are locked by one process, and replaced as a whole: a kill leaves the old content or the new one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from ._exit import UsageError

if sys.platform != "win32":  # where an open file cannot be replaced: it is not kept open and locked
    import fcntl


def open_locked(path: Path) -> IO[bytes]:
    """Open a file, created if missing, and lock it until it is closed. A UsageError if another process has the lock."""
    while True:
        file = path.open("ab")
        _lock(file)
        with suppress(FileNotFoundError):
            if sys.platform == "win32" or os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # another process replaced or removed it before it was locked


def write_atomically(path: Path, lines: Iterable[bytes]) -> IO[bytes]:
    """Replace an existing file, which is not a symbolic link. Return the new one, open and locked."""
    number, name = tempfile.mkstemp(prefix=".mparticle-ext-", dir=path.parent)
    file = os.fdopen(number, "wb")
    try:
        shutil.copymode(path, name)
        file.writelines(lines)
        file.flush()
        os.fsync(number)
        _lock(file)  # before it has its name, so that no other process can lock it first
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            file.close()
        Path(name).unlink()
        raise
    return file


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        return file.close()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(f"{file.name} is in use by another upload: wait until that has ended") from None
    except OSError:
        pass  # the file system has no locks
