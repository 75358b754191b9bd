"""The messages for wrong batches, wrong calls and wrong configurations, word for word."""

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

Event: Any = m.AppEvent  # Any, because a type checker finds these mistakes too
Batch: Any = m.Batch
ProductAction: Any = m.ProductAction


def event(**data: Any) -> dict[str, Any]:
    return {"event_type": "custom_event", "data": {"event_name": "a", "custom_event_type": "other", **data}}


def event_appended_without_envelope() -> Any:
    batch = Batch("production", events=[Event("other", "a")])
    batch.events.append(Event("other", "b"))
    return batch


def recursive() -> Any:
    attributes: dict[str, Any] = {}
    attributes["a"] = attributes
    return Batch("production", user_attributes=attributes)


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
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms="2026-01-01")]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a string: give milliseconds, or a datetime with a time zone"),
    (lambda: Batch("production", events=[Event("other", "a", timestamp_unixtime_ms=1.5)]),
     "batch: events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a number: give milliseconds, or a datetime with a time zone"),
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
    (lambda: Batch("production", mpid="12a"), "batch: mpid: does not match '^-?[0-9]{1,19}$'"),
    (lambda: Batch("production", ip="localhost"), "batch: ip: does not match"),
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
    (lambda: {"environment": None}, "batch: environment: must be"),
    (lambda: Batch("production", user_attributes={"a": object()}),
     "batch: user_attributes.a: object has no JSON form: give a string, a number, a boolean, a list or a dict"),
    (lambda: Batch("production", user_attributes={"a": {1, 2} and (i for i in "a")}), "batch: user_attributes.a: generator has no JSON form"),
    (lambda: Batch("production", user_attributes={"a": "\ud800"}),
     "batch: user_attributes.a: has a character that UTF-8 cannot encode (a lone surrogate): give a string"),
    (lambda: Batch("production", user_attributes={"a": math.nan}),
     "batch: user_attributes.a: is not a finite number, and JSON has no form for it: leave it out"),
    (lambda: Batch("production", events=[m.CommerceEvent(product_action=ProductAction("purchase", total_amount=-math.inf))]),
     "batch: events[0].data.product_action.total_amount: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("NaN")}), "batch: user_attributes.a: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("sNaN")}), "batch: user_attributes.a: is not a finite number"),
    (lambda: Batch("production", user_attributes={"a": Decimal("1e999")}), "batch: is not valid JSON: Number out of range"),
    (lambda: Batch("production", user_attributes={"a": Decimal("1e999")}, ip=None), "batch: is not valid JSON: Number out of range"),
    (lambda: Batch("production", user_attributes={"a": ["b", math.inf]}, ip=None), "batch: user_attributes.a[1]: is not a finite number"),
    (lambda: Batch("production", user_attributes={(1, 2): 1}), "batch: user_attributes: a key of JSON is a string, not tuple"),
    (event_appended_without_envelope, "batch: events[1].event_type: is required: an event is sent as"),
    (lambda: Batch("production", user_attributes={"a": 1, "b": Fraction(10**400)}), "batch: user_attributes.b: integer division result too large for a float"),
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


def test_invalid_batch_in_a_bulk_upload_is_named_by_its_index() -> None:
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
    (lambda: Batch("production").add_event(None), m.WrongCallError, "events[0]: an event such as AppEvent(...), or a dict with event_type and data, is expected, not None"),
    (lambda: Batch("production", events=[m.Product()]), m.WrongCallError, "events[0]: an event such as AppEvent(...)"),
    (lambda: setattr(Batch(), "events", Event()), m.WrongCallError, "events takes a list of events, not"),
    (lambda: setattr(Batch(), "events", 7), m.WrongCallError, "events takes a list of events, not int"),
    (lambda: Batch().add_event({"event_type": "session_start", "data": {"x": 1}}), m.ValidationError, "batch: events[0].data.x: is not a known field"),
    (lambda: setattr(Batch(), "enviroment", 1), AttributeError, "enviroment"),
    (lambda: Batch(enviroment=1), TypeError, "enviroment"),
    (lambda: Batch("production", events=[Event("other", "a"), {"event_type": "session_start", "data": {"x": 1}}]), m.ValidationError, "batch: events[1].data.x: is not a known field"),
    (lambda: Batch("production").add_event({"event_type": "custom_event", "event_name": "a"}), m.ValidationError, "events[0].event_name: is not a field of an event's envelope: an event is sent as"),
    (lambda: Batch("production").add_event({"event_type": 5, "data": {}}), m.ValidationError, "events[0].event_type: must be a string"),
    (lambda: Batch.from_json("[" * 100_000), m.ValidationError, "batch: is not valid JSON: "),
    (lambda: Batch.from_json('{"environment":"production","a` - at `$.x[0]`b":1}'), m.ValidationError, "batch: Object contains unknown field"),
    (lambda: Batch.from_json('{"environment":"production","truncated":1}'), m.ValidationError, "batch: truncated: is not a known field"),
    (lambda: api().flush("5"), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not '5'"),
    (lambda: api().flush(-1), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not -1"),
    (lambda: api().close(math.nan), m.WrongCallError, "timeout takes seconds from 0, or None to wait without limit, not nan"),
    (lambda: api().upload_all(7), m.WrongCallError, "an iterable of batches is expected, not int"),
    (lambda: api().upload_all([], on_result=1), m.WrongCallError, "on_result takes a function of one argument, not int"),
    (lambda: api().upload_all([], on_result=coroutine_function), m.WrongCallError, "on_result takes a plain function: a coroutine would never be awaited"),
    (lambda: Batch.from_json({}), m.WrongCallError, "from_json takes JSON text, not dict: a dict can be uploaded as is"),
    (lambda: m.EventsApi("key"), m.WrongCallError, "EventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.AsyncEventsApi("key"), m.WrongCallError, "AsyncEventsApi takes a Configuration, not str"),  # type: ignore[arg-type]
    (lambda: m.unixtime_ms(1.5), m.WrongCallError, "unixtime_ms takes a datetime, or nothing for now, not float"),  # type: ignore[arg-type]
    (lambda: Batch.from_json("{"), m.ValidationError, "batch: is not valid JSON: Input data was truncated"),
    (lambda: Batch.from_json("[]"), m.ValidationError, "batch: must be an object, not a list"),
    (lambda: Batch.from_json(b"\xff"), m.ValidationError, "batch: is not valid JSON"),
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
    (lambda: Configuration("k", "s", on_attempt=5), "on_attempt takes a function of one argument, not int"),
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
