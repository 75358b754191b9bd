"""The journal of an upload: how many of its batches are settled, so that --resume need not send them again.

It only saves time. A batch that is sent again has the same `source_request_id`, so mParticle counts it once.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import msgspec

from ._atomic_file import open_locked, write_atomically
from ._exit import UsageError, writing
from ._input import display_name, is_file

_NAMESPACE = UUID("8f2e6a53-4f0c-4a52-9d0b-6c8e3b7f7a10")  # never change it: the ids of a file must stay the same


def make_id(*parts: object) -> str:
    """A UUID that depends on the parts only."""
    return str(uuid5(_NAMESPACE, " ".join(map(str, parts))))


class InputFile(msgspec.Struct, frozen=True):
    """An input: its name in messages, its size and the hash of its bytes. Of a stream None, and a random id."""

    name: str
    bytes: int | None
    sha256: str

    @classmethod
    def of(cls, path: str) -> InputFile:
        if not is_file(path):
            return cls(display_name(path), None, uuid4().hex)
        with Path(path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return cls(display_name(path), file.tell(), digest.hexdigest())


class Progress(msgspec.Struct, frozen=True, tag_field="format", tag="mparticle-ext upload, 2"):
    """The content of a journal: the upload, its failed file, and how far it is."""

    operation: str
    url: str
    files: list[InputFile]
    failed: bytes | None = None  # a path in the encoding of the file system, which may not be UTF-8
    settled: int = 0  # each batch with a lower index is delivered, or in the failed file for good

    @property
    def run(self) -> str:
        """The id of the upload: the same for the same operation, address and bytes."""
        return make_id(self.operation, self.url, *(file.sha256 for file in self.files))


class Journal:
    """A journal, locked until it is closed. `progress` is what `begin` will write into it."""

    def __init__(self, path: Path, progress: Progress, *, resume: bool, restart: bool) -> None:
        """Open it, and change nothing in it yet. With `resume` it continues from its content."""
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a regular file: give --progress another name")
        if resume and not path.exists():
            raise UsageError(f"nothing to resume: there is no journal {path}")
        self.path = path
        self._target = path.resolve()  # a symbolic link stays one
        with writing(path):
            self._file = open_locked(self._target)
        try:
            earlier = _read(path)
            self.progress = progress if earlier is None or restart else _continue(path, earlier, progress, resume)
        except UsageError:
            self.close(remove=False)
            raise

    def begin(self, failed: Path | None) -> None:
        """Write the content for the first time, with the path of the failed file."""
        self.progress = msgspec.structs.replace(self.progress, failed=failed and os.fsencode(failed.absolute()))
        self.write(self.progress.settled)

    def write(self, settled: int) -> None:
        """Write the number of settled batches to the disk, or raise a WriteError and leave the old content."""
        progress = msgspec.structs.replace(self.progress, settled=settled)
        with writing(self.path):
            new = write_atomically(self._target, [msgspec.json.encode(progress), b"\n"])
        self._file.close()
        self._file = new

    def close(self, *, remove: bool) -> None:
        """Release the lock. A journal that is empty is removed too."""
        with suppress(OSError):  # a finished journal that stays does no harm
            if remove or not self._target.stat().st_size:
                self._target.unlink()
        self._file.close()


def _read(path: Path) -> Progress | None:
    """The content of a journal; None if it is empty, because a kill came before the first write."""
    try:
        content = path.read_bytes()
        return msgspec.json.decode(content, type=Progress) if content else None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UsageError(f"{path} is not a valid journal: give --progress another name") from None


def _continue(path: Path, earlier: Progress, now: Progress, resume: bool) -> Progress:
    """The progress of the earlier run, if it is the same upload and it is to be resumed."""
    same_bytes = [old.sha256 for old in earlier.files] == [new.sha256 for new in now.files]
    if same_bytes and not (resume or earlier.settled):
        return now  # nothing to continue, and the same ids
    if not resume:
        raise UsageError(
            f"{path} keeps the progress of an unfinished upload, with {earlier.settled:,} of its batches finished: "
            "--resume continues it, --restart discards it"
        )
    for old, new in zip(earlier.files, now.files, strict=False):
        if old.sha256 != new.sha256:
            raise UsageError(
                f"{new.name} was changed since the upload began ({old.bytes:,} bytes then, {new.bytes:,} now): "
                "restore it for --resume, and correct batches in the file of --failed. "
                "--restart sends all of the new file: delivered batches count again"
            )
    before, given = (f"{one.operation} of {len(one.files)} file(s) to {one.url}" for one in (earlier, now))
    if before != given:
        raise UsageError(f"{path} belongs to another upload: {before}, not {given}; --restart discards it")
    return msgspec.structs.replace(now, settled=earlier.settled, failed=earlier.failed)
