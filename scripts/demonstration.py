"""The guide of the Node SDK, step by step in Python, with an upload to a local sandbox."""

from __future__ import annotations

import inspect
import json
import sys
import textwrap
from collections.abc import Callable

import httpx

import mparticle_ext as mParticle  # the name in the guide
from mparticle_ext import Batch, MParticleError, ValidationError, unixtime_ms
from mparticle_ext.plan.document import read_document
from mparticle_ext.plan.generate import generate
from mparticle_ext.sandbox import Sandbox

START = unixtime_ms()
DURATION = 60_000  # milliseconds


def user_identities(batch: Batch) -> None:
    """Set the user identities."""
    identities = mParticle.UserIdentities()
    identities.customerid = "123456"
    batch.user_identities = identities


def device_information(batch: Batch) -> None:
    """Set the device information."""
    device_info = mParticle.DeviceInformation()
    device_info.ios_advertising_id = "07d2ebaa-e956-407e-a1e6-f05f871bf4e2"
    device_info.android_advertising_id = "a26f9736-c262-47ea-988b-0b0504cee874"
    batch.device_info = device_info


def user_attributes(batch: Batch) -> None:
    """Set the user attributes."""
    batch.user_attributes = {"Account type": "trial", "TrialEndDate": "2016-12-01"}


def app_event(batch: Batch) -> None:
    """Add a custom event."""
    event = mParticle.AppEvent(mParticle.AppEvent.CustomEventType.navigation, "Hello World")
    event.custom_attributes = {"foo": "bar"}
    batch.addEvent(event)


def commerce_event(batch: Batch) -> None:
    """Add a commerce event: a purchase."""
    product = mParticle.Product()
    product.name = "Example Product"
    product.id = "sample-sku"
    product.price = 19.99
    product.customAttributes = {"on-sale": "true", "refurbished": "false"}

    product_action = mParticle.ProductAction("purchase")
    product_action.products = [product]
    product_action.tax_amount = 1.50
    product_action.total_amount = 21.49

    event = mParticle.CommerceEvent()
    event.product_action = product_action
    event.timestamp_unixtime_ms = START
    batch.addEvent(event)


def session(batch: Batch) -> None:
    """Set the events: the start and the end of a session."""
    session_start = mParticle.SessionStartEvent()
    session_start.session_id = 12345678
    session_start.timestamp_unixtime_ms = START

    session_end = mParticle.SessionEndEvent()
    session_end.session_id = session_start.session_id
    session_end.session_duration_ms = DURATION
    session_end.timestamp_unixtime_ms = START + DURATION
    batch.events = [session_start, session_end]


def consent(batch: Batch) -> None:
    """Set the consent state."""
    ccpa = mParticle.CCPAConsentState()
    ccpa.document = "document_agreement.v3"
    ccpa.consented = True
    ccpa.timestamp_unixtime_ms = START
    ccpa.location = "mparticle.test/signup"
    ccpa.hardware_id = "IDFA:a5d96n32-224a-3b11-1088-a202695bc710"

    gdpr = mParticle.GDPRConsentState()
    gdpr.document = "document_agreement.v2"
    gdpr.consented = True
    gdpr.timestamp_unixtime_ms = START
    gdpr.location = ""
    gdpr.hardware_id = "IDFA:a5d934n0-232f-4afc-2e9a-3832d95zc702"

    consent_state = mParticle.ConsentState()
    consent_state.ccpa = {"data_sale_opt_out": ccpa}
    consent_state.gdpr = {"My Purpose": gdpr}
    batch.consent_state = consent_state


PURCHASE = [user_identities, device_information, user_attributes, app_event, commerce_event, consent]
SESSION = [user_identities, session]

PLAN = {
    "data_points": [
        {
            "match": {
                "type": "custom_event",
                "criteria": {"event_name": "Hello World", "custom_event_type": "navigation"},
            },
            "validator": {
                "type": "json_schema",
                "definition": {
                    "properties": {
                        "data": {
                            "properties": {
                                "custom_attributes": {
                                    "additionalProperties": False,
                                    "properties": {"fooo": {"type": "string"}},
                                }
                            }
                        }
                    }
                },
            },
        }
    ]
}


def main() -> int:
    batches = [build("First batch: a purchase", PURCHASE), build("Second batch: a session", SESSION)]
    check(batches)
    with Sandbox() as sandbox:
        upload(sandbox, batches)
        return print_received(sandbox)


def build(title: str, steps: list[Callable[[Batch], None]]) -> Batch:
    print(f"\n=== {title}")
    show("Create a batch. It has one user and one environment.", body_of(create))
    batch = create()
    for step in steps:
        show(step.__doc__ or "", body_of(step))
        step(batch)
    return batch


def create() -> Batch:
    """Create a batch."""
    return mParticle.Batch(mParticle.Batch.Environment.development)


def check(batches: list[Batch]) -> None:
    print("\n=== Check against a data plan")
    show(
        "This plan has one event. Purchases and its attribute are not planned. Events of sessions need no plan.",
        "plan = mParticle.DataPlan.load('plan.json')\nplan.violations(batch)",
    )
    plan = mParticle.DataPlan.load(PLAN)
    for violation in (violation for batch in batches for violation in plan.violations(batch)):
        print(f"   {violation.kind}: {violation}")
    show(
        "Write it as a Python module. A type checker then finds a misspelt event or attribute.",
        "mparticle-ext generate plan.json -o shop_plan.py",
    )
    module, _ = generate(read_document(PLAN))
    print(textwrap.indent(module[module.index("def hello_world") :], "   "))


def callback(error: MParticleError | None, _data: None, response: httpx.Response | None) -> None:
    print(f"   callback: error={error!r}, status={response.status_code if response else None}")


def upload(sandbox: Sandbox, batches: list[Batch]) -> None:
    print(f"\n=== Upload over HTTP to {sandbox.url}")
    with mParticle.EventsApi(sandbox.configuration) as api:
        show("Upload both batches, with a callback.", "api.bulkUploadEvents(batches, callback)")
        api.bulkUploadEvents(batches, callback).result()
        show(
            "Upload an invalid batch: its event has no name. Validation rejects it, and no request is sent.",
            "api.uploadEvents(batch)",
        )
        try:
            api.uploadEvents(mParticle.Batch("development", events=[mParticle.AppEvent("navigation")]))
        except ValidationError as error:
            print(f"   {type(error).__name__}: {error}")


def print_received(sandbox: Sandbox) -> int:
    for number, batch in enumerate(sandbox.batches, 1):
        print(f"\n=== Received batch {number} of {len(sandbox.batches)}\n")
        print(textwrap.indent(json.dumps(json.loads(batch.to_json()), indent=2), "   "))
    return 0 if len(sandbox.batches) == 2 else 1


def show(title: str, code: str) -> None:
    print(f"\n{title}\n{textwrap.indent(code, '   | ')}", flush=True)


def body_of(step: Callable[[Batch], None]) -> str:
    lines = inspect.getsource(step).splitlines()[2:]
    return textwrap.dedent("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
