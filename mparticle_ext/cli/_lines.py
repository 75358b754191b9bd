"""In which line of a document something stands. Only for who reads about a fault."""

from __future__ import annotations

import re
from json import JSONDecoder

from .._explain import short
from .._places import Place

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder(parse_int=str)  # a number of any length


def lines_before(document: bytes, place: Place) -> int:
    """How many line breaks a document has before what stands at a place, or before what is around it."""
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        return document.count(b"\n", 0, error.start)
    at = 0
    for step in place:
        try:
            inside = _inside(text, at, step)
        except (ValueError, IndexError, RecursionError):  # JSON to one decoder and none, or too deep, to the other
            break
        if inside is None:
            break
        at = inside
    return text.count("\n", 0, at)


def _inside(text: str, at: int, step: str | int) -> int | None:
    """Where the value of a key or an index begins, in the object or list that begins here; None where it is not.

    Of a key that stands there twice the last one counts, as it does for the check.
    """
    found: int | None = None
    closing = "}" if isinstance(step, str) else "]"
    at = _after_blank(text, at + 1)
    index = 0
    while text[at] != closing:
        key: str | int = index
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _after_blank(text, _after_blank(text, at) + 1)  # behind the colon
        if step in (key, short(str(key))):
            found = at
        _, at = _DECODER.raw_decode(text, at)
        at = _after_blank(text, at)
        at = _after_blank(text, at + 1) if text[at] == "," else at
        index += 1
    return found


def _after_blank(text: str, at: int) -> int:
    return _BLANK.match(text, at).end()  # type: ignore[union-attr]  # it matches anything
