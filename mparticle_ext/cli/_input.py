"""Input files: plain or gzip, detected by their first bytes; and the number of bytes read so far."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ._exit import print_error
from ._json_stream import JSONStream, Value

STDIN = "-"
_GZIP_MAGIC = b"\x1f\x8b"


def display_name(path: str) -> str:
    """The name of a file in messages, whatever the encoding of its path."""
    return "<stdin>" if path == STDIN else os.fsencode(path).decode(errors="backslashreplace")


def is_file(path: str) -> bool:
    """Whether it is a regular file, which can be read again; not a pipe, not a terminal."""
    return path != STDIN and stat.S_ISREG(Path(path).stat().st_mode)


class Input:
    """An open input file, of which `count` values were read."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._head = b""
        self._gzip: gzip.GzipFile | None = None
        self._problem = ""
        self._bytes = 0
        self._stream = JSONStream(self.read)
        self.count = 0

    @property
    def bytes_read(self) -> int:
        """The bytes of the file up to the current value; of gzip, all that were read."""
        return self._bytes - (0 if self._gzip else self._stream.waiting)

    def values(self) -> Iterator[Value]:
        """The JSON values in the file."""
        while len(self._head) < len(_GZIP_MAGIC) and (more := self._raw.read(len(_GZIP_MAGIC) - len(self._head))):
            self._head += more
        if self._head == _GZIP_MAGIC:
            self._gzip = gzip.GzipFile(fileobj=self, mode="rb")  # type: ignore[call-overload]  # only read() is called
            self._stream = JSONStream(self._decompress)
        for value in self._stream:
            self.count += 1
            yield value
        if self._problem:
            self.count += 1
            yield Value(self._stream.line, b"", self._problem)

    def read(self, size: int) -> bytes:
        """The next bytes, not decompressed."""
        head, self._head = self._head[:size], self._head[size:]
        data = head or self._raw.read(size) or b""
        self._bytes += len(data)
        return data

    def _decompress(self, size: int) -> bytes:
        try:
            return self._gzip.read1(size)  # type: ignore[union-attr]  # called only if it is set
        except EOFError:
            self._problem = "the gzip stream is cut off: the rest could not be read"
        except (gzip.BadGzipFile, zlib.error) as error:
            self._problem = f"the gzip stream is damaged: {error}: the rest was not read"
        return b""


@contextmanager
def open_input(path: str) -> Iterator[Input]:
    """Open a file or standard input, or raise an OSError. Print an error if there is no batch in it."""
    with io.FileIO(0, closefd=False) if path == STDIN else io.FileIO(path) as raw:
        opened = Input(raw)
        yield opened
    if not opened.count:
        print_error(f"{display_name(path)} has no batch in it")


def total_bytes(paths: Sequence[str]) -> int | None:
    """The size of all files; None if one of them is not a regular file."""
    try:
        return sum(Path(path).stat().st_size for path in paths) if all(map(is_file, paths)) else None
    except OSError:
        return None
