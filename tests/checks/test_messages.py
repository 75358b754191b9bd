"""The messages for wrong batches, wrong calls and wrong configurations, word for word."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mparticle_ext as m

Event: Any = m.AppEvent  # Any, because a type checker finds these mistakes too
Batch: Any = m.Batch
ProductAction: Any = m.ProductAction
DataPlanContext: Any = m.DataPlanContext
UserIdentities: Any = m.UserIdentities
SessionEndEvent: Any = m.SessionEndEvent
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def event(**data: Any) -> dict[str, Any]:
    return {"event_type": "custom_event", "data": {"event_name": "a", "custom_event_type": "other", **data}}


def event_appended_without_envelope() -> Any:
    batch = Batch("production", events=[Event("other", "a")])
    batch.events.append(Event("other", "b"))
    return batch


def event_that_was_read() -> Any:
    return Batch.from_json(Batch("production", events=[Event("other", "a")]).to_json()).events[0]


def import_from(name: str) -> None:
    exec(f"from mparticle_ext import {name}")  # noqa: S102


def recursive() -> Any:
    attributes: dict[str, Any] = {}
    attributes["a"] = attributes
    return Batch("production", user_attributes=attributes)


def misspelt() -> Any:
    batch = Batch("production")
    batch.user_identities = {"emial": 5}
    return batch


class Bytes(bytes):
    pass


class Array(bytearray):
    pass


BATCHES: list[tuple[Callable[[], Any], str]] = [
    (lambda: Batch(), "batch: environment: is required: give it a value"),
    (lambda: {"environmnt": "production"}, "batch: environmnt: is not a known field: did you mean 'environment'?"),
    (lambda: Batch("prod"), "batch: environment: is 'prod', but must be one of production, development: did you mean 'production'?"),
    (lambda: Batch("production", events=[Event("other")]), "batch: events[0].data.event_name: is required: give it a value"),
    (lambda: Batch("production", events=[Event("othr", "a")]),
     "batch: events[0].data.custom_event_type: is 'othr', but must be one of unknown, navigation, location, search, transaction, "
     "user_content, user_preference, social, media, attribution, consent_granted, consent_denied, other: did you mean 'other'?"),
    (lambda: Batch("production", events=[Event("other", 7)]), "batch: events[0].data.event_name: must be a string, not a whole number"),
    (lambda: Batch("production", events=[Event("other", "é" * 257)]),
     "batch: events[0].data.event_name: has 257 characters, but at most 256 are allowed"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms="1 May 2026")]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a string: give milliseconds, or a datetime with a time zone"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1.5)]),
     "batch: events[0].data.timestamp_unixtime_ms: is 1.5, which is not between 2000 and 2100 in Unix milliseconds: correct it"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1795543605.25)]),
     "batch: events[0].data.timestamp_unixtime_ms: is 1795543605.25, which are seconds: give milliseconds"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1795543605000.25)]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a number with a fraction: make it whole, as in int(...)"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1795543605000000001)]),
     "batch: events[0].data.timestamp_unixtime_ms: is 1795543605000000001, which are nanoseconds: give milliseconds"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=datetime(1999, 1, 1, tzinfo=UTC))]),
     "batch: events[0].data.timestamp_unixtime_ms: is 915148800000, which is not between 2000 and 2100 in Unix milliseconds: correct it"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=date(2026, 11, 29))]),
     "batch: events[0].data.timestamp_unixtime_ms: is a time without a time zone: give milliseconds, or a datetime with one, as in tzinfo=UTC"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=pd.NaT)]),
     "batch: events[0].data.timestamp_unixtime_ms: is no time (NaT): leave it out"),
    (lambda: Batch("production", user_attributes={"a": np.datetime64("2026-01-01")}),
     "batch: user_attributes.a: is a numpy.datetime64, which has no time zone: give a datetime with one, as in tzinfo=UTC"),
    (lambda: Batch("production", events=[SessionEndEvent(session_duration_ms=NOON)]),
     "batch: events[0].data.session_duration_ms: must be a whole number or null, not a string: give milliseconds"),
    (lambda: Batch("production", events=[Event("other", "a", session_id=2**63)]),
     "batch: events[0].data.session_id: must be at most 9223372036854775807"),
    (lambda: Batch("production", events=[Event("other", "a", custom_attributes={"good": 1, "bad": {"b": 1}})]),
     "batch: events[0].data.custom_attributes.bad: must be"),
    (lambda: Batch("production", events=[Event("other", "a", custom_attributes={str(n): n for n in range(101)})]),
     "batch: events[0].data.custom_attributes: has 101 entries, but at most 100 are allowed"),
    (lambda: Batch("production", user_attributes={"a": 1, "a b": "x" * 4097}),
     "batch: user_attributes['a b']: has 4097 characters, but at most 4096 are allowed"),
    (lambda: Batch("production", user_attributes={"a": ["b", "x" * 513]}),
     "batch: user_attributes.a[1]: has 513 characters, but at most 512 are allowed"),
    (lambda: Batch("production", user_attributes={"a": 1, "n" * 257: 1}),
     "batch: user_attributes['nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...']: has a name that has 257 characters"),
    (lambda: Batch("production", integration_attributes={"1": {"a": "b"}, "2": {"c": "d", "e": []}}),
     "batch: integration_attributes['2'].e: must be a boolean, a number or a string, not a list"),
    (lambda: Batch("production", deleted_user_attributes="name"),
     "batch: deleted_user_attributes: must be a list or null, not a string"),
    (lambda: Batch("production", mpid="12a"), "batch: mpid: must be an integer as a string of digits"),
    (lambda: Batch("production", mp_deviceid="12a"), "batch: mp_deviceid: must be a UUID"),
    (lambda: Batch("production", device_info=m.DeviceInformation(ios_idfv="12a")), "batch: device_info.ios_idfv: must be a UUID, or an empty string"),
    (lambda: Batch("production", ip="localhost"), "batch: ip: must be an IPv4 or IPv6 address"),
    (lambda: Batch("unknown"), "batch: environment: is 'unknown', which only mParticle sends out: give one of production, development"),
    (lambda: {"environment": "production", "application_info": {"os": "ios"}},
     "batch: application_info.os: is 'ios', but must be one of Unknown, IOS, Android, WindowsPhone, MobileWeb, UnityIOS, UnityAndroid, Desktop, TVOS, Roku, "
     "OutOfBand, Alexa, SmartTV, FireTV, Xbox: did you mean 'IOS'?"),
    (lambda: {"environment": "production", "user_identities": {"customerid": "a", "customer_id": "b"}},
     "batch: user_identities.customerid: is another name of customer_id, which is there too: give only one"),
    (lambda: '{"environment":"prodx","environment":"production"}', "batch: environment: occurs twice, or has a key that occurs twice: give each key once"),
    (lambda: '{"environment":"production","user_attributes":{"a":{},"a":1}}',
     "batch: user_attributes: occurs twice, or has a key that occurs twice: give each key once"),
    (lambda: f'{{"environment":"production","batch_id":{"1" * 5000}}}', "batch: batch_id: is too large for a number: at most 1.7e308 is possible"),
    (lambda: '{"environment":"production","user_attributes":{"\\ud83d":1}}', "batch: user_attributes: has a key with a character that UTF-8 cannot encode"),
    (lambda: Batch("production", user_identities=UserIdentities(customer_id=Decimal("1e999"))), "batch: user_identities.customer_id: is too large for a number"),
    (lambda: Batch("production", consent_state=m.ConsentState(gdpr={"Ads": m.GDPRConsentState("v2")})),
     "batch: consent_state.gdpr.Ads.consented: is required: give it a value"),
    (lambda: Batch("production", events=[m.CommerceEvent(product_action=ProductAction("buy"))]),
     "batch: events[0].data.product_action.action: is 'buy', but must be one of"),
    (lambda: {"environment": "production", "events": [{"event_type": "custom_evnt", "data": {}}]},
     "batch: events[0].event_type: is 'custom_evnt', but must be one of"),
    (lambda: {"environment": "production", "events": [{"data": {}}]}, "batch: events[0].event_type: is required: an event is sent as {\"event_type\": ..., \"data\": {...}}, which add_event(AppEvent(...)) makes"),
    (lambda: {"environment": "production", "events": [{"event_type": "session_start"}]},
     "batch: events[0].data: is required: give it a value"),
    (lambda: {"environment": "production", "events": [event(), event(evnt_num=1)]},
     "batch: events[1].data.evnt_num: is not a known field: did you mean 'event_num'?"),
    (lambda: {"environment": "production", "xyzzy": 1}, "batch: xyzzy: is not a known field: known fields are environment, events, "),
    (lambda: {"environment": None}, "batch: environment: is null, but required: give it a value"),
    (lambda: {"environment": "production", "events": [event(event_name=None)]}, "batch: events[0].data.event_name: is null, but required: give it a value"),
    (lambda: {"environment": "production", "events": [{"event_type": None, "data": {}}]}, "batch: events[0].event_type: is null, but required: an event is sent as {\"event_type\": ..."),
    (lambda: Batch("production", user_attributes={"a": object()}),
     "batch: user_attributes.a: object has no JSON form: give a string, a number, a boolean, a list or a dict"),
    (lambda: Batch("production", user_attributes={"a": {1, 2} and (i for i in "a")}), "batch: user_attributes.a: generator has no JSON form"),
    (lambda: Batch("production", user_attributes={"a": "\ud800"}),
     "batch: user_attributes.a: has a character that UTF-8 cannot encode (a lone surrogate): correct the text"),
    (lambda: Batch("production", user_attributes={"a": math.nan}),
     "batch: user_attributes.a: is not a finite number, and JSON has no form for it: leave it out"),
    (lambda: Batch("production", events=[m.CommerceEvent(product_action=ProductAction("purchase", total_amount=-math.inf))]),
     "batch: events[0].data.product_action.total_amount: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("NaN")}), "batch: user_attributes.a: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("sNaN")}), "batch: user_attributes.a: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("1e999")}), "batch: user_attributes.a: is too large for a number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("1e999")}, ip=None), "batch: user_attributes.a: is too large for a number"),
    (lambda: Batch("production", user_attributes={"a": ["b", math.inf]}, ip=None), "batch: user_attributes.a[1]: is not a finite number"),
    (lambda: Batch("production", user_attributes={(1, 2): 1}), "batch: user_attributes: has a key that is tuple: give a string"),
    (lambda: Batch("production", user_attributes={None: 1}), "batch: user_attributes: has a key that is None: give a string"),
    (lambda: Batch("production", user_attributes={True: 1}), "batch: user_attributes: has a key that is bool: give a string"),
    (lambda: Batch("production", user_attributes={np.bool_(True): 1}), "batch: user_attributes: has a key that is bool: give a string"),
    (lambda: {"environment": "production", "user_attributes": {"a": {NOON: 1}}}, "batch: user_attributes.a: has a key that is datetime: give a string"),
    (lambda: Batch("production", user_attributes={True: math.nan}), "batch: user_attributes: has a key that is bool: give a string"),
    (event_appended_without_envelope, "batch: events[1].event_type: is required: an event is sent as"),
    (lambda: Batch("production", user_attributes={"a": 1, "b": Fraction(10**400)}), "batch: user_attributes.b: integer division result too large for a float"),
    (lambda: Batch("production", user_attributes={"a": b"x"}),
     "batch: user_attributes.a: is bytes, which JSON does not have: decode it, as in value.decode()"),
    (lambda: Batch("production", events=[Event("other", b"abc")]), "batch: events[0].data.event_name: is bytes"),
    (lambda: {"environment": "production", "mpid": bytearray(b"1234")}, "batch: mpid: is bytes"),
    (lambda: Batch("production", user_attributes={"a": ["b", memoryview(b"x" * 300)]}), "batch: user_attributes.a[1]: is bytes"),
    (lambda: Batch("production", user_attributes={b"a": 1}), "batch: user_attributes: has a key that is bytes, which JSON does not have: decode it"),
    (lambda: Batch("production", user_attributes={"a": 2**70, "b": b"x"}), "batch: user_attributes.b: is bytes"),
    (lambda: Batch("production", user_attributes={"a": "ł" * 9, "b": b"x" * 130}), "batch: user_attributes.b: is bytes"),
    (lambda: Batch("production", events=[Event("other", "a", custom_flags={"a": [{"b": b"x"}]})]),
     "batch: events[0].data.custom_flags.a[0].b: is bytes"),
    (lambda: {"environment": "production", "user_attributes": {"a": {b"x"}}}, "batch: user_attributes.a[0]: is bytes"),
    (lambda: Batch("production", user_attributes={"a": Bytes(b"xy!")}),
     "batch: user_attributes.a: is bytes, which JSON does not have: decode it, as in value.decode()"),
    (lambda: Batch("production", user_attributes={"a": np.bytes_(b"xy!")}), "batch: user_attributes.a: is bytes"),
    (lambda: Batch("production", user_attributes={"a": Array(b"xy!")}), "batch: user_attributes.a: is bytes"),
    (lambda: Batch("production", user_attributes={Bytes(b"xy!"): 1}), "batch: user_attributes: has a key that is bytes"),
    (lambda: Batch("production", user_identities=m.UserIdentities),
     "batch: user_identities: is the class UserIdentities: write UserIdentities(...)"),
    (lambda: Batch("production", user_attributes={"a": np.bool_(True)}),
     "batch: user_attributes.a: is a numpy.bool, which has no JSON form: call its method .item()"),
    (lambda: Batch("production", user_attributes={"a": np.zeros(2)}),
     "batch: user_attributes.a: is a numpy.ndarray, which has no JSON form: call its method .tolist()"),
    (recursive, "batch: contains itself, or is nested too deeply for JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BATCHES, ids=[message[7:60] for _, message in BATCHES])
def test_invalid_batch(make: Callable[[], Any], message: str) -> None:
    with (
        m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1")) as api,
        pytest.raises(m.ValidationError) as raised,
    ):
        api.upload_events(make())  # nothing listens there, so the fault is found before anything is sent
    assert str(raised.value).startswith(message)
    assert raised.value.path in message
    assert raised.value.batch_index is None


@pytest.mark.parametrize("value", [b"xy!", bytearray(b"xy!"), memoryview(b"xy!"), Bytes(b"xy!"), np.bytes_(b"xy!")])
def test_bytes_are_refused_before_they_become_text(value: Any) -> None:
    batch = Batch("production", user_attributes={"a": value})
    for work in (batch.validate, batch.to_json, batch.to_dict):
        with pytest.raises(m.ValidationError) as raised:
            work()
        problem = "batch: user_attributes.a: is bytes, which JSON does not have: decode it, as in value.decode()"
        assert str(raised.value) == problem
    assert [str(fault) for fault in batch.faults()] == [problem]


def test_invalid_batch_in_a_bulk_upload_is_named_by_its_index() -> None:
    with (
        m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1")) as api,
        pytest.raises(m.ValidationError) as raised,
    ):
        api.bulk_upload_events([Batch("production"), Batch("production"), Batch()])
    assert str(raised.value) == "batches[2]: environment: is required: give it a value"
    assert (raised.value.batch_index, raised.value.path) == (2, "environment")


FAULTS: list[tuple[Any, list[str]]] = [
    (Batch("production"), []),
    (
        Batch("prod", mpid="12a", user_attributes={"a": {}, "b": ["x" * 513]}, events=[Event("other"), Event("other", b"b"), Event("othr")]),
        [
            "events[1].data.event_name: is bytes",
            "environment: is 'prod'",
            "events[0].data.event_name: is required",
            "events[2].data.custom_event_type: is 'othr'",
            "events[2].data.event_name: is required",
            "user_attributes.a: must be",
            "user_attributes.b[0]: has 513 characters",
            "mpid: must be an integer",
        ],
    ),
    (
        Batch(user_attributes={"a": object(), "b": m.Batch, "c": "\ud800"}),
        ["user_attributes.a: object has no JSON form", "user_attributes.b: is the class Batch", "user_attributes.c: has a character", "environment: is required"],
    ),
    (Batch(user_attributes={"a": object()}), ["user_attributes.a: object has no JSON form", "environment: is required"]),
    (Batch(user_attributes={"a": math.nan, "b": -math.inf}), ["user_attributes.a: is not a finite", "user_attributes.b: is not a finite", "environment: is required"]),
    (recursive(), ["contains itself"]),
    *((Batch(mpid="12a", user_attributes={key: 1}), ["user_attributes: has a key that is", "mpid: must be", "environment: is required"])
      for key in (None, True, NOON, (1,), frozenset(), object(), Decimal("1.5"), b"a")),
    (Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=NOON, custom_attributes={"a": object()})]),
     ["events[0].data.custom_attributes.a: object has no JSON form"]),
    (Batch("production", user_attributes={"a": {math.inf}, "b": (b"c",)}),
     ["user_attributes.a[0]: is not a finite number", "user_attributes.b[0]: is bytes"]),
    (Batch("production", user_attributes={"a": Decimal("1e999"), "b": Decimal("-1e999")}, ip="x"),
     ["user_attributes.a: is too large", "user_attributes.b: is too large", "ip: must be"]),
    (misspelt(), ["user_identities.emial: is not a known field: did you mean 'email'?"]),
]  # fmt: skip


@pytest.mark.parametrize(("batch", "faults"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_all_faults_of_a_batch(batch: m.Batch, faults: list[str]) -> None:
    found = batch.faults()
    assert len(found) == len(faults)
    for error, fault in zip(found, faults, strict=True):
        assert str(error).startswith(f"batch: {fault}")
        assert error.path in fault
    if found:
        with pytest.raises(m.ValidationError) as raised:
            batch.validate()
        assert str(raised.value) == str(found[0])


def api() -> Any:
    return m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1"))


CALLS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: Batch("production").add_event(None), m.WrongCallError, "events[0]: an event such as AppEvent(...), or a dict with event_type and data, is expected, not None"),
    (lambda: Batch("production", events=[m.AppEvent]), m.WrongCallError, "is expected, not the class AppEvent: write AppEvent(...)"),
    (lambda: Batch().add_event(m.AppEvent), m.WrongCallError, "is expected, not the class AppEvent: write AppEvent(...)"),
    (lambda: api().upload_events(Batch), m.WrongCallError, "a Batch is expected, not the class Batch: write Batch(...)"),
    (lambda: m.EventsApi(m.Configuration), m.WrongCallError, "EventsApi takes a Configuration, not the class Configuration: write Configuration(...)"),  # type: ignore[arg-type]
    (lambda: import_from("CustomEvent"), ImportError, "the constructor of a custom event is called AppEvent: from mparticle_ext import AppEvent"),
    (lambda: import_from("Nothing"), ImportError, "cannot import name 'Nothing' from 'mparticle_ext'"),
    (lambda: Batch("production", events=[m.Product()]), m.WrongCallError, "events[0]: an event such as AppEvent(...)"),
    (lambda: setattr(Batch(), "events", Event()), m.WrongCallError, "events takes a list of events, not"),
    (lambda: setattr(Batch(), "events", 7), m.WrongCallError, "events takes a list of events, not int"),
    (lambda: Batch().add_event({"event_type": "session_start", "data": {"x": 1}}), m.ValidationError, "batch: events[0].data.x: is not a known field"),
    (lambda: setattr(Batch(), "userIdentities", 1), AttributeError, "Batch.userIdentities is not a known field: did you mean 'user_identities'?"),
    (lambda: setattr(Event(), "customAttributes", {}), AttributeError, "AppEvent.customAttributes is not a known field: did you mean 'custom_attributes'?"),
    (lambda: setattr(ProductAction(), "xyzzy", 1), AttributeError, "ProductAction.xyzzy is not a known field: known fields are action, transaction_id, "),
    (lambda: setattr(Batch(events=[Event()]).events[0], "dta", 1), AttributeError, "CustomEvent.dta is not a known field: did you mean 'data'?"),
    (lambda: setattr(event_that_was_read(), "dta", 1), AttributeError, "CustomEvent.dta is not a known field: did you mean 'data'?"),
    (lambda: setattr(event_that_was_read().data, "eventName", "a"), AttributeError, "CustomEventData.eventName is not a known field: did you mean 'event_name'?"),
    (lambda: setattr(Batch(), "to_json", 1), AttributeError, "'Batch' object attribute 'to_json' is read-only"),
    (lambda: Batch(user_atributes={}), TypeError, "Batch: user_atributes is not a known field: did you mean 'user_attributes'?"),
    (lambda: UserIdentities(costumer_id="a"), TypeError, "UserIdentities: costumer_id is not a known field: did you mean 'customer_id'?"),
    (lambda: Event("other", eventName="a"), TypeError, "'eventName'"),
    (lambda: Batch("production", {}, []), TypeError, "Batch takes 1 positional argument(s) (environment), not 3: give fields by name, as in Batch(events=...)"),
    (lambda: UserIdentities("a"), TypeError, "UserIdentities takes 0 positional argument(s), not 1: give fields by name, as in UserIdentities(other=...)"),
    (lambda: Batch(USER_IDENTITIES={}), TypeError, "Batch: USER_IDENTITIES is not a known field: did you mean 'user_identities'?"),
    (lambda: Batch().events_of(Event("other", "a")), m.WrongCallError, "a class of events such as AppEvent is expected, not an object of AppEvent"),
    (lambda: Batch().events_of(m.Batch), m.WrongCallError, "a class of events such as AppEvent is expected, not the class Batch"),
    (lambda: Event("other", custom_event_type="other"), TypeError, "Argument 'custom_event_type' given by name and position"),
    (lambda: Batch("production", events=[Event("other", "a"), {"event_type": "session_start", "data": {"x": 1}}]), m.ValidationError, "batch: events[1].data.x: is not a known field"),
    (lambda: Batch("production").add_event({"event_type": "custom_event", "event_name": "a"}), m.ValidationError, "events[0].event_name: is not a field of an event's envelope: an event is sent as"),
    (lambda: Batch("production").add_event(event(event_name=b"a")), m.ValidationError, "batch: events[0].data.event_name: is bytes"),
    (lambda: Batch("production", user_attributes={"a": b"x"}).validate(), m.ValidationError, "batch: user_attributes.a: is bytes"),
    (lambda: Batch("production").add_event({"event_type": 5, "data": {}}), m.ValidationError, "events[0].event_type: must be a string"),
    (lambda: Batch.from_json("[" * 100_000), m.ValidationError, "batch: is not valid JSON: "),
    (lambda: Batch.from_json('{"environment":"production","a` - at `$.x[0]`b":1}'), m.ValidationError, "batch: Object contains unknown field"),
    (lambda: Batch.from_json('{"environment":"production","truncated":1}'), m.ValidationError, "batch: truncated: is not a known field"),
    (lambda: api().flush("5"), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not '5'"),
    (lambda: api().flush(-1), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not -1"),
    (lambda: api().close(math.nan), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not nan"),
    (lambda: api().upload_all(7), m.WrongCallError, "an iterable of batches is expected, not int"),
    (lambda: api().upload_all([], on_result=1), m.WrongCallError, "on_result takes a function of (result), not int"),
    (lambda: api().upload_all([], on_result=lambda: 0), m.WrongCallError, "on_result is called with (result), but takes (): write on_result(result)"),
    (lambda: api().upload_all([], on_failed=lambda one, other: 0), m.WrongCallError, "on_failed is called with (result), but takes (one, other): write on_failed(result)"),
    (lambda: api().upload_all([], on_result=lambda *, result: 0), m.WrongCallError, "on_result is called with (result), but takes (*, result): write on_result(result)"),
    (lambda: api().upload_all([], on_result=lambda one, two, **named: 0), m.WrongCallError, "on_result is called with (result), but takes (one, two, **named): write on_result(result)"),
    (lambda: api().upload_all([], historical="false"), m.WrongCallError, "historical takes True or False, not 'false'"),
    (lambda: api().upload_all([], on_result=coroutine_function), m.WrongCallError, "on_result takes a plain function: a coroutine would never be awaited"),
    (lambda: Batch.from_json({}), m.WrongCallError, "from_json takes JSON text, not dict: a dict can be uploaded as is"),
    (lambda: m.EventsApi("key"), m.WrongCallError, "EventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.AsyncEventsApi("key"), m.WrongCallError, "AsyncEventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.unixtime_ms(1.5), m.WrongCallError, "unixtime_ms takes a datetime, or nothing for now, not float"),  # type: ignore[arg-type]
    (lambda: Batch.from_json("{"), m.ValidationError, "batch: is not valid JSON: Input data was truncated"),
    (lambda: Batch.from_json("[]"), m.ValidationError, "batch: must be an object, not a list"),
    (lambda: Batch.from_json(b"\xff"), m.ValidationError, "batch: is not UTF-8, as JSON must be: invalid start byte"),
    (lambda: Batch.from_json('{"environment": "production"} x'), m.ValidationError, "batch: is not valid JSON"),
    (lambda: m.unixtime_ms(datetime(2026, 1, 1)), ValueError, "datetime.datetime(2026, 1, 1, 0, 0) has no time zone"),
    (lambda: m.CommerceEvent(product_action=ProductAction("purchase"), promotion_action=m.PromotionAction("view")), ValueError,
     "exactly one of product_action, promotion_action, product_impressions must be given, not product_action and promotion_action"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), CALLS, ids=[str(number) for number in range(len(CALLS))])
def test_wrong_call(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as raised:
        call()
    assert message in str(raised.value)


async def coroutine_function(_: Any) -> None: ...


Configuration: Any = m.Configuration
Retry: Any = m.Retry
CONFIGURATIONS: list[tuple[Callable[[], Any], str]] = [
    (lambda: Configuration("", "s"), "api_key is empty: copy it from mParticle, Setup > Inputs"),
    (lambda: Configuration("k", None), "api_secret is empty"),
    (lambda: Configuration("k:1", "s"), "api_key has a colon, which HTTP Basic does not allow: copy only the key"),
    (lambda: Configuration("k", "s\n"), "api_secret has a control character (a line break?): copy it again"),
    (lambda: Configuration("k", "s", pod="US2"), "pod is 'US2': give one of us1, us2, eu1, au1"),
    (lambda: Configuration("k", "s", pod="moon"), "pod is 'moon': give one of us1, us2, eu1, au1"),
    (lambda: Configuration("k", "s", base_url="example.com"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", base_url="https://k:s@example.com"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", timeout=0), "timeout is 0: give seconds, more than 0 and at most a day"),
    (lambda: Configuration("k", "s", timeout=math.inf), "timeout is inf: give seconds"),
    (lambda: Configuration("k", "s", timeout="5"), "timeout is '5': give seconds"),
    (lambda: Configuration("k", "s", timeout=10**400), "timeout is 1000000"),
    (lambda: Configuration("k", "s", pod=[]), "pod is []: give one of us1, us2, eu1, au1"),
    (lambda: Configuration("k\ud800", "s"), "api_key has a control character"),
    (lambda: Configuration("k", "s", base_url="http://example.com/v2"), "base_url is http://, which sends the secret unencrypted: use https://, or allow_http=True"),
    (lambda: Configuration("k", "s", base_url="http://127.0.0.1.example.com"), "base_url is http://"),
    (lambda: Configuration("k", "s", base_url="http://host:abc"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", base_url="http://[::1/v2"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", max_in_flight=0), "max_in_flight is 0: give a whole number of at least 1"),
    (lambda: Configuration("k", "s", deadline=0), "deadline is 0: give seconds, more than 0 and at most a day"),
    (lambda: Configuration("k", "s", deadline=None), "deadline is None: give seconds"),
    (lambda: Configuration("k", "s", retry=3), "retry takes a Retry, or None for a single attempt, not int"),
    (lambda: Configuration("k", "s", http2=1), "http2 is 1: give True or False"),
    (lambda: Configuration("k", "s", trust_env=None), "trust_env is None: give True or False"),
    (lambda: Configuration("k", "s", transport="requests"), "transport takes an httpx transport, or 'aiohttp', not 'requests'"),
    (lambda: Configuration("k", "s", rate="fast"), "rate is 'fast': give batches a second, more than 0, or None"),
    (lambda: Configuration("k", "s", rate=math.nan), "rate is nan: give batches a second"),
    (lambda: Configuration("k", "s", proxy="proxy:3128"), "proxy must be like http://host:port"),
    (lambda: Configuration("k", "s", proxy="ftp://proxy"), "proxy must be like http://host:port"),
    (lambda: Configuration("k", "s", ssl_context="/etc/ca.pem"), "ssl_context takes an ssl.SSLContext, not str"),
    (lambda: Configuration("k", "s", on_attempt=coroutine_function), "on_attempt takes a plain function: a coroutine would never be awaited"),
    (lambda: Configuration("k", "s", validate=None), "validate is None: give True or False"),
    (lambda: Configuration("k", "s", deduplicate="false"), "deduplicate is 'false': give True or False"),
    (lambda: Configuration("k", "s", allow_http=1), "allow_http is 1: give True or False"),
    (lambda: Configuration("k", "s", transport=3), "transport takes an httpx transport, or 'aiohttp', not int"),
    (lambda: Configuration(" k", "s"), "api_key begins or ends with a space: copy it again"),
    (lambda: Configuration(1, "s"), "api_key is a string, not int"),
    (lambda: Configuration("k", "s", ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), "ssl_context is a server's: use ssl.create_default_context()"),
    (lambda: Configuration("k", "s", on_attempt=lambda: 0), "on_attempt is called with (attempt), but takes (): write on_attempt(attempt)"),
    (lambda: Configuration("k", "s", on_violation=lambda one: 0), "on_violation is called with (violations, batch), but takes (one): write on_violation(violations, batch)"),
    (lambda: Configuration("k", "s", on_attempt=5), "on_attempt takes a function of (attempt), not int"),
    (lambda: m.Retry(max_attempts=0), "max_attempts is 0: give a whole number of at least 1"),
    (lambda: Retry(max_attempts=2.0), "max_attempts is 2.0: give a whole number"),
    (lambda: m.Retry(initial_backoff=-1), "initial_backoff is -1: give seconds, more than 0 and at most a day"),
    (lambda: m.Retry(max_backoff=math.inf), "max_backoff is inf: give seconds"),
    (lambda: m.Retry(budget=True), "budget is True: give a whole number of at least 1"),
    (lambda: m.Configuration.from_env({}), "MPARTICLE_API_KEY is not set in the environment"),
    (lambda: m.Configuration.from_env({"MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": ""}), "MPARTICLE_API_SECRET is not set in the environment"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), CONFIGURATIONS, ids=[message for _, message in CONFIGURATIONS])
def test_wrong_configuration(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(m.ConfigurationError) as raised:
        make()
    assert str(raised.value).startswith(message)
    assert "k:1" not in str(raised.value)


@pytest.mark.parametrize("number", [Decimal("NaN"), math.nan, Decimal("-Infinity")])
def test_a_number_that_is_not_finite_is_one_fault_beside_others(number: float | Decimal) -> None:
    batch = Batch("production", user_attributes={"a": number, "b": b"c"}, mpid="x" * 3)
    assert [fault.path for fault in batch.faults()] == ["user_attributes.a", "user_attributes.b", "mpid"]
