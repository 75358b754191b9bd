# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""The base class of the models, and their JSON."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from json import dumps
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from msgspec import Struct, json, to_builtins

from .strict import set_attribute

_TIME_AS_TEXT = b'_ms":"'  # how a datetime in a field of a time is encoded


class Model(Struct, gc=False):
    """The base class of the models."""

    if not TYPE_CHECKING:  # type checkers would accept any attribute then
        __setattr__ = set_attribute

    def to_json(self) -> str:
        """The JSON of the model, with a datetime as its Unix milliseconds and bytes as Base64. It is not validated.

        Raises:
            TypeError: A value has no JSON form.
        """
        document = encode(self)
        if has_times(self, document):
            from .reading import documented  # loaded when it is needed, and it imports this module

            document = encode(documented(to_dicts(self), type(self)))
        return document.decode()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the model as a dict: a Decimal is a float in it, an enum a string.

        Raises:
            TypeError: A value has no JSON form.
        """
        document: dict[str, Any] = json.decode(self.to_json())
        return document


def to_unixtime_ms(when: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC, of a datetime with a time zone."""
    return (when - _EPOCH) // timedelta(milliseconds=1)


def encode(body: Any) -> bytes:
    """Encode models, or dicts of the same structure, as JSON.

    A Decimal becomes a number with all its digits, a UUID or an enum a string. A `msgspec.Raw` is copied.

    Raises:
        TypeError: A value has no JSON form.
    """
    return _ENCODER.encode(body)


def to_dicts(value: Any) -> Any:
    """A value in dicts and lists, in which only Decimals and datetimes stay as they are."""
    return to_builtins(value, builtin_types=_KEPT, str_keys=True, enc_hook=to_plain)


def has_times(value: Any, document: bytes) -> bool:
    """Whether a value has a datetime in a field of a time. `document` is its JSON."""
    if _TIME_AS_TEXT not in document:
        return False
    others: list[Any] = []  # what the encoder of Python does not know
    dumps(to_dicts(value), default=others.append)
    return any(isinstance(one, datetime) for one in others)


def to_plain(value: Any) -> Any:
    """Convert a value that msgspec cannot encode: a number, string, time or container of another library.

    Raises:
        TypeError: The value has no JSON form.
    """
    if type(value) in (dict, list, tuple):  # msgspec encodes these itself, except as a key
        raise TypeError(f"a key of JSON is a string, not {type(value).__name__}")
    if isinstance(value, (bytes, bytearray)):  # a subclass, which would become a list of numbers
        raise TypeError(f"{type(value).__name__} is bytes, which JSON does not have")
    for kind, plain in _PLAIN:
        if isinstance(value, kind):
            return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT = (Decimal, datetime)  # looked up now: freezegun replaces the name `datetime`
_combine = datetime.combine  # the same
_PLAIN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # str() would return a subclass unchanged if its __str__ returns itself
    (Integral, int),
    (Real, float),
    (Mapping, dict),
    (Sequence, list),
    (datetime, lambda time: _combine(time.date(), time.timetz())),
)
_ENCODER = json.Encoder(enc_hook=to_plain, decimal_format="number")
