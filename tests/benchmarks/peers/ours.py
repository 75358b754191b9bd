"""The tasks of mparticle-ext, with its default settings: each batch is validated, and gets an id."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

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


def _post(api: Any) -> Callable[[], object]:
    batch = build()
    return lambda: api.upload_events(batch)


def _bulk(api: Any) -> Callable[[], object]:
    batches = [build() for _ in range(BULK)]
    return lambda: api.bulk_upload_events(batches)


def _half_batches(size: int) -> Callable[[Any], Callable[[], object]]:
    """Bulk uploads of batches with half of the events, so that 100 fit into a request."""

    def work(api: Any) -> Callable[[], object]:
        batches = [build() for _ in range(size)]
        for batch in batches:
            batch.events = list(batch.events or ())[:5]
        return lambda: api.bulk_upload_events(batches)

    return work


def _async(
    transport: Literal["aiohttp"] | None, work: Callable[[Any], Callable[[], Any]]
) -> Callable[[str, int], dict[str, float]]:
    def task(url: str, count: int) -> dict[str, float]:
        import asyncio

        return asyncio.run(_from_asyncio(replace(_configuration(url), transport=transport), count, work))

    return task


async def _from_asyncio(
    configuration: mp.Configuration, count: int, work: Callable[[Any], Callable[[], Any]]
) -> dict[str, float]:
    async with mp.AsyncEventsApi(configuration) as api:
        upload = work(api)
        for _ in range(max(1, count // 10)):
            await upload()
        with Clock() as clock:
            for _ in range(count):
                await upload()
    return clock.each(count)


def _callbacks(url: str, count: int) -> dict[str, float]:
    batch = build()

    def callback(error: Any, data: Any, response: Any) -> None:
        assert error is None, error

    with mp.EventsApi(_configuration(url)) as api:
        for _ in range(IN_FLIGHT):
            api.upload_events(batch, callback)
        api.flush()
        with Clock() as clock:
            for _ in range(count):
                api.upload_events(batch, callback)
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


def _documents(url: str, count: int) -> dict[str, float]:
    """The JSON that `_spark` sends, without Spark."""
    text = '{{"source_request_id":"{0:064x}","environment":"development","user_attributes":{{"row":{0}}}}}'
    with mp.EventsApi(_configuration(url)) as api, Clock() as clock:
        result = api.upload_all(text.format(number) for number in range(count))
    assert (result.delivered, result.failed) == (count, [])
    return {**clock.each(count), "per_second": count / clock.wall_seconds}


def _spark(url: str, count: int) -> dict[str, float]:
    from pyspark.sql import SparkSession

    return _from_spark(
        SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate(), url, count
    )


def _spark_connect(url: str, count: int) -> dict[str, float]:
    from pyspark.sql import SparkSession

    return _from_spark(SparkSession.builder.remote("local[2]").getOrCreate(), url, count)


def _from_spark(spark: Any, url: str, count: int) -> dict[str, float]:
    """Send a frame, after a small one that lets Spark load its classes."""
    from tempfile import TemporaryDirectory

    from mparticle_ext.spark import send

    def rows(number: int) -> Any:
        columns = "id", "'development' as environment", "struct(id as row) as user_attributes"
        return spark.range(number, numPartitions=8).selectExpr(*columns)

    with mp.EventsApi(_configuration(url)) as api, TemporaryDirectory() as failed:
        send(rows(1000), api, id="id", namespace="warm-up", failed=failed, progress=False)
        with Clock() as clock:
            assert send(rows(count), api, id="id", failed=failed, progress=False) == (count, 0)
    spark.stop()
    return {**clock.each(count), "per_second": count / clock.wall_seconds}


def _rate_limit(url: str, count: int) -> dict[str, float]:
    """Upload small batches to the sandbox, which answers 429 above its limit."""
    configuration = mp.Configuration("sandbox-key", "sandbox-secret", base_url=url)
    with mp.EventsApi(configuration) as api, Clock() as clock:
        result = api.upload_all(mp.Batch("development", user_attributes={"row": number}) for number in range(count))
    assert (result.delivered, result.failed) == (count, [])
    return {"per_second": count / clock.wall_seconds}


def _many_uploads(url: str, count: int) -> dict[str, float]:
    """Many uploads, one after the other: how many more resources does the process have at the end?"""
    batch = build()
    with mp.EventsApi(_configuration(url)) as api:
        for _ in range(count // 10):
            api.upload_events(batch)
        before = _resources()
        with Clock() as clock:
            for _ in range(count):
                api.upload_events(batch)
        after = _resources()
    return clock.each(count) | {f"more_{name}": after[name] - before[name] for name in after}


def _resources() -> dict[str, float]:
    with open("/proc/self/statm") as statm:  # noqa: PTH123  # pathlib would add to what is measured
        pages = int(statm.read().split()[1])
    return {"kib": pages * 4, "threads": threading.active_count(), "files": len(os.listdir("/proc/self/fd"))}  # noqa: PTH208  # the same


def _encode(_: str, count: int) -> dict[str, float]:
    return repeated(build().to_json)(count)


def _check(_: str, count: int) -> dict[str, float]:
    return repeated(build().validate)(count)


TASKS: dict[str, Task] = {
    "build": lambda _, count: repeated(build)(count),
    "encode": _encode,
    "check": _check,
    "post": _with_api(_post),
    "async post": _async(None, _post),
    "aiohttp post": _async("aiohttp", _post),
    "bulk 50": _with_api(_bulk),
    "async bulk": _async(None, _bulk),
    "aiohttp bulk": _async("aiohttp", _bulk),
    **{f"half batches {size}": _with_api(_half_batches(size)) for size in (1, 10, 100)},
    "callbacks": _callbacks,
    "stream": _stream,
    "longer stream": _stream,
    "upload_all": _upload_all,
    "documents": _documents,
    "spark": _spark,
    "spark connect": _spark_connect,
    "rate limit": _rate_limit,
    "many uploads": _many_uploads,
}

if __name__ == "__main__":
    main(TASKS)
