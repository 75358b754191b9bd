"""Reads JSON values from a stream one by one, each with its line, in constant memory.

A value is a document, a line, or an item of a list. Malformed JSON is one fault. Reading continues after it at the next
line that is not indented deeper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from ..errors import LONE_SURROGATE

MAX_VALUE_BYTES = 16 << 20  # far more than a request may have, even with indentation
_CHUNK_BYTES = 1 << 18
SHOWN_BYTES = 4096  # of malformed JSON
_CONTEXT_BYTES = 16  # that must be there after a fault, to be sure that it is one
_BOM = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {
    "UTF-32": re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff|[\[{]\0\0\0|\0\0\0[\[{]"),
    "UTF-16": re.compile(rb"\xff\xfe|\xfe\xff|[\[{]\0|\0[\[{]"),
}
_HEAD_BYTES = 4  # that show the encoding
_CSV = re.compile(  # two lines that do not begin like JSON; the first one has a separator
    rb"""(?![\[{]|[^\n]*"\s*:) [^\n\[\]{},;\t]* [,;\t] [^\n\[\]{}]* (\n \s* (?![\s\[{]) | \Z)""", re.VERBOSE
)
_BLANK = re.compile(rb"[ \t\r\n]*")
_COMPLETE = (b"}", b"]", b'"')  # after another byte a number or a word may continue
_MESSAGE = re.compile(r"JSON is malformed: (?P<problem>.*) \(byte (?P<offset>\d+)\)", re.DOTALL)
_TRAILING = "trailing characters"
_SKIP = msgspec.json.Decoder(msgspec.Raw)  # finds the end of a value without building it
_BAD_ESCAPE = re.compile("surrogate|end of hex escape")
_LONE_AT_END = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}[^\\]{0,4}\}\s*\Z")  # the decoder expects the other half
_NOT_A_NUMBER = re.compile(rb"-?(NaN|Infinity|Inf)\b")


class Value(NamedTuple):
    """A value of a stream, or malformed JSON.

    Attributes:
        line: The line of the value, or of the fault, from 1.
        document: The bytes of the value; of malformed JSON the first bytes.
        problem: The fault of malformed JSON; else empty.
    """

    line: int
    document: bytes
    problem: str = ""


class _MalformedError(Exception):
    """Malformed JSON; `offset` is the offset of the fault in the value."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


class JSONStream:
    """The values of a stream. `read(n)` returns its next bytes, at most n of them; no bytes at the end.

    Attributes:
        line: The current line.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = b""
        self._offset = 0  # in the buffer
        self.line = 1
        self._indent: int | None = 0  # of the next value; None if it is not the first one on its line
        self._at_end = False
        self._list_line = 0  # the line of the list that is being read; 0 outside of a list
        self._needs_comma: bool | None = False  # None if it is unknown, after malformed JSON

    @property
    def waiting(self) -> int:
        """The number of bytes that were read and are after the current value."""
        return len(self._buffer) - self._offset

    def __iter__(self) -> Iterator[Value]:
        """The values. Of a list, its items."""
        self._skip_bom()
        if problem := self._other_format():
            yield Value(self.line, self._first_line(), f"{problem}: nothing of it was read")
            return
        while character := self._next():
            if not self._list_line and character == b"[":
                self._list_line, self._needs_comma = self.line, False
                self._step()
            elif self._list_line and character == b"]":
                self._list_line = 0
                self._step()
            elif self._list_line and character == b"," and self._needs_comma is not False:
                self._needs_comma = False
                self._step()
            elif self._list_line and self._needs_comma:
                yield Value(self._list_line, b"", "is a list without a comma between two items: is its end missing?")
                self._list_line = 0
            else:
                yield self._value()
        if self._list_line:
            yield Value(self._list_line, b"", "is a list without an end: was the file cut off?")

    def _skip_bom(self) -> None:
        while len(self._buffer) < _HEAD_BYTES and self._refill():
            pass
        if self._buffer.startswith(_BOM):
            self._offset = len(_BOM)

    def _other_format(self) -> str:
        """The problem if the stream is in another encoding or CSV, else nothing."""
        for encoding, head in _OTHER_ENCODINGS.items():
            if head.match(self._buffer):
                return f"is {encoding}, but JSON is UTF-8: convert it (iconv -f {encoding} -t UTF-8)"
        if self._next() in b"{[":
            return ""
        while self.waiting < SHOWN_BYTES and self._refill():
            pass
        return "looks like CSV: make a JSON batch of each row" if _CSV.match(self._shown()) else ""

    def _shown(self) -> bytes:
        return self._buffer[self._offset : self._offset + SHOWN_BYTES]

    def _first_line(self) -> bytes:
        return self._shown().partition(b"\n")[0].strip()

    def _next(self) -> bytes:
        """Skip blanks, and return the next byte; nothing at the end."""
        while True:
            end = _BLANK.match(self._buffer, self._offset).end()  # type: ignore[union-attr]  # it always matches
            newline = self._buffer.rfind(b"\n", self._offset, end)
            if newline >= 0:
                self._indent = end - newline - 1
            elif self._indent is not None:
                self._indent += end - self._offset
            self._move_to(end)
            if self._offset < len(self._buffer):
                return self._buffer[self._offset : self._offset + 1]
            if not self._refill():
                return b""

    def _step(self) -> None:
        self._offset += 1
        self._indent = None

    def _move_to(self, end: int) -> None:
        self.line += self._buffer.count(b"\n", self._offset, end)
        self._offset = end

    def _value(self) -> Value:
        line = self.line
        try:
            end = self._end()
        except _MalformedError as malformed:
            return self._malformed(malformed)
        document = self._buffer[self._offset : end].rstrip()
        self._move_to(end)
        self._indent, self._needs_comma = None, True
        return Value(line, document)

    def _malformed(self, malformed: _MalformedError) -> Value:
        """Skip malformed JSON, and return its first line with the problem."""
        line = self.line + self._buffer.count(b"\n", self._offset, self._offset + malformed.offset)
        text = self._first_line()
        first_on_its_line = self._indent is not None
        resumed = self._skip_malformed(self._indent or 0)
        lost = ": the rest of the list was not read" if self._list_line and not resumed else ""
        self._needs_comma = None
        if not (resumed and first_on_its_line):
            self._list_line = 0  # its end is lost with the line
        return Value(line, text, malformed.problem + lost)

    def _end(self) -> int:
        """The offset of the end of the value at the current offset, or a _MalformedError."""
        newline = -1 if self._indent is None else self._buffer.find(b"\n", self._offset)
        if newline >= 0 and _is_json(self._buffer[self._offset : newline]):
            return newline  # the fast path: the line is a value
        while True:
            try:
                _SKIP.decode(memoryview(self._buffer)[self._offset :])
            except msgspec.DecodeError as error:
                problem, offset = _parse_message(error)
                if problem == _TRAILING:
                    return self._offset + offset - 1  # the message has the offset of the byte after it
                self._read_more(problem, offset)
            except RecursionError:
                raise _MalformedError("is nested too deeply", 0) from None
            else:
                if self._at_end or self._buffer.rstrip().endswith(_COMPLETE) or not self._refill():
                    return len(self._buffer)

    def _read_more(self, problem: str, offset: int) -> None:
        """Read more if the value may be incomplete, else raise a _MalformedError."""
        size = len(self._buffer) - self._offset
        if size > MAX_VALUE_BYTES:
            raise _MalformedError(f"is over {MAX_VALUE_BYTES >> 20} MiB, too large for a batch", 0)
        if (offset < 0 or offset + _CONTEXT_BYTES >= size) and self._refill():
            return
        if _BAD_ESCAPE.search(problem) or (offset < 0 and _LONE_AT_END.search(self._buffer)):
            raise _MalformedError(f"has {LONE_SURROGATE}", max(offset, 0))
        if offset < 0:
            raise _MalformedError("is incomplete: the file ends in the middle of it", 0)
        not_a_number = _NOT_A_NUMBER.match(self._buffer, self._offset + offset)
        hint = f": JSON has no {not_a_number[0].decode()}, give null or omit it" if not_a_number else ""
        raise _MalformedError(f"is not JSON: {problem}{hint}", offset)

    def _skip_malformed(self, indent: int) -> bool:
        """Skip malformed JSON: to the next line that is not indented deeper and starts a value. False at the end."""
        resume = re.compile(rb"\n[ \t]{0,%d}(?=[^\s\]},:])" % indent)
        while True:
            found = resume.search(self._buffer, self._offset)
            if found:
                self._move_to(found.start())
                return True
            newline = self._buffer.rfind(b"\n", self._offset)
            undecided = newline >= 0 and self._buffer[newline:].isspace()
            self._move_to(newline if undecided else len(self._buffer))
            if not self._refill():
                self._move_to(len(self._buffer))
                return False

    def _refill(self) -> bool:
        """Read more; False at the end. The buffer doubles, so that a long value is not scanned too often."""
        rest = self._buffer[self._offset :]
        more = b"" if self._at_end else self._read(max(_CHUNK_BYTES, len(rest)))
        self._at_end = not more
        self._buffer, self._offset = rest + more, 0
        return bool(more)


def _is_json(text: bytes) -> bool:
    try:
        _SKIP.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _parse_message(error: msgspec.DecodeError) -> tuple[str, int]:
    """The problem and its offset; -1 if the decoder needs more bytes."""
    match = _MESSAGE.fullmatch(str(error))
    return (match["problem"], int(match["offset"])) if match else (str(error), -1)
