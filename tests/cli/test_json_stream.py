"""The JSON stream: the same values are read from every format, in pieces of every size."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mparticle_ext.cli._json_stream import MAX_VALUE_BYTES, JSONStream

SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
OBJECTS = st.dictionaries(
    st.text(max_size=4),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner), max_leaves=6),
    max_size=4,
)
FORMATS: dict[str, Callable[[Any], str]] = {
    "a line each": lambda values: "".join(json.dumps(one) + "\n" for one in values),
    "lines that end as on Windows": lambda values: "\ufeff" + "\r\n\r\n".join(map(json.dumps, values)),
    "a list": json.dumps,
    "a list over many lines": lambda values: json.dumps(values, indent=2),
    "one after the other": lambda values: "".join(json.dumps(one, indent="\t") for one in values),
    "a list a line": lambda values: "".join(f"[{json.dumps(one)}]\n" for one in values),
}


CSV = "looks like CSV: make a JSON batch of each row: nothing of it was read"
SURROGATE = "has a character that UTF-8 cannot encode (a lone surrogate): correct the text"
UTF_32 = "is UTF-32, but JSON is UTF-8: convert it (iconv -f UTF-32 -t UTF-8): nothing of it was read"
UTF_16 = "is UTF-16, but JSON is UTF-8: convert it (iconv -f UTF-16 -t UTF-8): nothing of it was read"


def read(document: bytes, most: int) -> list[tuple[int, Any, str]]:
    stream = io.BytesIO(document)
    values = JSONStream(lambda size: stream.read(min(size, most)))
    return [(one.line, None if one.problem else json.loads(one.document), one.problem) for one in values]


@pytest.mark.slow
@pytest.mark.parametrize("layout", FORMATS)
@settings(max_examples=50)
@given(values=st.lists(OBJECTS, max_size=6), most=st.integers(1, 40) | st.just(1 << 20))
def test_values_are_read_as_they_were_written(layout: str, values: list[Any], most: int) -> None:
    document = FORMATS[layout](values).encode()
    assert [value for _, value, _ in read(document, most)] == values


@settings(max_examples=50)
@given(values=st.lists(OBJECTS, min_size=1, max_size=6), data=st.data(), most=st.integers(1, 40))
def test_a_malformed_line_is_one_fault_and_the_other_lines_are_read(
    values: list[Any], data: st.DataObject, most: int
) -> None:
    whole = [json.dumps(one) for one in values]
    broken = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(1, len(whole[broken]) - 1))
    document = "".join(f"{line[:cut] if at == broken else line}\n" for at, line in enumerate(whole))
    found = read(document.encode(), most)
    assert [value for _, value, problem in found if not problem] == values[:broken] + values[broken + 1 :]
    assert len([problem for _, _, problem in found if problem]) == 1


def read_in_pieces(document: bytes) -> list[tuple[int, Any, str]]:
    """The values, which must not depend on the sizes of the pieces."""
    (whole, *others) = [read(document, most) for most in (1 << 20, 1, 2, 3, 7)]
    assert all(other == whole for other in others)
    return whole


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (b"", []),
        (b" \n\t\r\n", []),
        (b"{}\n\n\n{}", [(1, {}, ""), (4, {}, "")]),
        (b'{"a":\n1}\n{"b":\n1}', [(1, {"a": 1}, ""), (3, {"b": 1}, "")]),
        (b'{"a": NaN}\n{}', [(1, None, "is not JSON: invalid character: JSON has no NaN, give null or omit it"), (2, {}, "")]),
        (b'{\n "a": oops,\n "b": 1\n}\n{}', [(2, None, "is not JSON: invalid character"), (5, {}, "")]),
        (b'[\n  {\n    "a": oops\n  },\n  {}\n]', [(3, None, "is not JSON: invalid character"), (5, {}, "")]),
        (b"[{}, {oops}, {}]\n{}", [(1, {}, ""), (1, None, "is not JSON: expected '\"'"), (2, {}, "")]),
        (b"[{}, {oops}, {}]", [(1, {}, ""), (1, None, "is not JSON: expected '\"': the rest of the list was not read")]),
        (b"[{},", [(1, {}, ""), (1, None, "is a list without an end: was the file cut off?")]),
        (b"[{}\n{}", [(1, {}, ""), (1, None, "is a list without a comma between two items: is its end missing?"), (2, {}, "")]),
        (b'{}\n{"a":', [(1, {}, ""), (2, None, "is incomplete: the file ends in the middle of it")]),
        (b"[" * 9999 + b"\n{}", [(1, None, "is nested too deeply"), (2, {}, "")]),
        (b'{"a":' * 9999 + b"\n{}", [(1, None, "is nested too deeply"), (2, {}, "")]),
        (b"1 2\n3", [(1, 1, ""), (1, 2, ""), (2, 3, "")]),
        (b"hello\n{}", [(1, None, "is not JSON: invalid character"), (2, {}, "")]),
        (b"hello, world\n{}", [(1, None, "is not JSON: invalid character"), (2, {}, "")]),
        (b'  "a": 1,\n  "b": 2}\n{}', [(1, "a", ""), (1, None, "is not JSON: invalid character"), (3, {}, "")]),
        (b"id,name\n1,{}\n{}\n", [(1, None, CSV)]),
        (b'\xef\xbb\xbf"id";"name"\r\n"1";"[]"\r\n', [(1, None, CSV)]),
        (b"\n\nid\tname\n\n1\ta\n", [(3, None, CSV)]),
        (b"id\tname\n\n\n{}", [(1, None, "is not JSON: invalid character"), (4, {}, "")]),
        (b"id,name", [(1, None, CSV)]),
        (b"id," + b"name," * 100_000 + b"{}", [(1, None, CSV)]),
        *[('{"a": 1}\n{}'.encode(encoding), [(1, None, UTF_16)]) for encoding in ("utf-16", "utf-16-le", "utf-16-be")],
        ("\ufeffid,name\n1,a\n".encode("utf-16-be"), [(1, None, UTF_16)]),
        *[('{"a": 1}\n{}'.encode(encoding), [(1, None, UTF_32)]) for encoding in ("utf-32", "utf-32-le", "utf-32-be")],
        (b'{"a":"\\ud83d"}', [(1, None, SURROGATE)]),
        (b'{"a":{"b":"\\ud83d"}}\n{}', [(1, None, SURROGATE), (2, {}, "")]),
        (b'{"a":"\\udc00"}\n{"a":{"b":"\\uD83D"}}\n', [(1, None, SURROGATE), (2, None, SURROGATE)]),
        (b'{"a":"\\ud83d', [(1, None, "is incomplete: the file ends in the middle of it")]),
    ],
)  # fmt: skip
def test_values_and_faults_of_a_document(document: bytes, found: list[tuple[int, Any, str]]) -> None:
    assert read_in_pieces(document) == found


def test_a_value_that_is_too_large_is_a_fault_and_reading_continues() -> None:
    large = b'{"a": "' + b"x" * (MAX_VALUE_BYTES + (1 << 20)) + b'"}'
    assert read(b"{}\n" + large + b"\n{}\n", 1 << 20) == [
        (1, {}, ""),
        (2, None, "is over 16 MiB, too large for a batch"),
        (3, {}, ""),
    ]
