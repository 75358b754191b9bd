"""Encode once, and check what was encoded: one typed decode against the generated models."""

from __future__ import annotations

import threading
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

import msgspec
from mparticle_events import models
from mparticle_events.wire import encode, to_plain

from ._errors import ValidationError

T = TypeVar("T")

UNENCODABLE = (TypeError, ValueError, OverflowError, RecursionError)
"""What encoding raises for a value that has no JSON form."""


def encoded(value: Any, batch_index: int | None = None) -> bytes:
    """A batch, or a part of one, as JSON.

    Raises:
        ValidationError: A value in it has no JSON form.
    """
    try:
        document = encode(value)
    except UNENCODABLE as error:
        from ._explain import unencodable  # only on the way to an error

        raise unencodable(value, error, batch_index) from None
    if _may_hold_no_number(document):
        _refuse_no_number(value, batch_index)
    return document


def checked(document: bytes, kind: type[T], batch_index: int | None = None) -> T:
    """A document as its model, with every rule of the spec that a model can hold.

    Raises:
        ValidationError: The first fault, with its path and what to do.
    """
    try:
        decoded: T = (_decoders.get(kind) or _made(kind)).decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        from ._explain import explained  # only on the way to an error

        raise explained(str(error), document, kind, batch_index) from None
    return decoded


def load_decoders() -> None:
    """Make what is made at first use now, where that must not be in the middle of something."""
    _made(models.Batch)


def _made(kind: Any) -> msgspec.json.Decoder[Any]:
    with _making:  # two threads that let msgspec read a class for the first time at once bring the interpreter down
        if kind not in _decoders:
            _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()
_N, _I = ord("N"), ord("I")  # as numbers: bytes are tried for one first, at five times the cost of the search


def _may_hold_no_number(document: bytes) -> bool:
    """Whether there is what a float that is no number is written as, or a Decimal."""
    return (
        document.rfind(b"null") >= 0  # from behind, where the search takes half the time
        or (_N in document and b"NaN" in document)
        or (_I in document and b"Infinity" in document)
    )


def _refuse_no_number(value: Any, batch_index: int | None) -> None:
    """A float that is no number is written as null, which would lose it in silence. Looked for only where it may be."""
    from ._places import find, shown

    plain = msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True, enc_hook=to_plain)
    place = find(plain, _is_no_number)
    if place is not None:
        raise ValidationError("is no finite number, which JSON cannot carry: leave it out", shown(place), batch_index)


def _is_no_number(leaf: Any) -> bool:
    return not leaf.is_finite() if isinstance(leaf, Decimal) else isinstance(leaf, float) and not isfinite(leaf)
