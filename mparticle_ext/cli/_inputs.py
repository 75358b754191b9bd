"""What the files of an upload are known by, so that a later run sees whether they are the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import msgspec

from ._input import shown

_ENDS_BYTES = 1 << 16  # of the beginning and of the end, which tell files of one size apart
_NAMESPACE = UUID("8f2e6a53-4f0c-4a52-9d0b-6c8e3b7f7a10")  # ours, so that nobody else's ids are made as these are


class InputFile(msgspec.Struct, frozen=True):
    """A file, as it is known.

    Attributes:
        name: What it was called.
        bytes: Its size.
        sha256: Of its beginning and its end.
        changed_ns: When it was last written to.
    """

    name: str
    bytes: int
    sha256: str
    changed_ns: int

    @property
    def changed_at(self) -> str:
        """When it was last written to, for people."""
        at = datetime(1970, 1, 1) + timedelta(microseconds=self.changed_ns // 1000)
        return f"{at.isoformat(' ')} UTC"

    @classmethod
    def of(cls, path: str) -> InputFile:
        """What a file is known by now.

        Raises:
            OSError: It cannot be read.
        """
        with Path(path).open("rb") as file:
            about = os.fstat(file.fileno())
            ends = hashlib.sha256(file.read(_ENDS_BYTES))
            file.seek(max(0, about.st_size - _ENDS_BYTES))
            ends.update(file.read(_ENDS_BYTES))
        return cls(shown(path), about.st_size, ends.hexdigest(), about.st_mtime_ns)


def run_of(inputs: Sequence[InputFile]) -> str:
    """What the ids of a run are made with: the same for the same files, but of its own for a stream.

    So even a run that lost its journal does not count twice what it sends again.
    """
    if not inputs:
        return uuid4().hex
    return hashlib.sha256(repr([(one.bytes, one.sha256, one.changed_ns) for one in inputs]).encode()).hexdigest()


def request_id(run: str, index: int, document: bytes) -> str:
    """The `source_request_id` of a batch that has none: of its run, its place, and what is in it."""
    return str(uuid5(_NAMESPACE, f"{run} {index} {hashlib.sha256(document).hexdigest()}"))


def known(paths: Iterable[str]) -> list[InputFile]:
    """What each of the files is known by."""
    return [InputFile.of(path) for path in paths]
