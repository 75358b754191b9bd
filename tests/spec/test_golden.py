"""Compare batches with the JSON in tests/golden/: one batch for each event type, and one with many fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import mparticle_ext as m

GOLDEN = Path(__file__).resolve().parent / "golden"
AT = 1_484_322_995_852
ID = UUID("0b5a4d9c-6f0e-4f5e-9a3e-2f6f3a1c7b11")


def full_batch() -> m.Batch:
    batch = m.Batch(
        m.Batch.Environment.production,
        source_request_id="request-1",
        mpid=7346244611012968789,
        mp_deviceid=str(ID),
        ip="2001:db8::1",
        user_identities=m.UserIdentities(customer_id="123456", email="a@example.com", other_id_10=None),
        user_attributes={"$age": 42, "tags": ["a", "b"], "vip": True, "balance": Decimal("1.10"), "gone": None, "naïve": "é"},
        deleted_user_attributes=["old"],
        device_info=m.DeviceInformation(
            brand="iPhone", platform="iOS", att_authorization_status="not_determined", is_tablet=None, screen_height=2436,
            ios_advertising_id="", locale_language="en",
        ),
        application_info=m.ApplicationInformation(
            application_name="Shop", os="IOS", apple_search_ads_attributes={"Version3.1": {"iad-attribution": "true"}}
        ),
        consent_state=m.ConsentState(
            gdpr={"My Purpose": m.GDPRConsentState("v2", True, AT, "here", "IDFA:1")},
            ccpa=m.CCPAConsents(data_sale_opt_out=m.CCPAConsentState(consented=False)),
        ),
        context=m.BatchContext(data_plan=m.DataPlanContext("plan", plan_version=2), location=m.GeoLocation(48.1, 11.5)),
        partner_identities={"partner": "p-1"},
        integration_attributes={"160": {"key": "value"}},
        attribution_info=m.AttributionInfo("service", "publisher", "campaign"),
    )  # fmt: skip
    batch.add_event(EVENTS["custom_event"]())
    batch.add_event(EVENTS["commerce_event"]())
    batch.add_event({"event_type": "session_end", "data": {"session_duration_ms": None}})
    return batch


def purchase() -> m.CommerceEvent:
    shoes = m.Product("sku-1", "Shoes", Decimal("19.99"), 39.98, quantity=2, custom_attributes={"on-sale": "true"})
    action = m.ProductAction("purchase", "order-1", Decimal("21.49"), [shoes], tax_amount=1.5, coupon_code=None)
    return m.CommerceEvent(product_action=action, currency_code="EUR", timestamp_unixtime_ms=AT)


EVENTS: dict[str, Callable[[], Any]] = {
    "application_state_transition": m.ApplicationStateTransitionEvent.create_upgrade_event,
    "breadcrumb": lambda: m.BreadcrumbEvent(3, "opened the cart"),
    "commerce_event": purchase,
    "crash_report": lambda: m.CrashReportEvent("ValueError", "bad", "line 1", False, breadcrumbs=["a", m.BreadcrumbEvent(1, "b")]),
    "custom_event": lambda: m.AppEvent(
        "navigation", "Hello World", timestamp_unixtime_ms=AT, source_message_id=str(ID),
        custom_attributes={"foo": "bar", "n": 2**60, "none": None}, custom_flags={"list": [1], "object": {"a": 1}},
        location=m.GeoLocation(48.1, 11.5, accuracy=3), device_current_state=m.DeviceCurrentState(device_orientation="portrait"),
        media_info=m.MediaInfo(action="play", quality="hd"),
    ),
    "first_run": m.FirstRunEvent,
    "network_performance": lambda: m.NetworkPerformanceEvent("GET", "https://example.com", 12, 100, 2000, 200),
    "opt_out": lambda: m.OptOutEvent(True),
    "pre_attribution": m.PreAttributionEvent,
    "profile": lambda: m.ProfileEvent("new", "old", "login", current_mpid=2**60),
    "push_message": lambda: m.PushMessageEvent("token", "received", '{"a":1}', "background", push_message_behavior=3),
    "push_reaction": m.PushReactionEvent,
    "push_registration": lambda: m.PushRegistrationEvent(True, "token"),
    "screen_view": lambda: m.ScreenViewEvent("Home", activity_type="tab"),
    "session_end": lambda: m.SessionEndEvent(60_000, session_id=12345678),
    "session_start": lambda: m.SessionStartEvent(session_id=12345678, timestamp_unixtime_ms=AT),
    "uninstall": m.UninstallEvent,
    "user_attribute_change": lambda: m.UserAttributeChangeEvent("tier", "gold", None, deleted=False, is_new_attribute=True),
    "user_identity_change": lambda: m.UserIdentityChangeEvent(
        new=m.UserIdentity("email", "b@example.com", AT), old=m.UserIdentity("email", None, AT, created_this_batch=False)
    ),
}  # fmt: skip
CASES: dict[str, Callable[[], m.Batch]] = {
    "full_batch": full_batch,
    **{name: (lambda make: lambda: m.Batch("development", events=[make()]))(make) for name, make in EVENTS.items()},
}


@pytest.mark.parametrize("name", CASES)
def test_a_batch_equals_its_golden_file(name: str) -> None:
    batch = CASES[name]()
    batch.validate()
    assert parse_exactly(batch.to_json()) == parse_exactly(golden(name))


@pytest.mark.parametrize("name", CASES)
def test_round_trip(name: str) -> None:
    document = CASES[name]().to_json()
    assert json.loads(m.Batch.from_json(document).to_json()) == json.loads(document)


def test_each_event_type_has_a_case_and_a_golden_file(spec: dict[str, Any]) -> None:
    event_types = set(spec["components"]["schemas"]["Event"]["discriminator"]["mapping"])
    assert event_types == set(EVENTS), "each event type of the spec needs a case in EVENTS"
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CASES), "each case needs a JSON file in tests/golden/"


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.json").read_text()


def parse_exactly(document: str) -> Any:
    """Parse JSON, but keep the order of keys and the digits of numbers."""
    return json.loads(document, object_pairs_hook=list, parse_float=str)
