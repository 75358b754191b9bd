"""The failed file: a line for each batch that was not delivered. `validate` and `upload` read it as input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ._atomic_file import open_locked, write_atomically
from ._exit import UsageError, writing

_FIRST_BYTES = b'{"reasons":'  # 11 of them


class Failure(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the failed file: a batch that was not delivered, and where it comes from."""

    reasons: list[str]
    outcome: str  # `invalid` if it was not sent; else `refused`, `not taken` or `unknown`
    file: str
    line: int
    index: int  # in all input, from 0
    run: str = ""  # the id of the upload: --resume removes only lines of the same upload
    text: str | UnsetType = UNSET  # the first bytes, if it is not JSON
    batch: Raw | UnsetType = UNSET


class FailedFile:
    """The failed file of an upload, open for writing. It has `kept` lines of an earlier run of the same upload."""

    def __init__(self, path: Path, run: str, settled: int | None) -> None:
        """Start the file; or with `settled` continue it, without the lines of batches from that index on."""
        self.path = path
        self.kept = 0
        self._run = run
        if settled is None and path.is_file() and path.stat().st_size:
            raise UsageError(f"{path} exists already: move it away, or give --failed another name")
        with writing(path):
            self._file = open_locked(path)
            if settled is not None and path.is_file():
                with path.open("rb") as lines, self._file:
                    self._file = write_atomically(path.resolve(), self._settled_lines(lines, settled))

    def append(self, failures: Iterable[Failure]) -> None:
        """Write lines to the disk, or raise a WriteError."""
        with writing(self.path):
            for failure in failures:
                failure.run = self._run
                self._file.write(msgspec.json.encode(failure) + b"\n")
            self._file.flush()
            if self.path.is_file():
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, and remove it if it is empty."""
        with suppress(OSError):  # `append` has reported it
            if self.path.is_file() and not self.path.stat().st_size:
                self.path.unlink()  # while it is locked
            self._file.close()

    def _settled_lines(self, lines: Iterable[bytes], settled: int) -> Iterator[bytes]:
        for line in lines:
            failure = read_failure(line)
            if failure is None and not line.endswith(b"\n") and _FIRST_BYTES.startswith(line[:11]):
                continue  # a kill cut it
            if failure is not None and failure.run == self._run:
                if failure.index >= settled:
                    continue
                self.kept += 1
            yield line if line.endswith(b"\n") else line + b"\n"


def read_failure(document: bytes) -> Failure | None:
    """The failure in a line of a failed file; None if the line is something else."""
    try:
        return msgspec.json.decode(document, type=Failure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
