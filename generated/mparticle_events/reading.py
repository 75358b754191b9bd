# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""Read the other forms in which batches are written: those of mParticle's own software, and datetimes.

The models accept one form of each value. `documented` converts the others into it:

- another name of a field or of an enum's value (`x-aliases` in the spec);
- a required field that is absent and has a default (`x-defaults`);
- a number or a boolean that is written as a string;
- a number or a boolean in a field that is a string or null: a whole number becomes its digits;
- a whole number that is written with a fraction, such as `5.0`;
- an empty string where a boolean is expected, or a string with a pattern that it does not match: the field is left out;
- a datetime with a time zone where a time is expected.

`inbound` does the same for a batch that mParticle sent out, and leaves out what only mParticle sets.
"""

import re
from collections import Counter
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any

from msgspec import UNSET, ValidationError, convert, inspect

from . import models
from .service import MIN_UNIX_TIME_MS
from .wire import encode, to_unixtime_ms

ALIASES: dict[type, dict[str, str]] = {
    models.UserIdentities: {"customerid": "customer_id"},
    models.OperatingSystem: {"iOS": "IOS"},
    models.Product: {"customAttributes": "custom_attributes"},
}
_DEFAULTS: dict[type, dict[str, Any]] = {models.CustomEventData: {"custom_event_type": "other"}}
_OUTBOUND_LISTS: dict[type, dict[str, str]] = {models.UserIdentities: {"key": "identity_type", "value": "identity"}}
_READ_ONLY: dict[type, list[str]] = {
    models.Batch: ["schema_version", "batch_id", "timestamp_unixtime_ms", "origin_mpid", "modified", "source_info"],
    models.CommonEventData: ["event_id", "event_system_notification_info"],
    models.CustomEventData: ["event_id", "event_system_notification_info"],
    models.ScreenViewEventData: ["event_id", "event_system_notification_info"],
    models.CommerceEventData: ["custom_event_type", "event_id", "event_system_notification_info"],
    models.SessionStartEventData: ["event_id", "event_system_notification_info"],
    models.SessionEndEventData: ["event_id", "event_system_notification_info"],
    models.ApplicationStateTransitionEventData: ["event_id", "event_system_notification_info"],
    models.CrashReportEventData: ["event_id", "event_system_notification_info"],
    models.BreadcrumbEventData: ["event_id", "event_system_notification_info"],
    models.NetworkPerformanceEventData: ["event_id", "event_system_notification_info"],
    models.OptOutEventData: ["event_id", "event_system_notification_info"],
    models.PushRegistrationEventData: ["event_id", "event_system_notification_info"],
    models.PushMessageEventData: ["event_id", "event_system_notification_info"],
    models.PushReactionEventData: ["event_id", "event_system_notification_info"],
    models.ProfileEventData: ["event_id", "event_system_notification_info"],
    models.UserAttributeChangeEventData: ["event_id", "event_system_notification_info"],
    models.UserIdentityChangeEventData: ["event_id", "event_system_notification_info"],
    models.FirstRunEventData: ["event_id", "event_system_notification_info"],
    models.UninstallEventData: ["event_id", "event_system_notification_info"],
    models.PreAttributionEventData: ["event_id", "event_system_notification_info"],
}
PATTERNS: dict[str, str] = {
    "'^(((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\\\.(?=[0-9])|$)){4}|[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(:[0-9.]+)?)$(?!\\\\n)'": "an IPv4 or IPv6 address",
    "'^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$(?!\\\\n)'": "a UUID",
    "'^([0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})?$(?!\\\\n)'": "a UUID, or an empty string",
    "'^-?[0-9]{1,19}$(?!\\\\n)'": "an integer as a string of digits",
}
"""The words for each pattern in a message. The keys are the patterns as the decoder writes them."""

_OUTBOUND_ONLY = ["message_id", "message_type", "unique_id", "system_notifications", "block_metadata"]
_FROM_TEXT: dict[type, Any] = {inspect.IntType: int, inspect.FloatType: float, inspect.BoolType: bool}
_TIME = "timestamp_unixtime_ms"  # of an item of an outbound list, left out
_EXACT = 2**53  # a float has each whole number below it


def documented(value: Any, kind: Any) -> Any:
    """A JSON value in the form that a model accepts. What cannot be converted is left as it is.

    Args:
        value: The value, in dicts and lists; datetimes and Decimals may be in it. It is not changed.
        kind: The model, or a union of models.
    """
    return _convert(value, branches_of(kind), None)


def inbound(value: Any, kind: Any) -> tuple[Any, Counter[str]]:
    """A JSON value that mParticle sent out, in the form that a model accepts, and how often each field was left out."""
    left_out: Counter[str] = Counter()
    return _convert(value, branches_of(kind), left_out), left_out


@cache
def branches_of(kind: Any) -> list[inspect.Type]:
    """The branches of a model or a union of models. The result must not be changed."""
    return branches(inspect.type_info(kind))


def branches(part: inspect.Type) -> list[inspect.Type]:
    """The branches of a union, without their constraints."""
    match part:
        case inspect.Metadata(type=inner):
            return branches(inner)
        case inspect.UnionType(types=types):
            return [branch for inner in types for branch in branches(inner)]
    return [part]


def is_time(types: list[inspect.Type]) -> bool:
    """Whether a field of these types is a time."""
    return any(isinstance(part, inspect.IntType) and part.ge == MIN_UNIX_TIME_MS for part in types)


def _convert(value: Any, types: list[inspect.Type], left_out: Counter[str] | None) -> Any:
    """Convert a value. `left_out` counts the fields that an outbound value loses; None if the value is not outbound."""
    for part in types:
        match part:
            case inspect.StructType(cls=cls) if left_out is not None and _is_outbound_list(value, cls):
                if outbound_problem(value, cls):
                    return value
                key, item = _OUTBOUND_LISTS[cls].values()
                left_out.update(f"{cls.__name__}.{_TIME}" for one in value if one.get(_TIME) is not None)
                return _convert_object({one[key]: one[item] for one in value}, part, left_out)
            case inspect.StructType() if isinstance(value, dict) and value.get(part.tag_field) in (None, part.tag):
                return _convert_object(value, part, left_out)
            case inspect.DictType() if isinstance(value, dict):
                inner = branches(part.value_type)
                return {key: _kept(item, _convert(item, inner, left_out)) for key, item in value.items()}
            case inspect.CollectionType() if isinstance(value, list):
                inner = branches(part.item_type)
                return [_kept(item, _convert(item, inner, left_out)) for item in value]
    return value if isinstance(value, (dict, list)) else _convert_scalar(value, types)


def outbound_problem(value: Any, cls: type) -> tuple[tuple[int | str, ...], str] | None:
    """The first fault of an outbound list that cannot become an object: its path in the list, and the problem."""
    if not _is_outbound_list(value, cls):
        return None
    key, item = _OUTBOUND_LISTS[cls].values()
    known = [key, item, _TIME]
    keys: set[str] = set()
    for index, one in enumerate(value):
        for name in one:
            if name not in known:
                return (index, name), f"is not a known field: known fields are {', '.join(known)}"
        if item not in one:
            return (index, item), "is required: give it a value"
        if one[key] in keys:
            return (index,), f"{one[key]} occurs twice: give it once"
        keys.add(one[key])
    return None


def _kept(value: Any, converted: Any) -> Any:
    return value if converted is UNSET else converted


def _is_outbound_list(value: Any, cls: type) -> bool:
    if not isinstance(value, list) or cls not in _OUTBOUND_LISTS:
        return False
    key = _OUTBOUND_LISTS[cls]["key"]
    return all(isinstance(one, dict) and isinstance(one.get(key), str) for one in value)


def _convert_object(value: dict[str, Any], part: inspect.StructType, left_out: Counter[str] | None) -> dict[str, Any]:
    aliases = ALIASES.get(part.cls, {})
    named = {name if (name := aliases.get(key, key)) not in value else key: item for key, item in value.items()}
    if left_out is not None:
        dropped = [name for name in named if name in _OUTBOUND_ONLY or name in _READ_ONLY.get(part.cls, ())]
        left_out.update(f"{part.cls.__name__}.{name}" for name in dropped if named.pop(name) is not None)
    fields = {field.encode_name: field for field in part.fields}
    converted = dict(_DEFAULTS.get(part.cls, {}))
    for name, item in named.items():
        new = _convert(item, branches(fields[name].type), left_out) if name in fields else item
        if new is not UNSET:
            converted[name] = new
        elif fields[name].required:
            converted[name] = item
    return converted


def _convert_scalar(value: Any, types: list[inspect.Type]) -> Any:
    if isinstance(value, str):
        return _convert_text(value, types)
    if isinstance(value, datetime):
        return to_unixtime_ms(value) if is_time(types) and value.utcoffset() is not None else value
    kinds = {type(part) for part in types}
    if isinstance(value, (float, Decimal)) and inspect.IntType in kinds and inspect.FloatType not in kinds:
        return int(value) if _is_exact(value) and value == int(value) else value
    is_text = kinds == {inspect.StrType, inspect.NoneType}
    return _text(value) if is_text and isinstance(value, (bool, int, float, Decimal)) else value


def _text(value: bool | float | Decimal) -> Any:
    """A number or a boolean as text. A whole number is its digits, however it is written."""
    if isinstance(value, int):
        return encode(value).decode()
    if not _is_exact(value):
        return value
    return str(int(value)) if value == int(value) else encode(value).decode()


def _is_exact(value: float | Decimal) -> bool:
    """Whether a number is finite, and so small that a float has not lost digits of it."""
    return isfinite(value) and -_EXACT < value < _EXACT


def _convert_text(value: str, types: list[inspect.Type]) -> Any:
    """A string that is another name of an enum's value, a number, a boolean, or empty for absent."""
    for part in types:
        match part:
            case inspect.EnumType(cls=enum) if value in ALIASES.get(enum, {}):
                return ALIASES[enum][value]
            case inspect.StrType(pattern=pattern):
                return value if value or pattern is None or re.search(pattern, value) else UNSET
    if not value and any(isinstance(part, inspect.BoolType) for part in types):
        return UNSET
    kinds = {type(part) for part in types}
    for builtin in [builtin for kind, builtin in _FROM_TEXT.items() if kind in kinds]:
        if builtin is int and not value.removeprefix("-").isdecimal():
            continue  # 9007199254740993.0 would be rounded
        with suppress(ValidationError):
            number = convert(value, builtin, strict=False)
            return number if type(number) is not float or isfinite(number) else value
    return value
