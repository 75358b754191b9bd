"""The rows of the page: a short summary of each batch. It can be made of any body, valid or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec
from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_HISTORICAL_AGE_HOURS
from msgspec import Struct

from ._request_log import UNREADABLE, ReceivedBatch, Request, documents_of

if TYPE_CHECKING:
    from .. import DataPlan
    from .. import Violation as PlanViolation

_IDENTITIES = ("customer_id", "email", "mobile_number", "other", *models.UserIdentities.__struct_fields__)
_OTHER_IDENTITIES = ("mpid", "mp_deviceid", "ip")
_DEVICE_IDS = [name for name in models.DeviceInformation.__struct_fields__ if name.endswith(("_id", "_uuid", "_idfv"))]
_HOUR_MS = 3_600_000
_MAX_WARNINGS = 5
_MAX_VIOLATIONS = 20
_BLOCKED = {
    "drop_event": "the plan blocks it: mParticle drops the event",
    "drop_attribute": "the plan blocks it: mParticle drops the attribute",
    "drop_batch": "the plan blocks it: mParticle drops the batch",
}
_NAME_FIELDS = ("event_name", "screen_name", "label", "url", "user_attribute_name")
_ACTION_FIELDS = ("product_action", "promotion_action")
_TYPE_FIELDS = ("application_transition_type", "profile_event_type", "push_message_type")
_MAX_EVENTS = 12
_MAX_IDENTITIES = _MAX_TYPES = 40  # the spec has fewer
_MAX_CHARACTERS = 200
_MAX_REASON_CHARACTERS = 600


def _max_length(constrained: Any) -> int:
    """The limit of a type in the spec."""
    max_length: int = get_args(constrained)[1].max_length
    return max_length


_MAX_USER_ATTRIBUTES = _max_length(models.UserAttributes)
_MAX_EVENT_ATTRIBUTES = _max_length(models.EventAttributes)
_MAX_NAME_CHARACTERS = _max_length(models.EventName)
_MAX_ATTRIBUTE_CHARACTERS = _max_length(models.AttributeString)


class Usage(NamedTuple):
    """How much of a limit is used."""

    limit: str
    used: int
    maximum: int


class Identity(NamedTuple):
    """An identity of the user."""

    kind: str
    value: str


class Event(NamedTuple):
    """The type and the name of an event."""

    kind: str
    name: str


class Violation(NamedTuple):
    """A violation of the data plan. `consequence` is empty if mParticle does nothing about it."""

    path: str
    problem: str
    consequence: str


class Row(Struct, omit_defaults=True):
    """A row of the page. The time is in Unix milliseconds, the size in bytes."""

    number: int
    time: int
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
    limits: list[Usage] = []
    warnings: list[str] = []
    violations: list[Violation] = []
    violation_count: int = 0


def row_of(received: ReceivedBatch, plan: DataPlan | None = None) -> Row:
    """The row of a batch, or of a request that was refused. What was taken is checked against the data plan."""
    request, fate = received.request, received.fate
    batch, batches = _parsed(received)
    events = [event for event in _list(batch.get("events")) if isinstance(event, dict)]
    violations = plan.violations(bytes(received.document)) if plan and fate.outcome == "taken" else []
    return Row(
        received.number,
        int(request.received_at * 1000),
        _text(request.path),
        fate.outcome,
        request.status,
        request.size if fate.outcome == "refused" else len(memoryview(received.document)),
        _text(fate.reason or "", _MAX_REASON_CHARACTERS),
        _text(batch.get("environment", "")),
        list(_identities(batch)),
        [_event(event) for event in events[:_MAX_EVENTS]],
        len(events),
        sorted({_text(event.get("event_type", "")) for event in events})[:_MAX_TYPES],
        batches,
        _limits(received, batch, events, batches),
        list(islice(_warnings(request, batch), _MAX_WARNINGS)),
        [_violation(one) for one in violations[:_MAX_VIOLATIONS]],
        len(violations),
    )


def _parsed(received: ReceivedBatch) -> tuple[dict[str, Any], int]:
    """The JSON of the batch, empty if there is no single batch; and how many batches there are."""
    documents = documents_of(received.request.body) if received.fate.outcome == "refused" else [received.document]
    try:
        batch = msgspec.json.decode(documents[0]) if len(documents) == 1 else None
    except UNREADABLE:
        batch = None
    return _dict(batch), len(documents)


def _identities(batch: Mapping[str, Any]) -> Iterator[Identity]:
    """The identities of the user, the most common kinds first."""
    given = _dict(batch.get("user_identities"))
    kinds = dict.fromkeys((*(kind for kind in _IDENTITIES if kind in given), *given))
    identities = (Identity(_text(kind), _text(given[kind])) for kind in kinds if given[kind] is not None)
    yield from islice(identities, _MAX_IDENTITIES)
    yield from (Identity(kind, _text(batch[kind])) for kind in _OTHER_IDENTITIES if batch.get(kind) is not None)


def _warnings(request: Request, batch: Mapping[str, Any]) -> Iterator[str]:
    """The surprising facts about a batch that can be valid."""
    if not batch:
        return
    ids = (batch.get("mpid"), batch.get("mp_deviceid"), batch.get("partner_identities"))
    device = _dict(batch.get("device_info"))
    if not any((*ids, *_dict(batch.get("user_identities")).values(), *map(device.get, _DEVICE_IDS))):
        yield "the batch has no identity: mParticle cannot know whose events these are"
    for index, event in enumerate(_list(batch.get("events"))):
        at = _dict(_dict(event).get("data")).get("timestamp_unixtime_ms")
        surprise = _time_warning(request, at) if isinstance(at, (int, float)) else None
        if surprise:
            yield f"events[{index}].data.timestamp_unixtime_ms: is {at}, {surprise}"


def _time_warning(request: Request, unixtime_ms: float) -> str | None:
    hours = (request.received_at * 1000 - unixtime_ms) / _HOUR_MS
    if hours < -24:  # clocks of devices differ
        return "which is in the future: give milliseconds"
    if hours > MIN_HISTORICAL_AGE_HOURS and not request.path.endswith("/historical"):
        age = f"more than {MIN_HISTORICAL_AGE_HOURS} hours ago"
        return f"which is {age}: give milliseconds, or use the historical upload"
    return None


def _violation(found: PlanViolation) -> Violation:
    action = found.action or ""
    return Violation(_text(found.path), _text(found.problem, _MAX_REASON_CHARACTERS), _BLOCKED.get(action, action))


def _event(event: Mapping[str, Any]) -> Event:
    data = _dict(event.get("data"))
    actions = (_dict(data.get(field)).get("action") for field in _ACTION_FIELDS)
    names = (*(data.get(field) for field in _NAME_FIELDS), *actions, *(data.get(field) for field in _TYPE_FIELDS))
    return Event(_text(event.get("event_type", "")), _text(next(filter(None, names), "")))


def _limits(received: ReceivedBatch, batch: Mapping[str, Any], events: list[Any], batches: int) -> list[Usage]:
    """The use of each limit, the highest share first."""
    data = [_dict(event.get("data")) for event in events]
    attributes = [_dict(fields.get("custom_attributes")) for fields in data]
    user_attributes = _dict(batch.get("user_attributes"))
    values = (value for group in (user_attributes, *attributes) for value in group.values())
    limits = [
        Usage("bytes of the request", received.request.size, MAX_REQUEST_BYTES),
        Usage("batches in the request", batches, MAX_BATCHES),
        Usage("user attributes", len(user_attributes), _MAX_USER_ATTRIBUTES),
        Usage("attributes of an event", max(map(len, attributes), default=0), _MAX_EVENT_ATTRIBUTES),
        Usage("characters of an event name", _longest(one.get("event_name") for one in data), _MAX_NAME_CHARACTERS),
        Usage("characters of an attribute", _longest(values), _MAX_ATTRIBUTE_CHARACTERS),
    ]  # fmt: skip
    return sorted((usage for usage in limits if usage.used), key=lambda usage: -usage.used / usage.maximum)


def _longest(values: Iterable[object]) -> int:
    return max((len(value) for value in values if isinstance(value, str)), default=0)


def _text(value: object, limit: int = _MAX_CHARACTERS) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= limit else text[:limit] + "…"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
