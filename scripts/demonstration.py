"""The Node SDK's guide, step by step, through mparticle_ext; then what a local sandbox got of it over HTTP."""

from __future__ import annotations

import inspect
import json
import sys
import textwrap
from collections.abc import Callable

import httpx

import mparticle_ext as mParticle  # as the guide spells it
from mparticle_ext import Batch, MParticleError, ValidationError, unixtime_ms
from mparticle_ext.sandbox import Sandbox

STARTED = unixtime_ms()
LASTED = 60_000


def environment(batch: Batch) -> None:
    """A batch belongs to one user and one environment."""
    batch.environment = mParticle.Batch.Environment.development


def user_identities(batch: Batch) -> None:
    """Who the user is."""
    identities = mParticle.UserIdentities()
    identities.customerid = "123456"
    batch.user_identities = identities


def device_information(batch: Batch) -> None:
    """Which device the user holds."""
    device_info = mParticle.DeviceInformation()
    device_info.ios_advertising_id = "07d2ebaa-e956-407e-a1e6-f05f871bf4e2"
    device_info.android_advertising_id = "a26f9736-c262-47ea-988b-0b0504cee874"
    batch.device_info = device_info


def user_attributes(batch: Batch) -> None:
    """What is known of the user."""
    batch.user_attributes = {"Account type": "trial", "TrialEndDate": "2016-12-01"}


def app_event(batch: Batch) -> None:
    """What the user did."""
    event = mParticle.AppEvent(mParticle.AppEvent.CustomEventType.navigation, "Hello World")
    event.custom_attributes = {"foo": "bar"}
    batch.addEvent(event)


def commerce_event(batch: Batch) -> None:
    """What the user bought."""
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
    event.timestamp_unixtime_ms = STARTED
    batch.addEvent(event)


def session(batch: Batch) -> None:
    """From when to when."""
    session_start = mParticle.SessionStartEvent()
    session_start.session_id = 12345678
    session_start.timestamp_unixtime_ms = STARTED

    session_end = mParticle.SessionEndEvent()
    session_end.session_id = session_start.session_id
    session_end.session_duration_ms = LASTED
    session_end.timestamp_unixtime_ms = STARTED + LASTED
    batch.events = [*(batch.events or ()), session_start, session_end]


def consent(batch: Batch) -> None:
    """What the user agreed to."""
    ccpa = mParticle.CCPAConsentState()
    ccpa.document = "document_agreement.v3"
    ccpa.consented = True
    ccpa.timestamp_unixtime_ms = STARTED

    gdpr = mParticle.GDPRConsentState()
    gdpr.document = "document_agreement.v2"
    gdpr.consented = True
    gdpr.timestamp_unixtime_ms = STARTED

    consent_state = mParticle.ConsentState()
    consent_state.ccpa = {"data_sale_opt_out": ccpa}
    consent_state.gdpr = {"My Purpose": gdpr}
    batch.consent_state = consent_state


STEPS: list[Callable[[Batch], None]] = [
    environment,
    user_identities,
    device_information,
    user_attributes,
    app_event,
    commerce_event,
    session,
    consent,
]


def main() -> int:
    batch = mParticle.Batch()
    for number, step in enumerate(STEPS, 1):
        show(f"{number}. {step.__doc__}", body_of(step))
        step(batch)
    with Sandbox() as sandbox:
        return upload(sandbox, batch)


def upload(sandbox: Sandbox, batch: Batch) -> int:
    def callback(error: Exception | None, _data: None, response: httpx.Response | None) -> None:
        print(f"   callback: error={error!r}, status={response.status_code if response else None}")

    show(f"{len(STEPS) + 1}. Upload, with a callback, to {sandbox.url}", "api.bulkUploadEvents([batch], callback)")
    with mParticle.EventsApi(sandbox.configuration) as api:
        api.bulkUploadEvents([batch], callback).result()
        show(
            f"{len(STEPS) + 2}. And a mistake, which never leaves this machine",
            'batch.add_event(AppEvent("navigation"))',
        )
        batch.add_event(mParticle.AppEvent("navigation"))
        try:
            api.upload_events(batch)
        except ValidationError as error:
            print(f"   {type(error).__name__}: {error}")
        except MParticleError as error:
            print(f"   not what was expected: {error!r}")
            return 1
    return arrived(sandbox)


def arrived(sandbox: Sandbox) -> int:
    print(f"\nThe sandbox took {len(sandbox.batches)} batch:\n")
    for batch in sandbox.batches:
        print(textwrap.indent(json.dumps(json.loads(batch.to_json()), indent=2), "   "))
        for number, event in enumerate(batch.events or (), 1):
            print(f"   event {number}: {type(event).__name__}")
    return 0 if len(sandbox.batches) == 1 else 1


def show(title: str, code: str) -> None:
    print(f"\n{title}\n{textwrap.indent(code, '   | ')}", flush=True)


def body_of(step: Callable[[Batch], None]) -> str:
    lines = inspect.getsource(step).splitlines()[2:]
    return textwrap.dedent("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
