"""A row of the page: what is to be seen of a batch at a glance. Whatever arrived, it is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, get_args

import msgspec
from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES
from msgspec import Struct

from ._arrivals import UNREADABLE, Arrival, documents_of

_IDENTITIES = ("customer_id", "email", "mobile_number", "other", *models.UserIdentities.__struct_fields__)
_BESIDE = ("mpid", "mp_deviceid", "ip")
_NAMES = ("event_name", "screen_name", "label", "url", "user_attribute_name")
_ACTIONS = ("product_action", "promotion_action")
_KINDS = ("application_transition_type", "profile_event_type", "push_message_type")
_MOST_EVENTS = 12  # in a row; the details have all
_MOST_IDENTITIES = _MOST_TYPES = 40  # in a row: more than the spec has
_MOST_CHARACTERS = 200  # of a text in a row
_MOST_REASON = 600


def _most(limited: Any) -> int:
    """The limit of a type, as the spec has it."""
    most: int = get_args(limited)[1].max_length
    return most


_USER_ATTRIBUTES = _most(models.UserAttributes)
_EVENT_ATTRIBUTES = _most(models.EventAttributes)
_EVENT_NAME = _most(models.EventName)
_ATTRIBUTE_TEXT = _most(models.AttributeString)


class Meter(NamedTuple):
    """How much of a limit is used."""

    limit: str
    used: int
    most: int


class Identity(NamedTuple):
    """Who a user is to one system."""

    kind: str
    value: str


class Event(NamedTuple):
    """An event by its type and its name."""

    kind: str
    name: str


class Row(Struct, omit_defaults=True):
    """See the module; times in Unix milliseconds, sizes in bytes."""

    number: int
    at: int
    path: str
    outcome: str
    status: int | None
    size: int
    reason: str = ""
    environment: str = ""
    identities: list[Identity] = []
    events: list[Event] = []
    event_count: int = 0
    types: list[str] = []
    batches: int = 1
    meters: list[Meter] = []


def row_of(number: int, arrival: Arrival) -> Row:
    """The row of what arrived."""
    request, fate = arrival.request, arrival.fate
    batch, batches = _batch_of(arrival)
    events = [event for event in _list(batch.get("events")) if isinstance(event, dict)]
    return Row(
        number,
        int(request.arrived_at * 1000),
        _text(request.path),
        fate.outcome,
        request.status,
        request.size if fate.outcome == "refused" else len(memoryview(arrival.document)),
        _text(fate.reason or "", _MOST_REASON),
        _text(batch.get("environment", "")),
        list(_identities(batch)),
        [_event(event) for event in events[:_MOST_EVENTS]],
        len(events),
        sorted({_text(event.get("event_type", "")) for event in events})[:_MOST_TYPES],
        batches,
        _meters(arrival, batch, events, batches),
    )


def _batch_of(arrival: Arrival) -> tuple[dict[str, Any], int]:
    """What can be read of a batch, and for how many it stands."""
    documents = documents_of(arrival.request.body) if arrival.fate.outcome == "refused" else [arrival.document]
    try:
        batch = msgspec.json.decode(documents[0]) if len(documents) == 1 else None
    except UNREADABLE:
        batch = None
    return batch if isinstance(batch, dict) else {}, len(documents)


def _identities(batch: Mapping[str, Any]) -> Iterator[Identity]:
    """Who the user is, the best known first."""
    known = _dict(batch.get("user_identities"))
    names = dict.fromkeys((*(name for name in _IDENTITIES if name in known), *known))
    given = (Identity(_text(name), _text(known[name])) for name in names if known[name] is not None)
    yield from islice(given, _MOST_IDENTITIES)
    yield from (Identity(name, _text(batch[name])) for name in _BESIDE if batch.get(name) is not None)


def _event(event: Mapping[str, Any]) -> Event:
    data = _dict(event.get("data"))
    actions = (_dict(data.get(action)).get("action") for action in _ACTIONS)
    said = (*(data.get(name) for name in _NAMES), *actions, *(data.get(kind) for kind in _KINDS))
    return Event(_text(event.get("event_type", "")), _text(next((name for name in said if name), "")))


def _meters(arrival: Arrival, batch: Mapping[str, Any], events: list[dict[str, Any]], batches: int) -> list[Meter]:
    """How near what arrived is to each limit, the nearest first."""
    data = [_dict(event.get("data")) for event in events]
    attributes = [_dict(one.get("custom_attributes")) for one in data]
    user_attributes = _dict(batch.get("user_attributes"))
    texts = (value for values in (user_attributes, *attributes) for value in values.values())
    meters = [
        Meter("bytes of the request", arrival.request.size, MAX_REQUEST_BYTES),
        Meter("batches in the request", batches, MAX_BATCHES),
        Meter("user attributes", len(user_attributes), _USER_ATTRIBUTES),
        Meter("attributes of an event", max(map(len, attributes), default=0), _EVENT_ATTRIBUTES),
        Meter("characters of an event name", _longest(one.get("event_name") for one in data), _EVENT_NAME),
        Meter("characters of an attribute", _longest(texts), _ATTRIBUTE_TEXT),
    ]
    return sorted((meter for meter in meters if meter.used), key=lambda meter: -meter.used / meter.most)


def _longest(texts: Iterable[object]) -> int:
    return max((len(text) for text in texts if isinstance(text, str)), default=0)


def _text(value: object, most: int = _MOST_CHARACTERS) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= most else text[:most] + "…"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
