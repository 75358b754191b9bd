"""Encode a batch once, and validate the encoded JSON with one typed decode into the generated models.

Only a batch that does not fit is looked at again: for other forms that can be read, and then for the error.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from mparticle_events import models
from mparticle_events.service import MAX_REQUEST_BYTES, MIN_HISTORICAL_AGE_HOURS
from mparticle_events.wire import encode, has_times, to_dicts, to_plain

from ..errors import LONE_SURROGATE, ValidationError, WrongCallError, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..batch import AnyBatch
    from .paths import Path

T = TypeVar("T")

_HOUR_MS = 3_600_000
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAX_DEPTH = 8  # of a batch without nested custom flags; each level doubles the time to make the decoder, here 8 ms
_MARKS = (0xC4, 0xC5, 0xC6)  # of bytes in MessagePack
_PACKER = msgspec.msgpack.Encoder(enc_hook=to_plain, order="deterministic")  # a TypeError for a key that is not text
_NEARLY_FULL_BYTES = MAX_REQUEST_BYTES - 100  # without an id and brackets
_EXACT = msgspec.json.Decoder(float_hook=Decimal)  # numbers keep their digits
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_NEWLINE = ord("\n")
_FIRST_KEY, _ID = b'{"', b'"source_request_id"'
_N, _I = ord("N"), ord("I")  # numbers, because `bytes in bytes` takes five times as long as `int in bytes`


def require_batch(batch: AnyBatch, place: str = "") -> AnyBatch:
    """The argument, if it is a batch; else a WrongCallError."""
    if not isinstance(batch, (models.Batch, Mapping, str, bytes)):
        advice = ": use bulk_upload_events" if isinstance(batch, (list, tuple)) and not place else ""
        advice = ": give JSON as bytes, as in bytes(document)" if isinstance(batch, (bytearray, memoryview)) else advice
        advice = ": put it into one: Batch(..., events=[...])" if isinstance(batch, models.CommonEventData) else advice
        raise WrongCallError(f"{place}a Batch is expected, not {type_name(batch)}{advice}")
    return batch


def encoded(value: Any, batch_index: int | None = None) -> bytes:
    """Encode a batch, or a part of one, as JSON; a ValidationError if a value has no JSON form."""
    try:
        document = encode(value)
        nonfinite = _may_have_nonfinite(document) and _has_nonfinite(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _no_json_form(value, error, batch_index) from None
    if nonfinite:
        from .explain import nonfinite_problems  # loaded when there may be an error

        _refuse(nonfinite_problems(value), batch_index)
    return document


def require_text(value: Any, document: bytes, batch_index: int | None = None) -> None:
    """Refuse what the encoder writes into the document as text with a ValidationError: bytes, and keys such as True."""
    if _may_have_bytes(value, document):
        from .explain import bytes_problems  # loaded when there may be an error

        _refuse(bytes_problems(value), batch_index)


def checked(document: bytes, kind: type[T], batch_index: int | None = None) -> T:
    """Decode a document as a model; a ValidationError for the first rule of the spec that it breaks."""
    try:
        decoded: T = (_decoders.get(kind) or _make_decoder(kind)).decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        from .explain import explain_decoding  # loaded when there is an error

        raise explain_decoding(str(error), document, kind, batch_index) from None
    return decoded


def read(document: bytes, kind: type[T], batch_index: int | None = None, source: Any = None) -> tuple[bytes, T]:
    """Decode a document as a model. Forms that the model does not accept are converted, if they are known.

    Returns the document as it is sent, and the model. `source` is what was encoded: a datetime is only seen there.
    """
    try:
        return document, checked(document, kind, batch_index)
    except ValidationError as error:
        known = converted(document, kind, source, batch_index)
        if known == document:
            raise error from None
    return known, checked(known, kind, batch_index)


def utf8(text: str | bytes, batch_index: int | None = None) -> bytes:
    """JSON text as UTF-8, without a byte order mark; a ValidationError if it has no such form."""
    try:
        document = text.encode() if isinstance(text, str) else text
        if not document.isascii():
            document.decode()  # msgspec does not look at what it skips
    except UnicodeEncodeError:
        raise ValidationError(f"has {LONE_SURROGATE}", batch_index=batch_index) from None
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8, as JSON must be: {error.reason}"
        raise ValidationError(problem, batch_index=batch_index) from None
    return document.removeprefix(_BOM)


def read_document(
    text: str | bytes, kind: type[T], batch_index: int | None = None, new_id: Callable[[], str] | None = None
) -> tuple[bytes, T]:
    """Decode JSON as a model. In the documented form it is sent as it is, but on one line.

    Returns the JSON as it is sent, with a `source_request_id` from `new_id` if it has none, and the model.
    """
    document, model = read(utf8(text, batch_index), kind, batch_index)
    document = document.strip(_BLANKS)
    if _NEWLINE in document or len(document) > _NEARLY_FULL_BYTES:
        document = msgspec.json.format(document, indent=-1)
    found = model.source_request_id  # type: ignore[attr-defined]  # each kind of batch has it
    if new_id and found is msgspec.UNSET and document.startswith(_FIRST_KEY):
        document = b'{"source_request_id":"%b",%b' % (new_id().encode(), document[1:])
    elif (new_id and not found) or (found and document.count(_ID) != 1):  # of a repeated key the last value is checked
        fields = checked(document, dict[str, msgspec.Raw], batch_index)
        document = encode({**fields, "source_request_id": found or (new_id and new_id())})
    return document, model


def converted(document: bytes, kind: Any, source: Any = None, batch_index: int | None = None) -> bytes:
    """The JSON with the known other forms converted; the same JSON if it has none of them."""
    from mparticle_events.reading import documented  # loaded when it is needed

    try:
        value = _value(document, source, batch_index)
    except _UNREADABLE:
        return document
    known = encode(documented(value, kind))
    return document if known == encode(value) else known  # compared as bytes, because 5 equals 5.0


def same_values(document: bytes, other: bytes) -> bool:
    """Whether two documents have the same values. The order of the fields does not matter, each digit does."""
    return bool(_EXACT.decode(document) == _EXACT.decode(other))


def with_times(document: bytes, batch: Any, batch_index: int | None = None) -> bytes:
    """The JSON of a batch with datetimes in milliseconds. `batch` is what was encoded."""
    try:
        return converted(document, models.Batch, batch, batch_index) if has_times(batch, document) else document
    except TypeError as error:
        raise _no_json_form(batch, error, batch_index) from None


def inbound(document: bytes, source: Any = None) -> tuple[bytes, Counter[str]]:
    """The JSON of a batch that mParticle sent out, as it can be sent in, and how often each field was left out."""
    from mparticle_events import reading  # loaded when it is needed

    try:
        value = _value(document, source)
    except _UNREADABLE:
        return document, Counter()
    known, left_out = reading.inbound(value, models.Batch)
    return encode(known), left_out


def _value(document: bytes, source: Any, batch_index: int | None = None) -> Any:
    try:
        return _EXACT.decode(document) if source is None else to_dicts(source)
    except TypeError as error:  # a key that is neither text nor a number
        raise _no_json_form(source, error, batch_index) from None


def _no_json_form(value: Any, error: Exception, batch_index: int | None) -> ValidationError:
    from .explain import explain_encoding  # loaded when there is an error

    return explain_encoding(value, error, batch_index)


def renew_lock() -> None:
    """In a forked child: another thread can have held the lock at the fork."""
    global _lock
    _lock = threading.Lock()


def load_decoders() -> None:
    """Make the decoder now that is otherwise made at first use."""
    _make_decoder(models.Batch)


def require_size(document: bytes, index: int | None) -> None:
    """Refuse a batch that is larger than a request. `index` is its index in a bulk request, None for a single batch."""
    size = len(document) + (0 if index is None else len("[]"))
    if size > MAX_REQUEST_BYTES:
        problem = f"has {size} bytes, but a request can have at most {MAX_REQUEST_BYTES}: split it"
        raise ValidationError(problem, batch_index=index)


def require_historical(batch: models.Batch, index: int) -> None:
    """Refuse a batch that the historical endpoint accepts and then drops silently."""
    newest = time.time_ns() // 1_000_000 - MIN_HISTORICAL_AGE_HOURS * _HOUR_MS
    if not batch.events:
        problem = "is required for a historical upload: give at least one event"
        raise ValidationError(problem, path="events", batch_index=index)
    for number, event in enumerate(batch.events):
        at = event.data.timestamp_unixtime_ms
        path = f"events[{number}].data.timestamp_unixtime_ms"
        if not isinstance(at, int):
            raise ValidationError("is required for a historical upload: give it a value", path, index)
        if at > newest:
            problem = f"is less than {MIN_HISTORICAL_AGE_HOURS} hours ago: upload this batch without historical"
            raise ValidationError(problem, path, index)


def _make_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    with _lock:  # msgspec crashes if two threads inspect a class for the first time at once
        if kind not in _decoders:
            _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_lock = threading.Lock()


def _may_have_nonfinite(document: bytes) -> bool:
    """Whether the JSON contains what the encoder writes for a number that is not finite."""
    return (
        document.rfind(b"null") >= 0  # rfind takes half as long as find
        or (_N in document and b"NaN" in document)
        or (_I in document and b"Infinity" in document)
    )


def _has_nonfinite(value: Any) -> bool:
    """Whether a value has NaN or infinity, which the encoder writes as null."""
    try:
        json.dumps(to_dicts(value), allow_nan=False, default=_require_finite)
    except ValueError:
        return True
    return False


def _require_finite(value: Any) -> None:
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(value)


def _may_have_bytes(value: Any, document: bytes) -> bool:
    """Whether a value may have bytes, or a key that is not text. MessagePack, unlike JSON, tells them from text.

    Text and numbers can have the same marks as bytes.
    """
    try:
        packed = _PACKER.encode(value)
        has_mark = 0xC4 in packed or 0xC5 in packed or 0xC6 in packed  # `in` is faster than `count`
        if has_mark and sum(map(packed.count, _MARKS)) > sum(map(document.count, _MARKS)):
            _text_decoder().decode(packed)
    except (TypeError, OverflowError, msgspec.DecodeError):  # a key, bytes, or another value that only JSON can have
        return True
    return False


@cache
def _text_decoder() -> msgspec.msgpack.Decoder[Any]:
    """Decodes all values but bytes, up to some depth, because msgspec has no recursive unions."""
    kind: Any = str | int | float | bool | None
    for _ in range(_MAX_DEPTH):
        kind = str | int | float | bool | None | list[kind] | dict[str, kind]
    return msgspec.msgpack.Decoder(kind)


def _refuse(problems: list[tuple[Path, str]], batch_index: int | None) -> None:
    if problems:
        from .paths import format_path

        path, problem = problems[0]
        raise ValidationError(problem, format_path(path), batch_index)
