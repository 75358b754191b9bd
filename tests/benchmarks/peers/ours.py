"""mparticle-ext's part in the benchmarks, used as the README shows it, with its check on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from measuring import (
    BULK,
    CUSTOM_ATTRIBUTES,
    CUSTOM_EVENTS,
    IN_FLIGHT,
    PRODUCTS,
    SCREENS,
    USER_ATTRIBUTES,
    Clock,
    Task,
    main,
    repeated,
)

import mparticle_ext as mp


def build() -> mp.Batch:
    """The reference batch."""
    events = [
        mp.AppEvent(
            "navigation", name, timestamp_unixtime_ms=1_700_000_000_000, custom_attributes={**CUSTOM_ATTRIBUTES}
        )
        for name in CUSTOM_EVENTS
    ]
    screens = [mp.ScreenViewEvent(name, timestamp_unixtime_ms=1_700_000_000_010) for name in SCREENS]
    products = [mp.Product(sku, name, 19.99, 19.99, quantity=1, category="shoes") for sku, name in PRODUCTS]
    action = mp.ProductAction("purchase", "order-1", 39.98, products)
    purchase = mp.CommerceEvent(product_action=action, timestamp_unixtime_ms=1_700_000_000_020, currency_code="EUR")
    consent = mp.GDPRConsentState("document.v3", True, 1_700_000_000_000, "example.com/signup", "hardware-1")
    return mp.Batch(
        "development",
        user_identities=mp.UserIdentities(customer_id="123456", email="user@example.com"),
        user_attributes={**USER_ATTRIBUTES},
        device_info=mp.DeviceInformation(
            brand="Example",
            product="Phone",
            device_manufacturer="Example",
            platform="Android",
            os_version="14",
            device_model="One",
            screen_height=2400,
            screen_width=1080,
        ),
        consent_state=mp.ConsentState(gdpr={"Marketing": consent}),
        events=[*events, *screens, purchase, mp.SessionStartEvent(session_id=12345678)],
    )


def _configuration(url: str) -> mp.Configuration:
    return mp.Configuration("key", "secret", base_url=url)


def _with_api(work: Callable[[Any], Callable[[], object]]) -> Callable[[str, int], dict[str, float]]:
    def task(url: str, count: int) -> dict[str, float]:
        with mp.EventsApi(_configuration(url)) as api:
            return repeated(work(api))(count)

    return task


def _through_pyreqwest(url: str, count: int) -> dict[str, float]:
    from dataclasses import replace

    from pyreqwest.compatibility.httpx import SyncHttpxTransport

    with mp.EventsApi(replace(_configuration(url), transport=SyncHttpxTransport())) as api:
        return repeated(_post(api))(count)


def _post(api: Any) -> Callable[[], object]:
    batch = build()
    return lambda: api.upload_events(batch)


def _bulk(api: Any) -> Callable[[], object]:
    batches = [build() for _ in range(BULK)]
    return lambda: api.bulk_upload_events(batches)


def _halves(size: int) -> Callable[[Any], Callable[[], object]]:
    """Uploads of batches with half the events, of which 100 fit into a request."""

    def work(api: Any) -> Callable[[], object]:
        batches = [build() for _ in range(size)]
        for batch in batches:
            batch.events = list(batch.events or ())[:5]
        return lambda: api.bulk_upload_events(batches)

    return work


def _async(in_flight: int, upload: Callable[[Any], Callable[[], Any]]) -> Callable[[str, int], dict[str, float]]:
    def task(url: str, count: int) -> dict[str, float]:
        import asyncio

        return asyncio.run(_from_asyncio(url, count, in_flight, upload))

    return task


async def _from_asyncio(
    url: str, count: int, in_flight: int, upload: Callable[[Any], Callable[[], Any]]
) -> dict[str, float]:
    import asyncio

    async def several(send: Callable[[], Any], each: int) -> None:
        for _ in range(each):
            await send()

    async with mp.AsyncEventsApi(_configuration(url)) as api:
        send = upload(api)
        await asyncio.gather(*(several(send, max(1, count // 10 // in_flight)) for _ in range(in_flight)))
        each = max(1, count // in_flight)
        with Clock() as clock:
            await asyncio.gather(*(several(send, each) for _ in range(in_flight)))
    return clock.each(each * in_flight)


def _callbacks(url: str, count: int) -> dict[str, float]:
    batch = build()

    def answer(error: Any, data: Any, response: Any) -> None:
        assert error is None, error

    with mp.EventsApi(_configuration(url)) as api:
        for _ in range(IN_FLIGHT):
            api.upload_events(batch, answer)
        api.flush()
        with Clock() as clock:
            for _ in range(count):
                api.upload_events(batch, answer)
            api.flush()
    return clock.each(count)


def _stream(url: str, count: int) -> dict[str, float]:
    with mp.EventsApi(_configuration(url)) as api, Clock() as clock:
        for _ in range(count // BULK):
            api.bulk_upload_events([build() for _ in range(BULK)])
    return clock.each(count)


def _upload_all(url: str, count: int) -> dict[str, float]:
    def batches() -> Iterator[Any]:
        for _ in range(count):
            yield build()

    with mp.EventsApi(_configuration(url)) as api, Clock() as clock:
        result = api.upload_all(batches())
    assert (result.delivered, result.failed) == (count, [])
    return clock.each(count)


def _endless(url: str, count: int) -> dict[str, float]:
    """Many uploads, one after the other, with what they leave behind."""
    batch = build()
    with mp.EventsApi(_configuration(url)) as api:
        for _ in range(count // 10):
            api.upload_events(batch)
        before = _held()
        with Clock() as clock:
            for _ in range(count):
                api.upload_events(batch)
        after = _held()
    return clock.each(count) | {f"more_{name}": after[name] - before[name] for name in after}


def _held() -> dict[str, float]:
    with open("/proc/self/statm") as statm:  # noqa: PTH123  # pathlib would add to what is measured
        pages = int(statm.read().split()[1])
    return {"kib": pages * 4, "threads": threading.active_count(), "files": len(os.listdir("/proc/self/fd"))}  # noqa: PTH208  # the same


def _first(url: str, _: int) -> None:
    batch = build()
    with mp.EventsApi(_configuration(url)) as api:
        api.upload_events(batch)


def _encode(_: str, count: int) -> dict[str, float]:
    return repeated(build().to_json)(count)


def _check(_: str, count: int) -> dict[str, float]:
    return repeated(build().validate)(count)


TASKS: dict[str, Task] = {
    "first": _first,
    "build": lambda _, count: repeated(build)(count),
    "encode": _encode,
    "check": _check,
    "post": _with_api(_post),
    "post through pyreqwest": _through_pyreqwest,
    "bulk 50": _with_api(_bulk),
    **{f"halves {size}": _with_api(_halves(size)) for size in (1, 10, 100)},
    **{f"async post, {number} in flight": _async(number, _post) for number in (1, IN_FLIGHT)},
    **{f"async bulk, {number} in flight": _async(number, _bulk) for number in (1, IN_FLIGHT)},
    "callbacks": _callbacks,
    "stream": _stream,
    "longer stream": _stream,
    "upload_all": _upload_all,
    "endless": _endless,
}

if __name__ == "__main__":
    main(TASKS)
