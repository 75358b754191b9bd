# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""Models as JSON."""

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from msgspec import json


def encode(body: Any) -> bytes:
    """Encode models, or dicts of their shape: a Decimal as a number, a UUID and an enum as strings, `Raw` as it stands.

    Raises:
        TypeError: A value has no JSON form.
    """
    return _ENCODER.encode(body)


def to_plain(value: Any) -> Any:
    """What the encoder does not know by itself: numbers, strings and containers of other libraries."""
    if type(value) in (dict, list, tuple):  # known by itself, but not as a key
        raise TypeError(f"a key of JSON is a string, not {type(value).__name__}")
    for kind, plain in _PLAIN:
        if isinstance(value, kind):
            return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # str() would give back a subclass whose __str__ returns itself
    (Integral, int),
    (Real, float),
    (Mapping, dict),
    (Sequence, list),
)
_ENCODER = json.Encoder(enc_hook=to_plain, decimal_format="number")
