"""The code of the Node SDK's guide, line by line, with its spellings."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import mparticle_ext as mParticle  # noqa: N812  # as the guide spells it
from mparticle_ext.sandbox import Sandbox

NOW = mParticle.unixtime_ms()


def test_the_code_of_the_guide(sandbox: Sandbox) -> None:
    batch: Any = mParticle.Batch(mParticle.Batch.Environment.development)

    user_identities = mParticle.UserIdentities()
    user_identities.customerid = "123456"
    batch.user_identities = user_identities

    device_info = mParticle.DeviceInformation()
    device_info.ios_advertising_id = "07d2ebaa-e956-407e-a1e6-f05f871bf4e2"
    device_info.android_advertising_id = "a26f9736-c262-47ea-988b-0b0504cee874"
    batch.device_info = device_info

    batch.user_attributes = {"Account type": "trial", "TrialEndDate": "2016-12-01"}

    event: Any = mParticle.AppEvent(mParticle.AppEvent.CustomEventType.navigation, "Hello World")
    event.custom_attributes = {"foo": "bar"}
    batch.addEvent(event)

    product = mParticle.Product()
    product.name = "Example Product"
    product.id = "sample-sku"
    product.price = 19.99
    product.customAttributes = {"on-sale": "true", "referbished": "false"}

    product_action = mParticle.ProductAction("purchase")
    product_action.products = [product]
    product_action.tax_amount = 1.50
    product_action.total_amount = 21.49

    commerce_event = mParticle.CommerceEvent()
    commerce_event.product_action = product_action
    commerce_event.timestamp_unixtime_ms = 1484322995852
    batch.addEvent(commerce_event)

    example_timestamp, example_duration = NOW, 1000
    session_start = mParticle.SessionStartEvent()
    session_start.session_id = 12345678
    session_start.timestamp_unixtime_ms = example_timestamp

    session_end = mParticle.SessionEndEvent()
    session_end.session_id = session_start.session_id
    session_end.session_duration_ms = example_duration
    session_end.timestamp_unixtime_ms = example_timestamp + example_duration
    sessions: Any = mParticle.Batch("development")
    sessions.events = [session_start, session_end]

    ccpa_consent_state = mParticle.CCPAConsentState()
    ccpa_consent_state.document = "document_agreement.v3"
    ccpa_consent_state.consented = True
    ccpa_consent_state.timestamp_unixtime_ms = NOW
    ccpa_consent_state.location = "mparticle.test/signup"
    ccpa_consent_state.hardware_id = "IDFA:a5d96n32-224a-3b11-1088-a202695bc710"
    consent_state: Any = mParticle.ConsentState()
    consent_state.ccpa = {"data_sale_opt_out": ccpa_consent_state}
    sessions.consent_state = consent_state

    gdpr_consent_state = mParticle.GDPRConsentState()
    gdpr_consent_state.document = "document_agreement.v2"
    gdpr_consent_state.consented = True
    gdpr_consent_state.timestamp_unixtime_ms = NOW
    gdpr_consent_state.location = ""
    gdpr_consent_state.hardware_id = "IDFA:a5d934n0-232f-4afc-2e9a-3832d95zc702"
    consent_state = mParticle.ConsentState()
    consent_state.gdpr = {"My Purpose": gdpr_consent_state}
    batch.consent_state = consent_state

    api: Any = mParticle.EventsApi(sandbox.configuration)
    called = threading.Event()
    answers: list[Any] = []

    def callback(error: Any, data: Any, response: Any) -> None:
        answers.append((error, data, response.status_code))
        called.set()

    body = [batch, sessions]
    api.bulkUploadEvents(body, callback)
    assert called.wait(10)
    api.uploadEvents(batch, callback)
    api.close()

    assert answers == [(None, None, 202)] * 2
    first, second, third = (json.loads(batch.to_json()) for batch in sandbox.batches)
    assert first.pop("source_request_id") != third.pop("source_request_id")  # two calls: counted twice
    assert first == third
    assert first["user_identities"] == {"customer_id": "123456"}
    assert first["events"][1]["data"]["product_action"]["products"][0]["custom_attributes"]["on-sale"] == "true"
    assert [event["event_type"] for event in second["events"]] == ["session_start", "session_end"]
    assert second["consent_state"]["ccpa"]["data_sale_opt_out"]["consented"] is True


def test_both_spellings_mean_the_same() -> None:
    identities = mParticle.UserIdentities(customer_id="1")
    assert identities.customerid == "1"
    product = mParticle.Product(custom_attributes={"a": "b"})
    assert product.customAttributes == {"a": "b"}
    assert mParticle.EventsApi.uploadEvents is mParticle.EventsApi.upload_events


def test_a_call_without_a_body_raises_at_once(sandbox: Sandbox) -> None:
    api: Any = mParticle.EventsApi(replace(sandbox.configuration, validate=False))
    for upload in (api.uploadEvents, api.bulkUploadEvents):
        for body in ((), (None, print)):
            try:
                upload(*body)
            except TypeError:
                continue
            raise AssertionError(f"{upload} took {body}")
    api.close()


# Each class of the Node SDK: its positional arguments in order, and its nested enums.
CONSTRUCTORS: list[tuple[str, str, str]] = [
    ("Batch", "environment", "Environment"),
    ("AppEvent", "custom_event_type, event_name", "CustomEventType"),
    ("ScreenViewEvent", "screen_name", ""),
    ("CommerceEvent", "", ""),
    ("ProductAction", "action, transaction_id, total_amount, products", "Action"),
    ("PromotionAction", "action, promotions", "Action"),
    ("ProductImpression", "product_impression_list, products", ""),
    ("Product", "id, name, price, total_product_amount", ""),
    ("Promotion", "id, name, creative, position", ""),
    ("ShoppingCart", "products", ""),
    ("SessionStartEvent", "", ""),
    ("FirstRunEvent", "", ""),
    ("SessionEndEvent", "session_duration_ms", ""),
    ("ApplicationStateTransitionEvent", "application_transition_type", "ApplicationTransitionType"),
    ("BreadcrumbEvent", "session_number, label", ""),
    ("CrashReportEvent", "class_name, message, stack_trace, exception_handled", ""),
    ("NetworkPerformanceEvent", "http_verb, url, time_elapsed, bytes_in, bytes_out, response_code", ""),
    ("OptOutEvent", "is_opted_out", ""),
    ("ProfileEvent", "profile_name, previous_profile_name, profile_event_type", "ProfileEventType"),
    ("PushMessageEvent", "push_message_token, push_message_type, push_notification_payload, application_state",
     "PushMessageType, ApplicationState"),
    ("PushRegistrationEvent", "register, registration_token", ""),
    ("GDPRConsentState", "document, consented, timestamp_unixtime_ms, location, hardware_id", ""),
    ("CCPAConsentState", "document, consented, timestamp_unixtime_ms, location, hardware_id", ""),
    ("AttributionInfo", "service_provider, publisher, campaign", ""),
    ("GeoLocation", "latitude, longitude", ""),
    ("SourceInformation", "channel, partner", "Channel"),
    ("UserIdentities", "", ""),
    ("DeviceInformation", "", "Platform, ATTAuthorizationStatus"),
    ("ApplicationInformation", "", ""),
    ("DeviceCurrentState", "", "DeviceOrientation, StatusBarOrientation"),
    ("MediaInfo", "", "Action, Format, Quality"),
    ("ConsentState", "", ""),
    ("BatchContext", "", ""),
    ("UserAttributeChangeEvent", "user_attribute_name, new, old", ""),
]  # fmt: skip


def test_constructors_have_the_arguments_and_enums_of_the_node_sdk() -> None:
    for name, arguments, enums in CONSTRUCTORS:
        kind: Any = getattr(mParticle, name)
        fields = [argument for argument in arguments.split(", ") if argument]
        assert [getattr(kind(*fields), field) for field in fields] == fields, name
        assert kind() is not None
        for enum in filter(None, enums.split(", ")):
            assert hasattr(kind, enum), f"{name}.{enum}"
        try:
            kind(*fields, object())
        except TypeError:
            continue
        raise AssertionError(f"{name} takes more than {fields} by position")


def test_data_plan_context_has_its_fields() -> None:
    assert mParticle.DataPlanContext("plan", 2).plan_version == 2


def test_an_enum_that_the_node_sdk_lacks() -> None:
    assert mParticle.DeviceInformation.ATTAuthorizationStatus.not_determined == "not_determined"
