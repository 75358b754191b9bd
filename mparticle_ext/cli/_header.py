"""The first line of a journal: of which upload it is."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ._exits import RefusedError
from ._inputs import InputFile

_FORMAT = "mparticle-ext upload, 1"


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of which upload a journal is.

    Attributes:
        run: What the ids are made with that batches get.
        operation: The operation that sends it.
        url: The base URL it goes to.
        inputs: The files it comes from.
        failed: The path of its failed file, in the bytes of the file system.
        format: What the rest of the journal looks like.
    """

    format: str
    run: str
    operation: str
    url: str
    inputs: list[InputFile]
    failed: bytes | None = None

    @property
    def failed_path(self) -> Path | None:
        """The path of its failed file, if it has one."""
        return Path(os.fsdecode(self.failed)) if self.failed else None

    def with_failed(self, path: Path | None) -> Header:
        """The same with another failed file, or with none."""
        return msgspec.structs.replace(self, failed=os.fsencode(path.absolute()) if path else None)


def header_of(run: str, operation: str, url: str, inputs: list[InputFile]) -> Header:
    """The first line for an upload."""
    return Header(_FORMAT, run, operation, url, inputs)


def require_the_same(path: Path, before: Header, now: Header) -> None:
    """Let only the same upload go on.

    Raises:
        RefusedError: It is another.
    """
    for name, then, given in (
        ("operation", before.operation, now.operation),
        ("destination", before.url, now.url),
        ("number of files", len(before.inputs), len(now.inputs)),
    ):
        if then != given:
            raise RefusedError(f"{path} is of another upload: its {name} was {then}, not {given}; --restart forgets it")
    for old, new in zip(before.inputs, now.inputs, strict=True):
        what = _changed(old, new)
        if what:
            raise RefusedError(
                f"{new.name} is not what it was when the upload began ({what}): give back the old one to --resume, or "
                "--restart with this one, which sends all of it again"
            )


def _changed(old: InputFile, new: InputFile) -> str:
    """What is not the same any more, in words; empty where nothing is known to be."""
    if (old.bytes, old.sha256) != (new.bytes, new.sha256):
        return f"{old.bytes:,} bytes, now {new.bytes:,}"
    return "" if old.changed_ns == new.changed_ns else f"it was changed since: {new.changed_at}, not {old.changed_at}"
