"""The forms that other software writes are read, and the documented form is sent."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from clients import configured
from command import environment, run
from faulty_server import FaultyServer

from mparticle_ext import AppEvent, AsyncEventsApi, Batch, EventsApi, GDPRConsentState, UserIdentities, ValidationError
from mparticle_ext.sandbox import Sandbox

EVENT = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "a"}}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NOON_MS = 1767355200000


def event(**data: Any) -> dict[str, Any]:
    return {"events": [{"event_type": "custom_event", "data": {**EVENT["data"], **data}}]}  # type: ignore[dict-item]


def purchase(**action: Any) -> dict[str, Any]:
    return {"events": [{"event_type": "commerce_event", "data": {"product_action": {"action": "purchase", **action}}}]}


FORMS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("customerid", {"user_identities": {"customerid": "a"}}, {"user_identities": {"customer_id": "a"}}),
    ("a number as an identity", {"user_identities": {"customer_id": 123456}}, {"user_identities": {"customer_id": "123456"}}),
    ("a boolean as an identity", {"user_identities": {"other": True}}, {"user_identities": {"other": "true"}}),
    ("a number as text", {"device_info": {"os_version": 17.4}}, {"device_info": {"os_version": "17.4"}}),
    ("a whole number as an identity", {"user_identities": {"customer_id": 123456.0}}, {"user_identities": {"customer_id": "123456"}}),
    ("a large number as text", {"job_id": 2**70}, {"job_id": str(2**70)}),
    ("a number that is no double", {"user_identities": {"customer_id": 10**310}}, {"user_identities": {"customer_id": str(10**310)}}),
    ("a number in attribution_info",
     {"attribution_info": {"service_provider": "a", "publisher": "b", "campaign": 5}},
     {"attribution_info": {"service_provider": "a", "publisher": "b", "campaign": "5"}}),
    ("iOS", {"application_info": {"os": "iOS"}}, {"application_info": {"os": "IOS"}}),
    ("a time in digits", event(timestamp_unixtime_ms="1466456299032"), event(timestamp_unixtime_ms=1466456299032)),
    ("an id in digits", event(session_id="-5"), event(session_id=-5)),
    ("an amount in digits", purchase(total_amount="123", tax_amount="1.5"), purchase(total_amount=123, tax_amount=1.5)),
    ("a whole number with a fraction", event(event_num=5.0), event(event_num=5)),
    ("a boolean as text", {"device_info": {"is_tablet": "true"}}, {"device_info": {"is_tablet": True}}),
    ("a number before a boolean", event(lifetime_value_change="1"), event(lifetime_value_change=1)),
    ("no boolean", {"device_info": {"is_tablet": "", "brand": ""}}, {"device_info": {"brand": ""}}),
    ("no IP address", {"ip": ""}, {}),
    ("no type of a custom event", {"events": [{"event_type": "custom_event", "data": {"event_name": "a"}}]}, {"events": [EVENT]}),
    ("the Node SDK's name", purchase(products=[{"customAttributes": {"a": 1}}]), purchase(products=[{"custom_attributes": {"a": 1}}])),
]  # fmt: skip

KEPT: list[tuple[str, dict[str, Any]]] = [
    ("digits in an attribute", {"user_attributes": {"zip": "01234"}}),
    ("digits as mpid", {"mpid": "7346244611012968789"}),
    ("an empty advertising ID", {"device_info": {"ios_advertising_id": ""}}),
    ("batching", {"context": {"batching": {"bypass": True, "partition_key": "a", "request_ids": ["b"]}}}),
    ("regulation", {"consent_state": {"gdpr": {"a": {"consented": True, "regulation": "GDPR"}}}}),
    ("FireTV", {"device_info": {"platform": "FireTV"}}),
    ("an unknown platform", {"device_info": {"platform": "Unknown"}}),
    ("text as metadata", event(media_info={"metadata": "a"})),
    ("consent_granted", event(custom_event_type="consent_granted")),
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"user_identities": {"customerid": "a", "customer_id": "b"}}, "user_identities.customerid: is another name of customer_id"),
    ({"user_identities": {"costumer_id": 5}}, "user_identities.costumer_id: is not a known field: did you mean 'customer_id'?"),
    (event(event_name=5), "events[0].data.event_name: must be a string, not a whole number"),
    (event(timestamp_unixtime_ms="tomorrow"), "events[0].data.timestamp_unixtime_ms: must be a whole number or null, not a string"),
    (event(timestamp_unixtime_ms=1795543605), "events[0].data.timestamp_unixtime_ms: is 1795543605, which are seconds: give milliseconds"),
    (event(timestamp_unixtime_ms="1795543605"), "events[0].data.timestamp_unixtime_ms: is 1795543605, which are seconds: give milliseconds"),
    (event(timestamp_unixtime_ms=1795543605000000),
     "events[0].data.timestamp_unixtime_ms: is 1795543605000000, which are microseconds: give milliseconds"),
    (purchase(total_amount="NaN"), "events[0].data.product_action.total_amount: must be a number or null, not a string"),
    (purchase(total_amount="Infinity"), "events[0].data.product_action.total_amount: must be a number or null, not a string"),
    (purchase(total_amount="1e999"), "events[0].data.product_action.total_amount: must be a number or null, not a string"),
    ({"user_identities": {"customer_id": 2.0**53}}, "user_identities.customer_id: must be a string or null, not a number"),
    (event(timestamp_unixtime_ms=10**310), "which is not between 2000 and 2100"),
    ({"mpid": 1234567890123456789.0}, "mpid: must be a whole number"),
    (event(session_id="9007199254740993.0"), "events[0].data.session_id: must be a whole number or null, not a string"),
    (event(timestamp_unixtime_ms=-1), "events[0].data.timestamp_unixtime_ms: is -1, which is not between 2000 and 2100"),
    ({"events": [{"event_type": "commerce_event", "data": {"currency_code": "EUR"}}]},
     "events[0].data: exactly one of product_action, promotion_action, product_impressions must be given, not none"),
    ({"device_info": {"ios_idfv": "none"}}, "device_info.ios_idfv: must be a UUID, or an empty string"),
]  # fmt: skip


def batch(fields: dict[str, Any]) -> dict[str, Any]:
    return {"environment": "development", "source_request_id": "1", **fields}


def post(sandbox: Sandbox, body: object) -> httpx.Response:
    auth = (sandbox.configuration.api_key, sandbox.configuration.api_secret)
    return httpx.post(f"{sandbox.url}/events", json=body, auth=auth)


def sent_batches(sandbox: Sandbox) -> list[Any]:
    bodies = [json.loads(request.body) for request in sandbox.requests]
    return [one for body in bodies for one in (body if isinstance(body, list) else [body])]


def ids(rows: list[tuple[Any, ...]]) -> list[str]:
    return [str(row[0]) for row in rows]


@pytest.mark.parametrize(("_", "form", "documented"), FORMS, ids=ids(FORMS))
def test_a_form_is_read_and_the_documented_one_is_sent(
    _: str, form: dict[str, Any], documented: dict[str, Any], sandbox: Sandbox
) -> None:
    given = batch(form)
    assert json.loads(Batch.from_json(json.dumps(given)).to_json()) == batch(documented)
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(given)
        assert not api.upload_all([{**given, "source_request_id": "2"}]).failed
        api.bulk_upload_events([{**given, "source_request_id": "3"}])
    assert given == batch(form)  # the caller's object does not change
    assert [json.loads(request.body) for request in sandbox.requests] == [
        batch(documented),
        [{**batch(documented), "source_request_id": "2"}],
        [{**batch(documented), "source_request_id": "3"}],
    ]


def test_a_whole_decimal_is_read_as_a_whole_number(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(batch(event(session_id=Decimal("5.0"))))
    assert json.loads(sandbox.requests[0].body) == batch(event(session_id=5))


@pytest.mark.parametrize("number", [123456.0, Decimal("123456.0"), Decimal("1.23456E+5"), np.float64(123456)])
def test_a_whole_number_is_the_same_identity_however_it_is_written(number: Any, sandbox: Sandbox) -> None:
    typed = Batch("development", source_request_id="1", user_identities=UserIdentities(customer_id=number))
    as_json = f'{{"environment":"development","source_request_id":"1","user_identities":{{"customer_id":{number!s}}}}}'
    for given in (typed, batch({"user_identities": {"customer_id": number}}), as_json):
        upload(sandbox, given)
    assert sent_batches(sandbox) == [batch({"user_identities": {"customer_id": "123456"}})] * 3


@pytest.mark.parametrize(("_", "form", "documented"), FORMS, ids=ids(FORMS))
def test_the_sandbox_reads_it(_: str, form: dict[str, Any], documented: dict[str, Any], sandbox: Sandbox) -> None:
    assert post(sandbox, batch(form)).status_code == 202


@pytest.mark.parametrize(("_", "fields"), KEPT, ids=ids(KEPT))
def test_what_the_models_know_is_sent_as_it_is(_: str, fields: dict[str, Any]) -> None:
    assert json.loads(Batch.from_json(json.dumps(batch(fields))).to_json()) == batch(fields)


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[row[1] for row in REFUSED])
def test_refused(fields: dict[str, Any], message: str, sandbox: Sandbox) -> None:
    for read in (lambda: Batch.from_json(json.dumps(batch(fields))), lambda: upload(sandbox, batch(fields))):
        with pytest.raises(ValidationError) as raised:
            read()
        assert message in str(raised.value)
    assert not sandbox.requests
    assert post(sandbox, batch(fields)).status_code == 400


def upload(sandbox: Sandbox, value: Any) -> None:
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(value)


def test_the_command_reads_it(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "batches.ndjson"
    file.write_text("".join(json.dumps(batch(form) | {"source_request_id": name}) + "\n" for name, form, _ in FORMS))
    assert run("validate", file).code == 0
    assert run("upload", file, env=environment(sandbox)).code == 0
    assert sent_batches(sandbox) == [batch(documented) | {"source_request_id": name} for name, _, documented in FORMS]


def test_a_batch_that_fits_is_not_looked_at_again() -> None:
    """The conversion is not even loaded."""
    code = (
        "import sys; from mparticle_ext import AppEvent, Batch; b = Batch('development', events=[AppEvent('other', 'a')]); "
        "b.validate(); Batch.from_json(b.to_json()); sys.exit('mparticle_events.reading' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7))])
def test_a_datetime_is_sent_in_milliseconds(zone: Any, sandbox: Sandbox) -> None:
    when = NOON.astimezone(zone)
    typed = Batch("development", events=[AppEvent("other", "a", timestamp_unixtime_ms=when)])
    typed.validate()
    assert json.loads(typed.to_json())["events"][0]["data"]["timestamp_unixtime_ms"] == NOON_MS
    upload(sandbox, typed)
    upload(sandbox, batch(event(session_start_unixtime_ms=when)))
    added = AppEvent("other", "b", event_start_unixtime_ms=when)
    typed.add_event(added)
    upload(sandbox, typed)
    assert [json.loads(request.body)["events"][-1]["data"] for request in sandbox.requests] == [
        {"timestamp_unixtime_ms": NOON_MS, "custom_event_type": "other", "event_name": "a"},
        {"session_start_unixtime_ms": NOON_MS, "custom_event_type": "other", "event_name": "a"},
        {"event_start_unixtime_ms": NOON_MS, "custom_event_type": "other", "event_name": "b"},
    ]
    assert added.event_start_unixtime_ms is when  # the caller's object does not change


def test_a_datetime_in_the_json_of_every_model() -> None:
    event = AppEvent("other", "a", custom_attributes={"at": "b"}, timestamp_unixtime_ms=NOON)
    data = {**EVENT["data"], "timestamp_unixtime_ms": NOON_MS, "custom_attributes": {"at": "b"}}  # type: ignore[dict-item]
    batch = Batch("development", events=[event])
    envelope: Any = batch.events[0]  # type: ignore[index]
    as_batch = {"environment": "development", "events": [{"event_type": "custom_event", "data": data}]}
    for model, expected in ((event, data), (envelope, as_batch["events"][0]), (batch, as_batch)):
        assert model.to_dict() == json.loads(model.to_json()) == expected
    gdpr = GDPRConsentState(consented=True, timestamp_unixtime_ms=NOON)
    assert gdpr.to_dict() == {"consented": True, "timestamp_unixtime_ms": NOON_MS}
    assert event.timestamp_unixtime_ms is NOON


@pytest.mark.parametrize("method", ["upload_events", "bulk_upload_events", "upload_all"])
def test_without_validation_a_datetime_is_sent_in_milliseconds_too(method: str, sandbox: Sandbox) -> None:
    given = batch(event(timestamp_unixtime_ms=NOON))
    typed = Batch("development", source_request_id="1", events=[AppEvent("other", "a", timestamp_unixtime_ms=NOON)])
    with EventsApi(sandbox.configuration.replace(validate=False)) as api:
        for one in (given, typed):
            getattr(api, method)(one if method == "upload_events" else [one])
    assert sent_batches(sandbox) == [batch(event(timestamp_unixtime_ms=NOON_MS))] * 2
    assert given == batch(event(timestamp_unixtime_ms=NOON))  # the caller's object does not change


@pytest.mark.parametrize("key", [True, NOON, None, (1,), Decimal("1.5")])
@pytest.mark.parametrize("validate", [True, False])
def test_a_key_that_is_no_string_is_one_failed_result(validate: bool, key: Any, sandbox: Sandbox) -> None:
    strange = AppEvent("other", "a", timestamp_unixtime_ms=NOON, custom_attributes={key: 1})
    batches = [Batch("development", events=[one]) for one in (AppEvent("other", "a"), strange, AppEvent("other", "b"))]
    with EventsApi(sandbox.configuration.replace(validate=validate)) as api:
        result = api.upload_all(batches)
    problem = f"events[0].data.custom_attributes: has a key that is {'None' if key is None else type(key).__name__}: give a string"
    assert [(one.index, str(one.error)) for one in result.failed] == [(1, f"batches[1]: {problem}")]
    assert len(sandbox.batches) == 2
    for work in (batches[1].validate, batches[1].to_json):
        with pytest.raises(ValidationError) as raised:
            work()
        assert str(raised.value) == f"batch: {problem}"
    without_type = {"event_type": "custom_event", "data": {"event_name": "a", "custom_attributes": {key: 1}}}
    with pytest.raises(ValidationError) as raised:
        batches[0].add_event(without_type)
    assert str(raised.value) == f"batch: {problem.replace('events[0]', 'events[1]')}"


def test_without_validation_a_batch_without_datetimes_is_sent_as_it_is() -> None:
    given = {"source_request_id": "1", "user_identities": {"customerid": "5"}, "user_attributes": {"load_ms": "7"}}
    with FaultyServer() as server, EventsApi(configured(server.url, validate=False)) as api:
        api.upload_events(given)
    assert server.taken == [given]


class Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class FakeDatetime(datetime, metaclass=Kind):
    """A subclass, as freezegun's and pandas.Timestamp are."""


@pytest.fixture(params=["real", "frozen"])
def _freeze(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the name `datetime` in the package, as freezegun does."""
    for name, module in list(sys.modules.items()):
        if request.param == "frozen" and name.startswith("mparticle") and vars(module).get("datetime") is datetime:
            monkeypatch.setattr(module, "datetime", FakeDatetime)


@pytest.mark.usefixtures("_freeze")
@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("kind", [FakeDatetime, datetime])
def test_a_subclass_of_datetime_is_sent_in_milliseconds(kind: type[datetime], validate: bool, sandbox: Sandbox) -> None:
    when = kind(2026, 1, 2, 5, tzinfo=timezone(timedelta(hours=-7)))
    given = batch(event(timestamp_unixtime_ms=when))
    app_event = AppEvent("other", "a", timestamp_unixtime_ms=when)
    typed = Batch("development", source_request_id="1", events=[app_event])
    with EventsApi(sandbox.configuration.replace(validate=validate)) as api:
        for one in (given, typed):
            api.upload_events(one)
            api.bulk_upload_events([one])
            assert not api.upload_all([one]).failed
    expected = batch(event(timestamp_unixtime_ms=NOON_MS))
    assert sent_batches(sandbox) == [expected] * 6
    assert [typed.to_dict(), Batch("development", source_request_id="1", events=[given["events"][0]]).to_dict()] == [
        expected
    ] * 2
    assert app_event.to_dict() == expected["events"][0]["data"]
    assert Batch.from_outbound(given).to_dict() == expected
    assert not typed.faults()


def test_a_datetime_from_asyncio(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            await api.upload_events(Batch("development", events=[AppEvent("other", "a", timestamp_unixtime_ms=NOON)]))

    asyncio.run(main())
    assert str(NOON_MS).encode() in sandbox.requests[0].body


NAIVE = datetime(2026, 1, 2, 12)


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (
            AppEvent("other", "a", timestamp_unixtime_ms=NAIVE),
            "is a time without a time zone: give milliseconds, or a datetime with one, as in tzinfo=UTC",
        ),
        (
            AppEvent("other", "a", timestamp_unixtime_ms=FakeDatetime(2026, 1, 2)),
            "is a time without a time zone: give milliseconds, or a datetime with one, as in tzinfo=UTC",
        ),
        (AppEvent("other", "a", event_num=NOON), "event_num: must be a whole number"),  # type: ignore[arg-type]
    ],
)
def test_a_datetime_must_have_a_time_zone_and_be_a_time(event: AppEvent, problem: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Batch("development", events=[event]).validate()
    assert problem in str(raised.value)


def test_attribution_events() -> None:
    created = AppEvent.create_attribution_event("news", "spring")
    assert (created.custom_event_type, created.event_name) == ("attribution", "attribution")
    assert created.custom_attributes == {"campaign": "spring", "publisher": "news"}
    assert AppEvent.create_attribution_delete_event().custom_attributes == {"action": "delete"}
    Batch("development", events=[created]).validate()


OUTBOUND = {
    "environment": "production",
    "source_request_id": "1",
    "batch_id": "5",
    "mpid": "7346244611012968789",
    "timestamp_unixtime_ms": "1466456299032",
    "source_info": {"channel": "native"},
    "system_notifications": [],
    "user_identities": [
        {"identity_type": "customer_id", "identity": "a", "timestamp_unixtime_ms": 1540483995196},
        {"identity_type": "email", "identity": None, "timestamp_unixtime_ms": 1540483995196},
    ],
    "context": {"data_plan": {"plan_id": "p", "plan_version": "2", "block_metadata": {"blocked": True}}},
    "events": [
        {
            "event_type": "custom_event",
            "message_type": "events",
            "data": {
                "event_name": "a",
                "custom_event_type": "other",
                "event_id": "7",
                "message_id": "b",
                "unique_id": "c",
                "timestamp_unixtime_ms": "1466456299032",
                "custom_attributes": {"zip": "01234"},
            },
        }
    ],
}
INBOUND = {
    "environment": "production",
    "source_request_id": "1",
    "mpid": "7346244611012968789",
    "user_identities": {"customer_id": "a", "email": None},
    "context": {"data_plan": {"plan_id": "p", "plan_version": 2}},
    **event(timestamp_unixtime_ms=1466456299032, custom_attributes={"zip": "01234"}),
}


@pytest.mark.parametrize("document", [OUTBOUND, json.dumps(OUTBOUND), json.dumps(OUTBOUND).encode()])
def test_what_mparticle_sent_out_can_be_sent_in(document: Any, sandbox: Sandbox) -> None:
    read = Batch.from_outbound(document)
    assert json.loads(read.to_json()) == INBOUND
    upload(sandbox, read)
    assert json.loads(sandbox.requests[0].body) == INBOUND
    with pytest.raises(ValidationError):
        Batch.from_json(json.dumps(OUTBOUND))  # only where it is asked for


@pytest.mark.parametrize(
    ("identities", "problem"),
    [
        ([{"identity_type": "other", "identity": "a"}, {"identity_type": "other", "identity": "b"}], "[1]: other occurs twice: give it once"),
        ([{"identity_type": "other", "identiy": "a"}], "[0].identiy: is not a known field: known fields are identity_type, identity, "),
        ([{"identity_type": "other", "identity": "a", "x": 3}], "[0].x: is not a known field: known fields are identity_type, "),
        ([{"identity_type": "other"}], "[0].identity: is required: give it a value"),
    ],
)  # fmt: skip
def test_no_identity_of_an_outbound_batch_is_lost(identities: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Batch.from_outbound(batch({"user_identities": identities}))
    assert str(raised.value).startswith(f"batch: user_identities{problem}")


def test_an_outbound_dict_can_have_datetimes_but_no_bytes() -> None:
    read = Batch.from_outbound(batch(event(timestamp_unixtime_ms=NOON)))
    assert json.loads(read.to_json()) == batch(event(timestamp_unixtime_ms=NOON_MS))
    with pytest.raises(ValidationError, match="is bytes"):
        Batch.from_outbound(batch({"user_attributes": {"a": b"abc"}}))


@pytest.mark.parametrize("read", [Batch.from_json, Batch.from_outbound])
def test_text_that_is_not_utf_8(read: Any) -> None:
    with pytest.raises(ValidationError, match="lone surrogate"):
        read('{"environment": "\ud800"}')


@pytest.mark.parametrize("key", [NOON, Decimal("1.5")])
def test_a_strange_key_in_a_batch_that_is_converted(key: Any) -> None:
    given = Batch("development", user_attributes={key: None}, job_id=5)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        given.validate()


def test_an_inbound_batch_is_an_outbound_one_too() -> None:
    assert json.loads(Batch.from_outbound(INBOUND).to_json()) == INBOUND


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must be an object, not a list"),
        (batch({"user_identities": [1]}), "user_identities: must be an object or null, not a list"),
        (batch({"user_identities": [{"identity_type": "mail", "identity": "a"}]}), "user_identities.mail: is not a known field"),
        (batch(event(timestamp_unixtime_ms="1466456299")), "which are seconds: give milliseconds"),
    ],
)  # fmt: skip
def test_a_faulty_outbound_batch(document: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Batch.from_outbound(document)
    assert problem in str(raised.value)
