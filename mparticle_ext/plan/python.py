"""Python code as text. No text of a plan can break out of a name, a string or a docstring."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from functools import cache
from textwrap import wrap
from unicodedata import normalize

WIDTH = 120
_INDENT = " " * 4
_RESERVED = ("bool", "datetime", "dict", "float", "int", "list", "str")  # the names without capitals in hints
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def snake_case(text: str) -> str:
    """A name for a text, in the form in which Python compares names."""
    words = normalize("NFKC", _WORD_START.sub("_", normalize("NFKC", text)).lower())
    if not f"a{words}".isidentifier():
        words = "".join(one if f"a{one}".isidentifier() else "_" for one in words)
    name = re.sub("_+", "_", words).strip("_") or "unnamed"
    return f"{name}_" if keyword.iskeyword(name) or name in _RESERVED else name if name.isidentifier() else f"n_{name}"


def unused(name: str, taken: dict[str, int]) -> str:
    """The name, or else the first one with a number that is not taken. It is taken then."""
    found = name
    while found in taken:
        taken[name] += 1
        found = f"{name}_{taken[name]}"
    taken[found] = 1
    return found


def literal(value: object) -> str:
    """The literal of a value; a string is in double quotes if it has none."""
    return '"' + repr(f"'{value}")[2:] if isinstance(value, str) and '"' not in value else repr(value)


def brackets(opening: str, parts: Sequence[str], closing: str, depth: int = 0) -> str:
    """Code in brackets: on one line if that is not too long, else with a line for each part."""
    line = opening + ", ".join(parts) + closing
    if "\n" not in line and len(_INDENT) * depth + len(line) < WIDTH:
        return line
    comma = "" if opening.endswith("[") and len(parts) == 1 else ","  # with a comma it would be a tuple
    return "\n".join([opening, *(f"{_INDENT * (depth + 1)}{part}{comma}" for part in parts), _INDENT * depth + closing])


def docstring(text: str, arguments: Iterable[tuple[str, str]] = ()) -> str:
    """A docstring, with the descriptions of the arguments."""
    lines = [wrapped for line in text.strip().splitlines() for wrapped in _wrap(line) or [""]]
    described = [line for name, about in arguments for line in _wrap(f"{name}: {about}", _INDENT)]
    lines += ["", "Args:", *described] if described else []
    safe = "\n".join(lines).replace("\\", "\\\\").replace('"""', r"\"\"\"")
    shown = "".join(one if one.isprintable() or one == "\n" else literal(one)[1:-1] for one in safe)
    end = "\n" * (len(lines) > 1 or len(shown) > WIDTH - 10 or shown.endswith('"'))
    return f'"""{shown}{end}"""'


def _wrap(text: str, indentation: str = "") -> list[str]:
    deeper = indentation * 2
    return wrap(
        text,
        WIDTH - 7,  # of the indentation and the quotes
        initial_indent=indentation,
        subsequent_indent=deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
