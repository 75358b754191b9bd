"""The journal of an upload: which of its batches are settled, so that a run that was stopped or killed can go on.

The first line says of which upload it is. Each further line is a list of ranges: `[[0,99],[200,299]]` settles the first
hundred batches and the third. Whatever a kill or a power cut leaves unsaid is sent again under the same
`source_request_id`, and the service drops what it has.
"""

from __future__ import annotations

import errno
import os
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path

import msgspec

from ._exits import RefusedError, writing
from ._files import is_special, locked, replace
from ._header import Header, require_the_same
from ._ranges import Ranges

_BEGINS = b'{"format":"mparticle-ext upload, '
_CLOSED_FIRST = os.name == "nt"  # where a file that is open can be neither replaced nor removed


class Journal:
    """One that is ours alone while it is open.

    Attributes:
        path: Where it is.
        header: Of which upload it is.
        settled: What was settled before.
    """

    def __init__(self, path: Path, file: FileIO, header: Header, settled: Ranges) -> None:
        self.path = path
        self.header = header
        self.settled = settled
        self._file = file
        self._new: list[int] = []

    def begin(self, failed: Path | None) -> None:
        """Say of which upload it is and what was settled before, in the place of what was there.

        Until then nothing is changed, and whatever refuses the upload leaves the journal of the run before.

        Raises:
            LocalError: It cannot be written.
            RefusedError: Another process has it.
        """
        self.header = self.header.with_failed(failed)
        document = _line(self.header) + (_line(list(self.settled)) if self.settled else b"")
        with writing(self.path):
            if is_special(self.path):
                self._write(document)
            else:
                self._replace(document)

    def settle(self, index: int) -> None:
        """Note that a batch is settled; `flush` writes it down."""
        self._new.append(index)

    def flush(self) -> None:
        """Write down what was noted.

        Raises:
            LocalError: It cannot be written.
        """
        if not self._new:
            return
        with writing(self.path):
            self._write(_line(list(Ranges((index, index) for index in self._new))))
        self._new.clear()

    def close(self, *, done: bool) -> None:
        """Close it, and remove it where nothing is left to do, or nothing is in it."""
        with closing(self._file), suppress(OSError):  # a journal that says that all is settled does no harm
            if self.path.is_file() and (done or not self.path.stat().st_size):
                self._close_first()
                self.path.unlink()

    def _replace(self, document: bytes) -> None:
        """Replace it, and have the new one before the old one is let go."""
        with closing(self._file):
            self._close_first()
            replace(self.path, document)
            self._file = locked(self.path)

    def _close_first(self) -> None:
        if _CLOSED_FIRST:
            self._file.close()

    def _write(self, document: bytes) -> None:
        if self._file.write(document) != len(document):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def open_journal(path: Path, header: Header, *, resume: bool, restart: bool) -> Journal:
    """The journal of an upload, not begun yet: a new one, or with `resume` that of the run before.

    Raises:
        RefusedError: There is one and neither `resume` nor `restart`, or none to resume, or one of another upload, or
            one that another process has.
        LocalError: It cannot be written.
    """
    if resume and not path.exists():
        raise _nothing_to_resume(path)
    with writing(path):
        file = locked(path)
    journal = Journal(path, file, header, Ranges())
    try:
        found = _read(path, restart=restart)
        if resume:
            journal.header, journal.settled = _resumed(path, found, header)
        elif found is not None and not restart:
            raise _unfinished(path, found[1])
    except RefusedError:
        journal.close(done=False)
        raise
    return journal


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _read(path: Path, *, restart: bool) -> tuple[Header, Ranges] | None:
    """What a journal says; None where it says nothing yet, or where `restart` forgets it, damaged or not."""
    if not path.is_file():
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    if not content.startswith(_BEGINS[: len(content)]):
        raise RefusedError(f"{path} is no journal of an upload: delete it, or give another with --progress")
    whole, newline, _ = content.rpartition(b"\n")  # a kill may have cut the last line
    return None if restart or not newline else _parsed(path, whole)  # without one, nothing was sent


def _parsed(path: Path, whole: bytes) -> tuple[Header, Ranges]:
    first, *others = whole.split(b"\n")
    try:
        header = msgspec.json.decode(first, type=Header)
        ranges = [pair for line in others for pair in msgspec.json.decode(line, type=list[tuple[int, int]])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError(
            f"{path} is a damaged journal: --restart begins anew, as does --progress with another"
        ) from None
    return header, Ranges(ranges)


def _resumed(path: Path, found: tuple[Header, Ranges] | None, header: Header) -> tuple[Header, Ranges]:
    if found is None:
        raise _nothing_to_resume(path)
    require_the_same(path, found[0], header)
    return found


def _nothing_to_resume(path: Path) -> RefusedError:
    return RefusedError(f"nothing to resume: there is no journal {path}")


def _unfinished(path: Path, settled: Ranges) -> RefusedError:
    return RefusedError(
        f"{path} is the journal of an upload that is not finished, with {len(settled):,} batches settled: "
        "--resume goes on with it, --restart forgets it"
    )
