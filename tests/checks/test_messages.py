"""Every message that a user can meet by mistake, as they read it."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import mparticle_ext as m

Event: Any = m.AppEvent  # Any: what is wrong here, a type checker finds too
Batch: Any = m.Batch
ProductAction: Any = m.ProductAction


def event(**data: Any) -> dict[str, Any]:
    return {"event_type": "custom_event", "data": {"event_name": "a", "custom_event_type": "other", **data}}


def appended() -> Any:
    batch = Batch("production", events=[Event("other", "a")])
    batch.events.append(Event("other", "b"))
    return batch


def itself() -> Any:
    attributes: dict[str, Any] = {}
    attributes["a"] = attributes
    return Batch("production", user_attributes=attributes)


BATCHES: list[tuple[Callable[[], Any], str]] = [
    (lambda: Batch(), "batch: environment: is required: give it a value"),
    (lambda: {"environmnt": "production"}, "batch: environmnt: is no known field: did you mean 'environment'?"),
    (lambda: Batch("prod"), "batch: environment: is 'prod', but must be one of production, development: did you mean 'production'?"),
    (lambda: Batch("production", events=[Event("other")]), "batch: events[0].data.event_name: is required: give it a value"),
    (lambda: Batch("production", events=[Event("othr", "a")]),
     "batch: events[0].data.custom_event_type: is 'othr', but must be one of unknown, navigation, location, search, transaction, "
     "user_content, user_preference, social, media, attribution, other: did you mean 'other'?"),
    (lambda: Batch("production", events=[Event("other", 7)]), "batch: events[0].data.event_name: must be a string, not a whole number"),
    (lambda: Batch("production", events=[Event("other", "é" * 257)]),
     "batch: events[0].data.event_name: has 257 characters, but at most 256 are taken"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms="2026-01-01")]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a string: give milliseconds, as unixtime_ms() does"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1.5)]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a number: give milliseconds, as unixtime_ms() does"),
    (lambda: Batch("production", events=[Event("other", "a", session_id=2**63)]),
     "batch: events[0].data.session_id: must be at most 9223372036854775807"),
    (lambda: Batch("production", events=[Event("other", "a", custom_attributes={"good": 1, "bad": {"b": 1}})]),
     "batch: events[0].data.custom_attributes.bad: must be"),
    (lambda: Batch("production", events=[Event("other", "a", custom_attributes={str(n): n for n in range(101)})]),
     "batch: events[0].data.custom_attributes: has 101 entries, but at most 100 are taken"),
    (lambda: Batch("production", user_attributes={"a": 1, "a b": "x" * 4097}),
     "batch: user_attributes['a b']: has 4097 characters, but at most 4096 are taken"),
    (lambda: Batch("production", user_attributes={"a": ["b", "x" * 513]}),
     "batch: user_attributes.a[1]: has 513 characters, but at most 512 are taken"),
    (lambda: Batch("production", user_attributes={"a": 1, "n" * 257: 1}),
     "batch: user_attributes['nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...']: has a name that has 257 characters"),
    (lambda: Batch("production", integration_attributes={"1": {"a": "b"}, "2": {"c": "d", "e": []}}),
     "batch: integration_attributes['2'].e: must be a boolean, a number or a string, not a list"),
    (lambda: Batch("production", deleted_user_attributes="name"),
     "batch: deleted_user_attributes: must be a list or null, not a string"),
    (lambda: Batch("production", mpid="12a"), "batch: mpid: is not of the form '^-?[0-9]{1,19}$'"),
    (lambda: Batch("production", ip="localhost"), "batch: ip: is not of the form"),
    (lambda: Batch("production", consent_state=m.ConsentState(gdpr={"Ads": m.GDPRConsentState("v2")})),
     "batch: consent_state.gdpr.Ads.consented: is required: give it a value"),
    (lambda: Batch("production", events=[m.CommerceEvent(product_action=ProductAction("buy"))]),
     "batch: events[0].data.product_action.action: is 'buy', but must be one of"),
    (lambda: {"environment": "production", "events": [{"event_type": "custom_evnt", "data": {}}]},
     "batch: events[0].event_type: is 'custom_evnt', but must be one of"),
    (lambda: {"environment": "production", "events": [{"data": {}}]}, "batch: events[0].event_type: is required: an event travels as {\"event_type\": ..., \"data\": {...}}, which add_event(AppEvent(...)) makes"),
    (lambda: {"environment": "production", "events": [{"event_type": "session_start"}]},
     "batch: events[0].data: is required: give it a value"),
    (lambda: {"environment": "production", "events": [event(), event(evnt_num=1)]},
     "batch: events[1].data.evnt_num: is no known field: did you mean 'event_num'?"),
    (lambda: {"environment": "production", "xyzzy": 1}, "batch: xyzzy: is no known field: known are environment, events, "),
    (lambda: {"environment": None}, "batch: environment: must be"),
    (lambda: Batch("production", user_attributes={"a": object()}),
     "batch: user_attributes.a: object has no JSON form: give a string, a number, a boolean, a list or a dict"),
    (lambda: Batch("production", user_attributes={"a": {1, 2} and (i for i in "a")}), "batch: user_attributes.a: generator has no JSON form"),
    (lambda: Batch("production", user_attributes={"a": "\ud800"}),
     "batch: user_attributes.a: has a character that UTF-8 cannot carry (a lone surrogate)"),
    (lambda: Batch("production", user_attributes={"a": math.nan}),
     "batch: user_attributes.a: is no finite number, which JSON cannot carry: leave it out"),
    (lambda: Batch("production", events=[m.CommerceEvent(product_action=ProductAction("purchase", total_amount=-math.inf))]),
     "batch: events[0].data.product_action.total_amount: is no finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("NaN")}), "batch: user_attributes.a: is no finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("sNaN")}), "batch: user_attributes.a: is no finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("1e999")}), "batch: is no JSON: Number out of range"),
    (lambda: Batch("production", user_attributes={"a": ["b", math.inf]}, ip=None), "batch: user_attributes.a[1]: is no finite number"),
    (lambda: Batch("production", user_attributes={(1, 2): 1}), "batch: user_attributes: a key of JSON is a string, not tuple"),
    (appended, "batch: events[1].event_type: is required: an event travels as"),
    (lambda: Batch("production", user_attributes={"a": 1, "b": Fraction(10**400)}), "batch: user_attributes.b: integer division result too large for a float"),
    (itself, "batch: contains itself, or is nested too deep for JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), BATCHES, ids=[message[7:60] for _, message in BATCHES])
def test_a_bad_batch(make: Callable[[], Any], message: str) -> None:
    with (
        m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1")) as api,
        pytest.raises(m.ValidationError) as raised,
    ):
        api.upload_events(make())  # nothing listens there: what is found is found before anything is sent
    assert str(raised.value).startswith(message)
    assert raised.value.path in message
    assert raised.value.batch_index is None


def test_a_bad_batch_among_others_is_named_by_its_index() -> None:
    with (
        m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1")) as api,
        pytest.raises(m.ValidationError) as raised,
    ):
        api.bulk_upload_events([Batch("production"), Batch("production"), Batch()])
    assert str(raised.value) == "batches[2]: environment: is required: give it a value"
    assert (raised.value.batch_index, raised.value.path) == (2, "environment")


def api() -> Any:
    return m.EventsApi(m.Configuration("key", "secret", base_url="http://127.0.0.1:1"))


CALLS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: Batch("production").add_event(None), m.WrongCallError, "an event is expected, such as AppEvent(...) or a dict with event_type and data, not None"),
    (lambda: Batch("production", events=[m.Product()]), m.WrongCallError, "an event is expected"),
    (lambda: setattr(Batch(), "events", Event()), m.WrongCallError, "events is a list of events, not"),
    (lambda: setattr(Batch(), "events", 7), m.WrongCallError, "events is a list of events, not int"),
    (lambda: Batch().add_event({"event_type": "session_start", "data": {"x": 1}}), m.ValidationError, "batch: events[0].data.x: is no known field"),
    (lambda: setattr(Batch(), "enviroment", 1), AttributeError, "enviroment"),
    (lambda: Batch(enviroment=1), TypeError, "enviroment"),
    (lambda: Batch("production", events=[Event("other", "a"), {"event_type": "session_start", "data": {"x": 1}}]), m.ValidationError, "batch: events[1].data.x: is no known field"),
    (lambda: Batch("production").add_event({"event_type": "custom_event", "event_name": "a"}), m.ValidationError, "events[0].event_name: is no field of an event's envelope: an event travels as"),
    (lambda: Batch("production").add_event({"event_type": 5, "data": {}}), m.ValidationError, "events[0].event_type: must be a string"),
    (lambda: Batch.from_json("[" * 100_000), m.ValidationError, "batch: is no JSON: "),
    (lambda: Batch.from_json('{"environment":"production","a` - at `$.x[0]`b":1}'), m.ValidationError, "batch: Object contains unknown field"),
    (lambda: Batch.from_json('{"environment":"production","truncated":1}'), m.ValidationError, "batch: truncated: is no known field"),
    (lambda: api().flush("5"), m.WrongCallError, "timeout is seconds from 0, or None to wait without end, not '5'"),
    (lambda: api().flush(-1), m.WrongCallError, "timeout is seconds from 0, or None to wait without end, not -1"),
    (lambda: api().close(math.nan), m.WrongCallError, "timeout is seconds from 0, or None to wait without end, not nan"),
    (lambda: api().upload_all(7), m.WrongCallError, "an iterable of batches is expected, not int"),
    (lambda: api().upload_all([], on_result=1), m.WrongCallError, "on_result is a function of one argument, not int"),
    (lambda: Batch.from_json({}), m.WrongCallError, "from_json takes JSON text, not dict: a dict can be uploaded as it is"),
    (lambda: m.EventsApi("key"), m.WrongCallError, "EventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.AsyncEventsApi("key"), m.WrongCallError, "AsyncEventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.unixtime_ms(1.5), m.WrongCallError, "unixtime_ms takes a datetime, or nothing for now, not float"),  # type: ignore[arg-type]
    (lambda: Batch.from_json("{"), m.ValidationError, "batch: is no JSON: Input data was truncated"),
    (lambda: Batch.from_json("[]"), m.ValidationError, "batch: must be an object, not a list"),
    (lambda: Batch.from_json(b"\xff"), m.ValidationError, "batch: is no JSON"),
    (lambda: Batch.from_json('{"environment": "production"} x'), m.ValidationError, "batch: is no JSON"),
    (lambda: m.unixtime_ms(datetime(2026, 1, 1)), ValueError, "datetime.datetime(2026, 1, 1, 0, 0) has no time zone"),
    (lambda: m.CommerceEvent(product_action=ProductAction("purchase"), promotion_action=m.PromotionAction("view")), ValueError,
     "at most one of product_action, promotion_action, product_impressions may be given, not product_action and promotion_action"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), CALLS, ids=[str(number) for number in range(len(CALLS))])
def test_a_bad_call(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as raised:
        call()
    assert message in str(raised.value)


async def awaited(_: Any) -> None: ...


Configuration: Any = m.Configuration
Retry: Any = m.Retry
CONFIGURATIONS: list[tuple[Callable[[], Any], str]] = [
    (lambda: Configuration("", "s"), "api_key is missing: give the string that mParticle shows for this input"),
    (lambda: Configuration("k", None), "api_secret is missing"),
    (lambda: Configuration("k:1", "s"), "api_key has a colon, which HTTP Basic cannot carry: copy the key alone"),
    (lambda: Configuration("k", "s\n"), "api_secret has a control character (a line break?): copy it again"),
    (lambda: Configuration("k", "s", pod="US2"), "pod is 'US2': it is one of us1, us2, eu1, au1"),
    (lambda: Configuration("k", "s", pod="moon"), "pod is 'moon': it is one of us1, us2, eu1, au1"),
    (lambda: Configuration("k", "s", base_url="example.com"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", base_url="https://k:s@example.com"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", timeout=0), "timeout is 0: give seconds, more than 0 and at most a day"),
    (lambda: Configuration("k", "s", timeout=math.inf), "timeout is inf: give seconds"),
    (lambda: Configuration("k", "s", timeout="5"), "timeout is '5': give seconds"),
    (lambda: Configuration("k", "s", timeout=10**400), "timeout is 1000000"),
    (lambda: Configuration("k", "s", pod=[]), "pod is []: it is one of us1, us2, eu1, au1"),
    (lambda: Configuration("k\ud800", "s"), "api_key has a control character"),
    (lambda: Configuration("k", "s", base_url="http://example.com/v2"), "base_url is http://, which shows the secret"),
    (lambda: Configuration("k", "s", base_url="http://127.0.0.1.example.com"), "base_url is http://"),
    (lambda: Configuration("k", "s", base_url="http://host:abc"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", base_url="http://[::1/v2"), "base_url must be like https://host/path"),
    (lambda: Configuration("k", "s", max_in_flight=0), "max_in_flight is 0: give a whole number of at least 1"),
    (lambda: Configuration("k", "s", deadline=0), "deadline is 0: give seconds, more than 0 and at most a day"),
    (lambda: Configuration("k", "s", deadline=None), "deadline is None: give seconds"),
    (lambda: Configuration("k", "s", retry=3), "retry is a Retry, or None for a single attempt, not int"),
    (lambda: Configuration("k", "s", rate="fast"), "rate is 'fast': give batches a second, more than 0, or None"),
    (lambda: Configuration("k", "s", rate=math.nan), "rate is nan: give batches a second"),
    (lambda: Configuration("k", "s", proxy="proxy:3128"), "proxy must be like http://host:port"),
    (lambda: Configuration("k", "s", proxy="ftp://proxy"), "proxy must be like http://host:port"),
    (lambda: Configuration("k", "s", ssl_context="/etc/ca.pem"), "ssl_context is a ssl.SSLContext, not str"),
    (lambda: Configuration("k", "s", on_attempt=awaited), "on_attempt is a plain function: nobody would await"),
    (lambda: Configuration("k", "s", validate=None), "validate is None: give True or False"),
    (lambda: Configuration("k", "s", deduplicate="false"), "deduplicate is 'false': give True or False"),
    (lambda: Configuration("k", "s", allow_http=1), "allow_http is 1: give True or False"),
    (lambda: Configuration("k", "s", transport=3), "transport is a transport of httpx, not int"),
    (lambda: Configuration(" k", "s"), "api_key begins or ends with a space: copy it again"),
    (lambda: Configuration(1, "s"), "api_key is a string, not int"),
    (lambda: Configuration("k", "s", ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), "ssl_context is one of a server"),
    (lambda: Configuration("k", "s", on_attempt=5), "on_attempt is a function of one argument, not int"),
    (lambda: m.Retry(max_attempts=0), "max_attempts is 0: give a whole number of at least 1"),
    (lambda: Retry(max_attempts=2.0), "max_attempts is 2.0: give a whole number"),
    (lambda: m.Retry(initial_backoff=-1), "initial_backoff is -1: give seconds, more than 0 and at most a day"),
    (lambda: m.Retry(max_backoff=math.inf), "max_backoff is inf: give seconds"),
    (lambda: m.Retry(budget=True), "budget is True: give a whole number of at least 1"),
    (lambda: m.Configuration.from_env({}), "MPARTICLE_API_KEY is not set in the environment"),
    (lambda: m.Configuration.from_env({"MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": ""}), "MPARTICLE_API_SECRET is not set in the environment"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), CONFIGURATIONS, ids=[message for _, message in CONFIGURATIONS])
def test_a_bad_configuration(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(m.ConfigurationError) as raised:
        make()
    assert str(raised.value).startswith(message)
    assert "k:1" not in str(raised.value)
