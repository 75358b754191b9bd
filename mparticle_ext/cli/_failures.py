"""What could not be delivered: its lines in the file of `--failed`, which `validate` and `upload` read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ._exits import LocalError, RefusedError


class Failure(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A batch that was not delivered.

    Attributes:
        reasons: Why.
        outcome: `invalid` where it was never sent, else what became of it: `refused`, `not taken` or `unknown`.
        file: The file it came from.
        line: Its line there.
        index: Where it stood in all that was given, from 0.
        text: How it begins, where it is no JSON.
        batch: The batch itself, to be mended and uploaded from here.
    """

    reasons: list[str]
    outcome: str
    file: str
    line: int
    index: int
    text: str | UnsetType = UNSET
    batch: Raw | UnsetType = UNSET


class FailedFile:
    """The file of `--failed`.

    Attributes:
        path: Where it is.
        before: How many lines a run before left in it.
    """

    def __init__(self, path: Path, keeps: Callable[[Failure], bool] | None) -> None:
        """Begin it; or go on with what a run before wrote, of which `keeps` says what stays.

        Raises:
            RefusedError: Something is there already.
            LocalError: It cannot be written.
        """
        self.path = path
        self._new = False
        self.before = 0
        try:
            if keeps is not None and path.is_file():
                stay = [line for line in path.read_bytes().splitlines(keepends=True) if _stays(line, keeps)]
                self.before = len(stay)
                _replace(path, stay)
            elif path.is_file() and path.stat().st_size:
                raise RefusedError(f"{path} is there already: move it away, or give --failed another name")
            self._file = path.open("ab")
        except OSError as error:
            raise LocalError(path, error) from None

    def write(self, failure: Failure) -> None:
        """Add a line; on the disk with the next `flush`.

        Raises:
            LocalError: It cannot be written.
        """
        self._new = True
        try:
            self._file.write(msgspec.json.encode(failure) + b"\n")
        except OSError as error:
            raise LocalError(self.path, error) from None

    def flush(self) -> None:
        """Bring what was added to the disk.

        Raises:
            LocalError: It cannot be written.
        """
        if not self._new:
            return
        try:
            self._file.flush()
            if self.path.is_file():
                os.fsync(self._file.fileno())  # the journal must not say more than this
        except OSError as error:
            raise LocalError(self.path, error) from None
        self._new = False

    def close(self) -> None:
        """Close it, and remove it where there is nothing in it."""
        try:
            self._file.close()
        except OSError:
            return  # what it could not write, flush has said
        if self.path.is_file() and not self.path.stat().st_size:
            self.path.unlink()


def _replace(path: Path, lines: list[bytes]) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(b"".join(lines))
    beside.replace(path)


def _stays(line: bytes, keeps: Callable[[Failure], bool]) -> bool:
    try:
        return keeps(msgspec.json.decode(line, type=Failure))
    except msgspec.DecodeError:
        return line.endswith(b"\n")  # someone else's; or cut by a kill, and so not settled
