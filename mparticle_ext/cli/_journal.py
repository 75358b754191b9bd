"""The journal of an upload: which of its batches are settled, so that a run that was stopped or killed can go on.

The first line says of which upload it is. Each further line is a list of ranges: `[[0,99],[200,299]]` settles the first
hundred batches and the third. Whatever a kill or a power cut leaves unsaid is sent again under the same
`source_request_id`, and the service drops what it has.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from ._exits import LocalError, RefusedError
from ._inputs import InputFile
from ._ranges import Ranges

_FORMAT = "mparticle-ext upload, 1"
_BEGINS = f'{{"format":"{_FORMAT}"'.encode()


class Header(msgspec.Struct, frozen=True):
    """Of which upload a journal is.

    Attributes:
        run: What the ids are made with that batches get.
        operation: The operation that sends it.
        url: The base URL it goes to.
        inputs: The files it comes from.
        format: What the rest of the journal looks like.
    """

    format: str
    run: str
    operation: str
    url: str
    inputs: list[InputFile]


class Journal:
    """One that is being written.

    Attributes:
        path: Where it is.
        header: Of which upload it is.
        settled: What was settled before.
    """

    def __init__(self, path: Path, header: Header, settled: Ranges) -> None:
        self.path = path
        self.header = header
        self.settled = settled
        self._new: list[int] = []
        try:
            self._begin()
        except OSError as error:
            raise LocalError(path, error) from None

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
        try:
            self._write(list(Ranges((index, index) for index in self._new)))
        except OSError as error:
            raise LocalError(self.path, error) from None
        self._new.clear()

    def close(self, *, done: bool) -> None:
        """Close it, and remove it where nothing is left to do."""
        self._file.close()
        if done and self.path.is_file():
            with suppress(OSError):  # a journal that says that all is settled does no harm
                self.path.unlink()

    def _begin(self) -> None:
        """Write the first line, and what was settled before in one more: beside what is there, until it is whole."""
        beside = self.path.with_name(f"{self.path.name}.new") if self.settled else self.path
        self._file = beside.open("wb", buffering=0)
        self._write(self.header)
        if self.settled:
            self._write(list(self.settled))
            os.fsync(self._file.fileno())
            beside.replace(self.path)

    def _write(self, line: object) -> None:
        document = msgspec.json.encode(line) + b"\n"
        if self._file.write(document) != len(document):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def open_journal(path: Path, header: Header, *, resume: bool, restart: bool) -> Journal:
    """The journal of an upload: a new one, or with `resume` that of the run before.

    Raises:
        RefusedError: There is one and neither `resume` nor `restart`, or none to resume, or one of another upload.
        LocalError: It cannot be written.
    """
    found = _read(path)
    if found is None and resume:
        raise RefusedError(f"nothing to resume: there is no journal {path}")
    if found is None or restart:
        return Journal(path, header, Ranges())
    before, settled = found
    if not resume:
        raise RefusedError(
            f"{path} is the journal of an upload that is not finished, with {len(settled):,} batches settled: "
            "--resume goes on with it, --restart forgets it"
        )
    _require_the_same(path, before, header)
    return Journal(path, before, settled)


def header_of(run: str, operation: str, url: str, inputs: list[InputFile]) -> Header:
    """The first line for an upload."""
    return Header(_FORMAT, run, operation, url, inputs)


def _read(path: Path) -> tuple[Header, Ranges] | None:
    if not path.is_file():
        return None
    try:
        whole, newline, cut = path.read_bytes().rpartition(b"\n")  # a kill may have cut the last line
    except OSError as error:
        raise RefusedError(f"{path} cannot be read: {error.strerror}") from None
    if not newline and cut[: len(_BEGINS)] == _BEGINS[: len(cut)]:
        return None  # killed before anything was sent
    first, *others = whole.split(b"\n")
    try:
        header = msgspec.json.decode(first, type=Header)
        ranges = [pair for line in others for pair in msgspec.json.decode(line, type=list[tuple[int, int]])]
    except msgspec.DecodeError:
        raise RefusedError(f"{path} is no journal of an upload, or damaged: give another with --progress") from None
    return header, Ranges(ranges)


def _require_the_same(path: Path, before: Header, now: Header) -> None:
    for name, then, given in (
        ("operation", before.operation, now.operation),
        ("destination", before.url, now.url),
        ("number of files", len(before.inputs), len(now.inputs)),
    ):
        if then != given:
            raise RefusedError(f"{path} is of another upload: its {name} was {then}, not {given}; --restart forgets it")
    for old, new in zip(before.inputs, now.inputs, strict=True):
        if (old.bytes, old.sha256) != (new.bytes, new.sha256):
            raise RefusedError(
                f"{new.name} is not what it was when the upload began ({old.bytes:,} bytes, now {new.bytes:,}): "
                f"give back the old one to --resume, or --restart with this one"
            )
