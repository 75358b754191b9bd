"""The files that are read: plain or gzip, by what is in them; and how much of them was."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ._values import Value, Values

STDIN = "-"
_GZIP = b"\x1f\x8b"


def shown(path: str) -> str:
    """What a file is called in a message, in any encoding of its name."""
    return "<stdin>" if path == STDIN else os.fsencode(path).decode(errors="backslashreplace")


def is_file(path: str) -> bool:
    """Whether it is a file that can be read again: no pipe, no terminal."""
    return path != STDIN and stat.S_ISREG(Path(path).stat().st_mode)


class Input:
    """One that is being read."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._head = b""
        self._zipped: gzip.GzipFile | None = None
        self.bytes_read = 0
        self.problem = ""

    def values(self) -> Iterator[Value]:
        """What is in it."""
        while len(self._head) < len(_GZIP) and (more := self._raw.read(len(_GZIP) - len(self._head))):
            self._head += more
        if self._head == _GZIP:
            self._zipped = gzip.GzipFile(fileobj=self, mode="rb")  # type: ignore[call-overload]  # it reads, no more
        values = Values(self._unzipped if self._zipped else self.read)
        yield from values
        if self.problem:
            yield Value(values.line, b"", self.problem)

    def read(self, size: int) -> bytes:
        """Its next bytes, as they are."""
        head, self._head = self._head[:size], self._head[size:]
        found = head or self._raw.read(size) or b""
        self.bytes_read += len(found)
        return found

    def _unzipped(self, size: int) -> bytes:
        try:
            return self._zipped.read1(size)  # type: ignore[union-attr]  # only called where it is
        except EOFError:
            self.problem = "the gzip stream is cut off: what is missing was not read"
        except (gzip.BadGzipFile, zlib.error) as error:
            self.problem = f"the gzip stream is damaged: {error}: what follows was not read"
        return b""


@contextmanager
def reading(path: str) -> Iterator[Input]:
    """Open a file, or standard input.

    Raises:
        OSError: It cannot be read.
    """
    with io.FileIO(0, closefd=False) if path == STDIN else io.FileIO(path) as raw:
        yield Input(raw)


def total_bytes(paths: Sequence[str]) -> int | None:
    """The size of all files; None where not all have one."""
    try:
        return sum(Path(path).stat().st_size for path in paths) if all(map(is_file, paths)) else None
    except OSError:
        return None
