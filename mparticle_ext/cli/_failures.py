"""What could not be delivered: its lines in the file of `--failed`, which `validate` and `upload` read again."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ._exits import RefusedError, writing
from ._files import replace
from ._ranges import Ranges


class Failure(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A batch that was not delivered.

    Attributes:
        reasons: Why.
        outcome: `invalid` where it was never sent, else what became of it: `refused`, `not taken` or `unknown`.
        file: The file it came from.
        line: Its line there.
        index: Where it stood in all that was given, from 0.
        run: What the ids of its upload are made with, by which a later run knows its lines.
        text: How it begins, where it is no JSON.
        batch: The batch itself, to be mended and uploaded from here.
    """

    reasons: list[str]
    outcome: str
    file: str
    line: int
    index: int
    run: str = ""
    text: str | UnsetType = UNSET
    batch: Raw | UnsetType = UNSET


class FailedFile:
    """The file of `--failed`.

    Attributes:
        path: Where it is.
        before: How many lines a run before left in it.
    """

    def __init__(self, path: Path, run: str, settled: Ranges | None) -> None:
        """Begin it; or with what the same run has `settled` before, go on: only the lines of that stay, and others'.

        Raises:
            RefusedError: Something is there already.
            LocalError: It cannot be written.
        """
        self.path = path
        self._run = run
        self._new = False
        self.before = 0
        with writing(path):
            if settled is not None and path.is_file():
                self._go_on(settled)
            elif path.is_file() and path.stat().st_size:
                raise RefusedError(f"{path} is there already: move it away, or give --failed another name")
            self._file = path.open("ab")

    def _go_on(self, settled: Ranges) -> None:
        stay = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            failure = failure_in(line)
            if _stays(line, failure, self._run, settled):
                stay.append(line if line.endswith(b"\n") else line + b"\n")
                self.before += failure is None or failure.run == self._run
        replace(self.path, b"".join(stay))

    def write(self, failure: Failure) -> None:
        """Add a line; on the disk with the next `flush`.

        Raises:
            LocalError: It cannot be written.
        """
        self._new = True
        failure.run = self._run
        with writing(self.path):
            self._file.write(msgspec.json.encode(failure) + b"\n")

    def flush(self) -> None:
        """Bring what was added to the disk.

        Raises:
            LocalError: It cannot be written.
        """
        if not self._new:
            return
        with writing(self.path):
            self._file.flush()
            if self.path.is_file():
                os.fsync(self._file.fileno())  # the journal must not say more than this
        self._new = False

    def close(self) -> None:
        """Close it, and remove it where there is nothing in it."""
        try:
            self._file.close()
        except OSError:
            return  # what it could not write, flush has said
        if self.path.is_file() and not self.path.stat().st_size:
            self.path.unlink()


def failure_in(document: bytes) -> Failure | None:
    """What a line of `upload --failed` holds; None where it is something else."""
    try:
        return msgspec.json.decode(document, type=Failure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _stays(line: bytes, failure: Failure | None, run: str, settled: Ranges) -> bool:
    if failure is None:
        return line.endswith(b"\n")  # someone else's; or cut by a kill, and so not settled
    return failure.run != run or failure.index in settled
