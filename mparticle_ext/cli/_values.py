"""A stream of JSON as its values, one after the other, each with the line it begins in; in flat memory.

A value may be a whole file, an entry of a list, a line, or one of several documents one after the other. What is no
JSON is one fault, and reading goes on after it: at the next line that is not indented deeper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

MAX_VALUE_BYTES = 16 << 20  # far more than a request takes, whatever its indentation
_CHUNK_BYTES = 1 << 18
SHOWN_BYTES = 4096  # of what is no JSON
_AROUND_BYTES = 16  # what is looked at to say what is wrong
_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"[ \t\r\n]*")
_COMPLETE = (b"}", b"]", b'"')  # a number or a word may go on
_SAID = re.compile(r"JSON is malformed: (?P<problem>.*) \(byte (?P<at>\d+)\)", re.DOTALL)
_TRAILING = "trailing characters"
_SKIP = msgspec.json.Decoder(msgspec.Raw)  # finds where a value ends, and builds nothing
_NO_NUMBER = re.compile(rb"-?(NaN|Infinity|Inf)\b")


class Value(NamedTuple):
    """A value of a stream, or what is no JSON.

    Attributes:
        line: The line it begins in, from 1; of what is no JSON, that of the fault.
        document: The bytes of it; of what is no JSON, the first of them.
        problem: What is wrong, where it is no JSON.
    """

    line: int
    document: bytes
    problem: str = ""


class _BrokenError(Exception):
    """No JSON. `at` is where, from the beginning of the value."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


class Values:
    """The values of a stream, of which `read` gives the next bytes, at most as many as it is asked for.

    Attributes:
        line: The line that it has come to.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._buffer = b""
        self._at = 0
        self.line = 1
        self._indent: int | None = 0  # of what comes next; None where something stands before it on its line
        self._ended = False
        self._opened = 0  # the line where the list begins that is being read
        self._comma: bool | None = False  # whether a comma follows in it; None for who knows, after what is no JSON

    def __iter__(self) -> Iterator[Value]:
        """The values. Lists are opened: their entries are values."""
        self._skip_bom()
        while character := self._next():
            if not self._opened and character == b"[":
                self._opened, self._comma = self.line, False
                self._step()
            elif self._opened and character == b"]":
                self._opened = 0
                self._step()
            elif self._opened and character == b"," and self._comma is not False:
                self._comma = False
                self._step()
            elif self._opened and self._comma:
                yield Value(self._opened, b"", "is a list that goes on without a comma: is its end missing?")
                self._opened = 0
            else:
                yield self._value()
        if self._opened:
            yield Value(self._opened, b"", "is a list that is not closed: was the file cut off?")

    def _skip_bom(self) -> None:
        while len(self._buffer) < len(_BOM) and self._refill():
            pass
        if self._buffer.startswith(_BOM):
            self._at = len(_BOM)

    def _next(self) -> bytes:
        """Go to what comes next, and return the first byte of it; nothing at the end."""
        while True:
            end = _BLANK.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # it matches anything
            newline = self._buffer.rfind(b"\n", self._at, end)
            if newline >= 0:
                self._indent = end - newline - 1
            elif self._indent is not None:
                self._indent += end - self._at
            self._go_to(end)
            if self._at < len(self._buffer):
                return self._buffer[self._at : self._at + 1]
            if not self._refill():
                return b""

    def _step(self) -> None:
        self._at += 1
        self._indent = None

    def _go_to(self, end: int) -> None:
        self.line += self._buffer.count(b"\n", self._at, end)
        self._at = end

    def _value(self) -> Value:
        line = self.line
        try:
            end = self._end()
        except _BrokenError as broken:
            return self._broken(broken)
        document = self._buffer[self._at : end].rstrip()
        self._go_to(end)
        self._indent, self._comma = None, True
        return Value(line, document)

    def _broken(self, broken: _BrokenError) -> Value:
        """What is no JSON, with a line of it, after which there is something to go on with."""
        line = self.line + self._buffer.count(b"\n", self._at, self._at + broken.at)
        begins = self._buffer[self._at : self._at + SHOWN_BYTES].partition(b"\n")[0].strip()
        first_on_its_line = self._indent is not None
        resumed = self._skip_broken(self._indent or 0)
        lost = ": the rest of the list was not read" if self._opened and not resumed else ""
        self._comma = None
        if not (resumed and first_on_its_line):
            self._opened = 0  # its end is lost with the line
        return Value(line, begins, broken.problem + lost)

    def _end(self) -> int:
        """Where the value ends that begins here.

        Raises:
            _BrokenError: It is no JSON.
        """
        newline = -1 if self._indent is None else self._buffer.find(b"\n", self._at)
        if newline >= 0 and _is_json(self._buffer[self._at : newline]):
            return newline  # a line that is a value, as most are: found without an error
        while True:
            try:
                _SKIP.decode(memoryview(self._buffer)[self._at :])
            except msgspec.DecodeError as error:
                problem, at = _said_by(error)
                if problem == _TRAILING:
                    return self._at + at - 1  # the decoder counts the first byte that trails
                self._refuse(problem, at)
            except RecursionError:
                raise _BrokenError("is nested too deep", 0) from None
            else:
                if self._ended or self._buffer.rstrip().endswith(_COMPLETE) or not self._refill():
                    return len(self._buffer)

    def _refuse(self, problem: str, at: int) -> None:
        """Read more, where the value may only be cut.

        Raises:
            _BrokenError: It is not, or too much was read already.
        """
        size = len(self._buffer) - self._at
        if size > MAX_VALUE_BYTES:
            raise _BrokenError(f"is over {MAX_VALUE_BYTES >> 20} MiB, which is no batch", 0)
        if (at < 0 or at + _AROUND_BYTES >= size) and self._refill():
            return
        if at < 0:
            raise _BrokenError("is cut off: the file ends in the middle of it", 0)
        no_number = _NO_NUMBER.match(self._buffer, self._at + at)
        hint = f": {no_number[0].decode()} is none, give null or leave it out" if no_number else ""
        raise _BrokenError(f"is no JSON: {problem}{hint}", at)

    def _skip_broken(self, indent: int) -> bool:
        """Go behind what is no JSON: to the next line that is not deeper and no end of something; False at the end."""
        resume = re.compile(rb"\n[ \t]{0,%d}(?=[^\s\]},:])" % indent)
        while True:
            found = resume.search(self._buffer, self._at)
            if found:
                self._go_to(found.start())
                return True
            newline = self._buffer.rfind(b"\n", self._at)
            undecided = newline >= 0 and self._buffer[newline:].isspace()
            self._go_to(newline if undecided else len(self._buffer))
            if not self._refill():
                self._go_to(len(self._buffer))
                return False

    def _refill(self) -> bool:
        """Read more, as much again as is there, so that a long value is not looked at too often; False at the end."""
        rest = self._buffer[self._at :]
        more = b"" if self._ended else self._read(max(_CHUNK_BYTES, len(rest)))
        self._ended = not more
        self._buffer, self._at = rest + more, 0
        return bool(more)


def _is_json(text: bytes) -> bool:
    try:
        _SKIP.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _said_by(error: msgspec.DecodeError) -> tuple[str, int]:
    """What is wrong, and at which byte; -1 where the decoder came to the end and wants more."""
    said = _SAID.fullmatch(str(error))
    return (said["problem"], int(said["at"])) if said else (str(error), -1)
