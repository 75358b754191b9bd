# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""Read the other forms in which batches are written: those of mParticle's own software, and datetimes.

The models accept one form of each value. `documented` converts the others into it:

- another name of a field or of an enum's value (`x-aliases` in the spec);
- a required field that is absent and has a default (`x-defaults`);
- a number or a boolean that is written as a string;
- a number or a boolean in a field that is a string or null;
- an empty string where a boolean is expected, or a string with a pattern that it does not match: the field is left out;
- a datetime with a time zone where a time is expected.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import UNSET, ValidationError, convert, inspect

from . import models
from .service import MIN_UNIX_TIME_MS
from .wire import encode

_ALIASES: dict[type, dict[str, str]] = {
    models.UserIdentities: {"customerid": "customer_id"},
    models.OperatingSystem: {"iOS": "IOS"},
    models.Product: {"customAttributes": "custom_attributes"},
}
_DEFAULTS: dict[type, dict[str, Any]] = {models.CustomEventData: {"custom_event_type": "other"}}
_FROM_TEXT: dict[type, Any] = {inspect.IntType: int, inspect.FloatType: float, inspect.BoolType: bool}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def documented(value: Any, kind: Any) -> Any:
    """A JSON value in the form that a model accepts. What cannot be converted is left as it is.

    Args:
        value: The value, in dicts and lists; datetimes and Decimals may be in it. It is not changed.
        kind: The model, or a union of models.
    """
    return _convert(value, list(branches(inspect.type_info(kind))))


def branches(part: inspect.Type) -> Iterator[inspect.Type]:
    """The branches of a union, without their constraints."""
    match part:
        case inspect.Metadata(type=inner):
            yield from branches(inner)
        case inspect.UnionType(types=types):
            for inner in types:
                yield from branches(inner)
        case _:
            yield part


def _convert(value: Any, types: list[inspect.Type]) -> Any:
    for part in types:
        match part:
            case inspect.StructType() if isinstance(value, dict) and value.get(part.tag_field) in (None, part.tag):
                return _convert_object(value, part)
            case inspect.DictType() if isinstance(value, dict):
                inner = list(branches(part.value_type))
                return {key: _kept(item, _convert(item, inner)) for key, item in value.items()}
            case inspect.CollectionType() if isinstance(value, list):
                inner = list(branches(part.item_type))
                return [_kept(item, _convert(item, inner)) for item in value]
    return value if isinstance(value, (dict, list)) else _convert_scalar(value, types)


def _kept(value: Any, converted: Any) -> Any:
    return value if converted is UNSET else converted


def _convert_object(value: dict[str, Any], part: inspect.StructType) -> dict[str, Any]:
    aliases = _ALIASES.get(part.cls, {})
    named = {name if (name := aliases.get(key, key)) not in value else key: item for key, item in value.items()}
    fields = {field.encode_name: field for field in part.fields}
    converted = dict(_DEFAULTS.get(part.cls, {}))
    for name, item in named.items():
        new = _convert(item, list(branches(fields[name].type))) if name in fields else item
        if new is not UNSET:
            converted[name] = new
        elif fields[name].required:
            converted[name] = item
    return converted


def _convert_scalar(value: Any, types: list[inspect.Type]) -> Any:
    if isinstance(value, str):
        return _convert_text(value, types)
    kinds = {type(part) for part in types}
    if isinstance(value, datetime):
        is_time = any(isinstance(part, inspect.IntType) and part.ge == MIN_UNIX_TIME_MS for part in types)
        return (value - _EPOCH) // timedelta(milliseconds=1) if is_time and value.tzinfo else value
    if kinds == {inspect.StrType, inspect.NoneType} and isinstance(value, (bool, int, float, Decimal)):
        return encode(value).decode()
    return value


def _convert_text(value: str, types: list[inspect.Type]) -> Any:
    """A string that is another name of an enum's value, a number, a boolean, or empty for absent."""
    for part in types:
        match part:
            case inspect.EnumType(cls=enum) if value in _ALIASES.get(enum, {}):
                return _ALIASES[enum][value]
            case inspect.StrType(pattern=pattern):
                return value if value or pattern is None or re.search(pattern, value) else UNSET
    if not value and any(isinstance(part, inspect.BoolType) for part in types):
        return UNSET
    for kind in [type(part) for part in types if type(part) in _FROM_TEXT]:
        with suppress(ValidationError):
            return convert(value, _FROM_TEXT[kind], strict=False)
    return value
