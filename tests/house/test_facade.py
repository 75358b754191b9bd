"""What users touch, mostly without the network: configuration, events, batches, errors, times."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import textwrap
from base64 import b64encode
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from secrets import token_hex
from traceback import format_exception
from typing import Any

import httpx
import pytest
from mparticle_events import models
from msgspec import UNSET

import mparticle_ext as m
from mparticle_ext.sandbox import Sandbox


def test_a_configuration_cannot_be_changed_and_hides_its_secret() -> None:
    configuration = m.Configuration(
        "the-key", "the-secret", pod="eu1", transport=httpx.MockTransport(lambda r: httpx.Response(202))
    )
    assert "the-" not in repr(configuration)
    assert "eu1" in repr(configuration)
    with pytest.raises(FrozenInstanceError, match=r"cannot be changed: configuration.replace\(timeout="):
        configuration.timeout = 1.0  # type: ignore[misc]
    other = configuration.replace(timeout=1.0)
    assert (other.timeout, other.pod, other.api_secret, configuration.timeout) == (1.0, "eu1", "the-secret", 30.0)
    with pytest.raises(FrozenInstanceError, match="has no setting host: its settings are api_key, "):
        configuration.host = "eu1"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        ({}, "https://s2s.mparticle.com/v2"),
        ({"pod": "au1"}, "https://s2s.au1.mparticle.com/v2"),
        ({"base_url": "http://127.0.0.1:8080/v2/"}, "http://127.0.0.1:8080/v2"),
        ({"base_url": "http://localhost/v2"}, "http://localhost/v2"),
        ({"base_url": "http://[::1]:8080"}, "http://[::1]:8080"),
        ({"base_url": "http://sandbox:8080/v2", "allow_http": True}, "http://sandbox:8080/v2"),
    ],
)
def test_url_of_a_configuration(arguments: dict[str, Any], url: str) -> None:
    assert m.Configuration("k", "s", **arguments).url == url


def test_configuration_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPARTICLE_API_KEY", "k")
    monkeypatch.setenv("MPARTICLE_API_SECRET", "s")
    monkeypatch.setenv("MPARTICLE_POD", "us2")
    monkeypatch.setenv("MPARTICLE_BASE_URL", "")
    assert m.Configuration.from_env(timeout=5.0) == m.Configuration("k", "s", pod="us2", timeout=5.0)
    monkeypatch.setenv("MPARTICLE_BASE_URL", "https://proxy.example/v2")
    assert m.Configuration.from_env().url == "https://proxy.example/v2"


def test_events_are_put_into_their_envelopes() -> None:
    flat = m.AppEvent("other", "a")
    in_envelope = models.CustomEvent(data=flat)
    wire = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "a"}}
    given: list[Any] = [flat, in_envelope, wire, models.CustomEventData(custom_event_type="other", event_name="a")]
    added, assigned = m.Batch("development"), m.Batch("development")
    for event in given:
        added.add_event(event)
    assigned.events = tuple(given)
    constructed = m.Batch("development", events=iter(given))
    assert added.to_json() == assigned.to_json() == constructed.to_json()
    assert (
        added.to_json().count('{"event_type":"custom_event","data":{"custom_event_type":"other","event_name":"a"}}')
        == 4
    )


def test_a_subclass_of_an_event() -> None:
    class Clicked(m.AppEvent):
        pass

    batch = m.Batch("development", events=[Clicked("other", "a"), Clicked("other", "b")])
    batch.validate()
    assert '"event_type":"custom_event"' in batch.to_json()


def test_events_of_a_class() -> None:
    class Clicked(m.AppEvent):
        pass

    clicked, plain = Clicked("other", "a"), m.AppEvent("other", "b")
    batch = m.Batch("development", events=[clicked, m.FirstRunEvent(), plain])
    assert batch.events_of(m.AppEvent) == [clicked, plain]
    assert batch.events_of(Clicked) == [clicked]
    assert batch.events_of(m.CommerceEvent) == []
    assert len(batch.events_of(models.CommonEventData)) == 3
    assert m.Batch("development").events_of(m.AppEvent) == []


def test_events_of_a_class_of_a_batch_that_was_read() -> None:
    document = m.Batch(
        "development", events=[m.CommerceEvent(product_impressions=[], currency_code="EUR"), m.AppEvent("other", "a")]
    ).to_json()
    batch = m.Batch.from_json(document)
    (event,) = batch.events_of(m.CommerceEvent)
    assert type(event) is m.CommerceEvent
    event.currency_code = "USD"
    assert batch.to_json() == document.replace("EUR", "USD")
    assert batch.events_of(models.CommerceEventData) == [event]


def test_events_of_a_class_finds_what_was_appended_to_the_list() -> None:
    batch = m.Batch("development", events=[m.AppEvent("other", "a")])
    events: Any = batch.events
    events.append({"event_type": "custom_event", "data": {"event_name": "b"}})
    events.append(m.AppEvent("other", "c"))
    found = batch.events_of(m.AppEvent)
    assert [(type(event), event.event_name) for event in found] == [(m.AppEvent, name) for name in "abc"]
    found[1].event_name = "d"
    assert [event["data"]["event_name"] for event in batch.to_dict()["events"]] == ["a", "d", "c"]
    batch.validate()
    events.append({"event_type": "custom_event", "data": {}})
    with pytest.raises(m.ValidationError, match=r"^batch: events\[3\].data.event_name: is required"):
        batch.events_of(m.AppEvent)


def test_an_event_that_was_read_is_none_of_a_class_that_requires_more() -> None:
    class Clicked(m.AppEvent, kw_only=True):
        button: str

    batch = m.Batch.from_json(m.Batch("development", events=[m.AppEvent("other", "a")]).to_json())
    batch.add_event(Clicked("other", "b", button="red"))
    assert [event.button for event in batch.events_of(Clicked)] == ["red"]
    assert [event.event_name for event in batch.events_of(m.AppEvent)] == ["a", "b"]


@pytest.mark.parametrize("kind", [m.Batch, models.CustomEvent, "AppEvent", m.AppEvent("other", "a")])
def test_events_of_something_else(kind: Any) -> None:
    with pytest.raises(m.WrongCallError, match=r"^a class of events such as AppEvent is expected, not "):
        m.Batch("development").events_of(kind)


def test_an_envelope_has_its_event_type() -> None:
    batch = m.Batch("development", events=[m.AppEvent("other", "a"), m.FirstRunEvent()])
    assert [event.event_type for event in batch.events or ()] == ["custom_event", "first_run"]
    assert models.CommerceEvent.event_type == "commerce_event"


def test_every_model_has_its_json_as_text_and_as_a_dict() -> None:
    product = m.Product("sku", "Shoes", Decimal("19.99"), custom_attributes={"size": None})
    batch = m.Batch("development", mpid=2**62, events=[m.AppEvent("other", "a")])
    assert product.to_dict() == {"id": "sku", "name": "Shoes", "price": 19.99, "custom_attributes": {"size": None}}
    assert '"price":19.99' in product.to_json()
    assert m.UserIdentities(customer_id="1").to_dict() == {"customer_id": "1"}
    assert batch.to_dict() == json.loads(batch.to_json())
    assert batch.to_dict()["mpid"] == 2**62
    with pytest.raises(m.ValidationError, match="user_attributes"):
        m.Batch("development", user_attributes={"a": object()}).to_dict()  # type: ignore[dict-item]


def test_null_and_absent_fields_stay_different() -> None:
    assert m.Batch("development").to_json() == '{"environment":"development"}'
    assert (
        m.Batch("development", events=None, ip=None).to_json()
        == '{"environment":"development","events":null,"ip":null}'
    )
    batch = m.Batch.from_json('{"environment":"development","events":null}')
    assert batch.events is None
    assert batch.ip is UNSET
    batch.add_event(m.FirstRunEvent())
    assert batch.to_json().endswith('"events":[{"event_type":"first_run","data":{}}]}')


def test_large_numbers_keep_their_digits() -> None:
    assert m.Batch("development", mpid=7346244611012968789).to_json().endswith('"mpid":7346244611012968789}')
    assert m.Batch("development", mpid="-7346244611012968789").to_json().endswith('"mpid":"-7346244611012968789"}')


def test_batches_can_be_copied_and_pickled() -> None:
    batch = m.Batch("development", events=[m.AppEvent("other", "a")])
    assert pickle.loads(pickle.dumps(batch)).to_json() == copy.deepcopy(batch).to_json() == batch.to_json()  # noqa: S301  # our own


def errors() -> list[m.MParticleError]:
    request = httpx.Request("POST", "https://example.com", headers={"Authorization": "the-secret"})
    response = httpx.Response(429, headers={"Retry-After": "2"}, request=request)
    return [
        m.ConfigurationError("pod is 'moon'"),
        m.ClosedError("this EventsApi is closed"),
        m.WrongCallError("a Batch is expected, not None"),
        m.ValidationError("is bad", "a.b", 3),
        m.ValidationError("b", subject="batches"),
        m.RateLimitError(response, retry_after=2.0),
        m.ServerError(httpx.Response(500)),
        m.APIConnectionError("no connection", m.Outcome.NOT_TAKEN),
        m.APITimeoutError("no complete response"),
        m.UploadStoppedError("stopped before it was sent", m.Outcome.NOT_TAKEN),
    ]


@pytest.mark.parametrize("error", errors(), ids=lambda error: type(error).__name__)
def test_errors_can_be_pickled_without_a_secret_and_without_batches(error: m.MParticleError) -> None:
    if isinstance(error, m.APIError):
        error.batches = [m.Batch("production", partner_identity="the-secret")]
    pickled = pickle.dumps(error)
    again = pickle.loads(pickled)  # noqa: S301  # our own
    assert type(again) is type(error)
    assert str(again) == str(error)
    if isinstance(error, m.APIError):
        assert isinstance(again, m.APIError)
        assert (again.outcome, again.batches) == (error.outcome, ())
    assert b"the-secret" not in pickled


def test_the_events_of_the_python_sdk() -> None:
    event = m.ApplicationStateTransitionEvent
    made = [
        event.create_install_event(),
        event.create_upgrade_event(),
        event.create_foreground_event(),
        event.create_background_event(),
    ]
    m.Batch("development", events=made).validate()
    assert [(one.application_transition_type, one.is_first_run, one.is_upgrade) for one in made] == [
        ("application_initialized", True, False),
        ("application_initialized", False, True),
        ("application_foreground", UNSET, UNSET),
        ("application_background", UNSET, UNSET),
    ]


def test_milliseconds() -> None:
    assert m.unixtime_ms(datetime(2017, 1, 13, 15, 56, 35, 852999, UTC)) == 1_484_322_995_852
    assert m.unixtime_ms(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0
    assert m.unixtime_ms(datetime(1969, 12, 31, 23, 59, 59, 999000, UTC)) == -1
    assert abs(m.unixtime_ms() - m.unixtime_ms(datetime.now(UTC))) < 60_000


@pytest.mark.slow
def test_an_error_shows_no_secret() -> None:
    configuration = m.Configuration(token_hex(), token_hex(), base_url="http://127.0.0.1:1")
    with m.EventsApi(configuration) as api, pytest.raises(m.APIConnectionError) as raised:
        api.upload_events(m.Batch("development"))
    basic = b64encode(f"{configuration.api_key}:{configuration.api_secret}".encode()).decode()
    shown = repr(raised.value) + str(raised.value) + repr(api) + "".join(format_exception(raised.value))
    for secret in (configuration.api_key, configuration.api_secret, basic):
        assert secret not in shown


@pytest.mark.parametrize(
    "ending", ["", "raise SystemExit(0)", "import threading; threading.Thread(target=upload_later).start()"]
)
def test_uploads_with_a_callback_are_sent_before_the_interpreter_exits(ending: str, sandbox: Sandbox) -> None:
    program = f"""
        import sys, time
        import mparticle_ext as m

        api = m.EventsApi(m.Configuration("sandbox-key", "sandbox-secret", base_url={sandbox.url!r}, max_in_flight=2))

        def upload_another(error, data, response):
            api.upload_events(m.Batch("production"), lambda *call: print(call[2].status_code))

        def upload_later():
            time.sleep(0.1)
            api.upload_events(m.Batch("production"))

        for _ in range(5):
            api.upload_events(m.Batch("development"), upload_another)
        {ending}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("202") == 5
    assert len(sandbox.batches) == (11 if "upload_later" in ending else 10)
