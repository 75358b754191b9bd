"""mParticle's Python SDK and ours build the same batch: we read its JSON, and both have the same content."""

from __future__ import annotations

import ast
import json
from typing import Any

import mparticle as theirs
import pytest
from mparticle import models

import mparticle_ext as m

A_UUID = "0b1c9a4e-5a0f-4c1b-8f55-3f1f6c9a7d21"
AT = 1_760_000_000_000
UUIDS = [name for name in models.DeviceInformation().swagger_types if name.endswith(("advertising_id", "publisher_id"))]
BY_NAME: dict[str, Any] = {
    "ip": "203.0.113.24",
    **dict.fromkeys(("mp_deviceid", "ios_idfv", *UUIDS), A_UUID),
    "ccpa": {"data_sale_opt_out": models.CCPAConsentState("document", True, AT, "here", "id")},
    "gdpr": {"offers": models.GDPRConsentState("document", False, AT, "here", "id")},
    "user_attributes": {"$age": 36, "plan": "gold", "tags": ["a", "b"], "vip": True},
}
BY_TYPE: dict[str, Any] = {
    "str": "text",
    "int": 7,
    "float": 7.5,
    "bool": True,
    "object": "anything",
    "list[str]": ["a", "b"],
    "dict(str, str)": {"key": "value"},
    "dict(str, dict(str, str))": {"82": {"key": "value"}},
}
ACTIONS = {"product_action", "promotion_action", "product_impressions"}  # an event has one of them
WRAPPED_BY_HAND = {  # two have no class of their own, and their batch gives a crash report the type of another event
    "crash_report": models.CrashReportEvent,
    "pre_attribution": models.EventData,
    "push_reaction": models.EventData,
}
RENAMED = {"customerid": "customer_id"}
MOST_VALUES = 11  # as many as the longest enumeration of their SDK


def allowed_values(target: Any, name: str) -> list[str]:
    """The values that a setter accepts: its error lists them. Empty if it accepts any."""
    try:
        setattr(target, name, "not a value")
    except ValueError as error:
        return [*ast.literal_eval(str(error).rpartition("must be one of ")[2])]
    return []


def value_for(target: Any, name: str, type_name: str, choice: int) -> Any:
    """A value for an attribute of their SDK. `choice` selects from an enumeration."""
    if name in BY_NAME:
        return BY_NAME[name]
    if name.endswith(("unixtime_ms", "cart_time_ms")):
        return AT
    item = type_name.removeprefix("list[").removesuffix("]")
    if hasattr(models, item):
        model = filled(getattr(models, item)(), choice)
        return model if item == type_name else [model]
    values = allowed_values(target, name) if type_name == "str" else []
    return values[choice % len(values)] if values else BY_TYPE[type_name]


def filled(target: Any, choice: int, *leave_out: str) -> Any:
    """The same object, with a value in each attribute."""
    for name, type_name in target.swagger_types.items():
        if name not in leave_out:
            setattr(target, name, value_for(target, name, type_name, choice))
    return target


def all_events(choice: int) -> list[Any]:
    by_hand = {models.AppEvent, models.CommerceEvent, *WRAPPED_BY_HAND.values()}
    classes = {getattr(models, name) for name in dir(models) if name.endswith("Event")} - by_hand
    return [
        filled(models.AppEvent("name"), choice),
        *(filled(event(), choice) for event in sorted(classes, key=str)),
        *(filled(models.CommerceEvent(**{name: "set below"}), choice, *(ACTIONS - {name})) for name in sorted(ACTIONS)),
        *(models.EventBase(filled(data(), choice), name) for name, data in WRAPPED_BY_HAND.items()),
    ]


def their_batch(choice: int) -> Any:
    batch = filled(theirs.Batch(), choice, "events")
    batch.events = all_events(choice)
    return batch


def their_json(batch: Any) -> str:
    return json.dumps(theirs.ApiClient.sanitize_for_serialization(batch))  # as its client does


def as_ours(value: Any) -> Any:
    """The same object, built with our class of the same name and the same keywords."""
    if isinstance(value, list):
        return [as_ours(item) for item in value]
    if isinstance(value, dict):
        return {name: as_ours(item) for name, item in value.items()}
    if not hasattr(value, "swagger_types"):
        return value
    values = {name: getattr(value, name) for name in value.swagger_types}
    fields = {RENAMED.get(name, name): as_ours(field) for name, field in values.items() if field is not None}
    without_class = type(value) in (models.EventBase, models.EventData)
    return fields if without_class else getattr(m, type(value).__name__)(**fields)


def test_their_batch_has_each_event_type_and_each_identity() -> None:
    document = json.loads(their_json(their_batch(0)))
    known = {name for name in allowed_values(models.EventBase(), "event_type") if name != "unknown"}
    assert {event["event_type"] for event in document["events"]} == known
    assert len(document["user_identities"]) == len(models.UserIdentities().swagger_types) > 20


@pytest.mark.parametrize("choice", range(MOST_VALUES))
def test_their_json_is_read_and_sent_in_the_documented_form(choice: int) -> None:
    text = their_json(their_batch(choice))
    expected = json.loads(text)
    expected["user_identities"]["customer_id"] = expected["user_identities"].pop("customerid")
    assert json.loads(m.Batch.from_json(text).to_json()) == expected


@pytest.mark.parametrize("choice", range(MOST_VALUES))
def test_our_classes_build_the_same_batch_from_the_same_keywords(choice: int) -> None:
    batch = their_batch(choice)
    assert json.loads(as_ours(batch).to_json()) == json.loads(m.Batch.from_json(their_json(batch)).to_json())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("create_attribution_event", ("Example News", "spring")), ("create_attribution_delete_event", ())],
)
def test_attribution_events_are_the_same(name: str, arguments: tuple[str, ...]) -> None:
    batch = theirs.Batch(environment="development")
    batch.events = [getattr(theirs.AppEvent, name)(*arguments)]
    ours = m.Batch("development", events=[getattr(m.AppEvent, name)(*arguments)])
    assert json.loads(ours.to_json()) == json.loads(their_json(batch))
