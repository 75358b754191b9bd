"""The tasks of mParticle's Python SDK, used as its README shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mparticle as mp
from measuring import (
    BULK,
    CUSTOM_ATTRIBUTES,
    CUSTOM_EVENTS,
    IN_FLIGHT,
    PRODUCTS,
    SCREENS,
    USER_ATTRIBUTES,
    Clock,
    main,
    repeated,
)


def build() -> Any:
    """The reference batch."""
    batch = mp.Batch()
    batch.environment = "development"
    identities = mp.UserIdentities()
    identities.customerid = "123456"
    identities.email = "user@example.com"
    batch.user_identities = identities
    batch.user_attributes = {**USER_ATTRIBUTES}
    device = mp.DeviceInformation()
    device.brand = "Example"
    device.product = "Phone"
    device.device_manufacturer = "Example"
    device.platform = "Android"
    device.os_version = "14"
    device.device_model = "One"
    device.screen_height = 2400
    device.screen_width = 1080
    batch.device_info = device
    consent = mp.GDPRConsentState("document.v3", True, 1_700_000_000_000, "example.com/signup", "hardware-1")
    state = mp.ConsentState()
    state.gdpr = {"Marketing": consent}
    batch.consent_state = state
    events: list[Any] = []
    for name in CUSTOM_EVENTS:
        event = mp.AppEvent(name, "navigation")
        event.timestamp_unixtime_ms = 1_700_000_000_000
        event.custom_attributes = {**CUSTOM_ATTRIBUTES}
        events.append(event)
    for name in SCREENS:
        screen = mp.ScreenViewEvent(screen_name=name)
        screen.timestamp_unixtime_ms = 1_700_000_000_010
        events.append(screen)
    products = []
    for sku, name in PRODUCTS:
        product = mp.Product()
        product.id = sku
        product.name = name
        product.price = 19.99
        product.total_product_amount = 19.99
        product.quantity = 1
        product.category = "shoes"
        products.append(product)
    action = mp.ProductAction("purchase")
    action.transaction_id = "order-1"
    action.total_amount = 39.98
    action.products = products
    purchase = mp.CommerceEvent(product_action=action)
    purchase.timestamp_unixtime_ms = 1_700_000_000_020
    purchase.currency_code = "EUR"
    events.append(purchase)
    session = mp.SessionStartEvent()
    session.session_id = 12345678
    events.append(session)
    batch.events = events
    return batch


def _api(url: str) -> Any:
    configuration = mp.Configuration()
    configuration.api_key = "key"
    configuration.api_secret = "secret"  # noqa: S105  # the sink accepts any
    configuration.host = url
    return mp.EventsApi(configuration)


def _post(url: str, count: int) -> dict[str, float]:
    api, batch = _api(url), build()
    return repeated(lambda: api.upload_events(batch))(count)


def _bulk(url: str, count: int) -> dict[str, float]:
    api, batches = _api(url), [build() for _ in range(BULK)]
    return repeated(lambda: api.bulk_upload_events(batches))(count)


def _callbacks(url: str, count: int) -> dict[str, float]:
    """Eight threads with an EventsApi each. With its callbacks it starts a thread for each upload."""
    import threading
    from concurrent.futures import ThreadPoolExecutor

    batch = build()
    own = threading.local()

    def upload(_: int) -> None:
        if not hasattr(own, "api"):
            own.api = _api(url)
        own.api.upload_events(batch)

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(upload, range(IN_FLIGHT * 2)))
        with Clock() as clock:
            list(threads.map(upload, range(count)))
    return clock.each(count)


def _stream(url: str, count: int) -> dict[str, float]:
    api = _api(url)
    with Clock() as clock:
        for _ in range(count // BULK):
            api.bulk_upload_events([build() for _ in range(BULK)])
    return clock.each(count)


def _encode(url: str, count: int) -> dict[str, float]:
    import json

    client, batch = _api(url).api_client, build()
    work: Callable[[], object] = lambda: json.dumps(client.sanitize_for_serialization(batch))  # noqa: E731  # as its client does
    return repeated(work)(count)


if __name__ == "__main__":
    main(
        {
            "build": lambda _, count: repeated(build)(count),
            "encode": _encode,
            "post": _post,
            "bulk 50": _bulk,
            "callbacks": _callbacks,
            "stream": _stream,
        }
    )
