"""Right use, as a type checker must take it. Read by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_type
from uuid import uuid4

import httpx
from mparticle_events import models
from mparticle_events.api.events import bulk_upload_events, upload_events
from mparticle_events.client import Client
from msgspec import UnsetType

from mparticle_ext import (
    UNSET,
    APIError,
    AppEvent,
    AsyncEventsApi,
    Attempt,
    Batch,
    BatchResult,
    CCPAConsentState,
    CommerceEvent,
    Configuration,
    ConsentState,
    DeviceInformation,
    EventsApi,
    GDPRConsentState,
    MParticleError,
    Outcome,
    Pending,
    Product,
    ProductAction,
    Retry,
    SessionStartEvent,
    UploadResult,
    UserIdentities,
    unixtime_ms,
)


def plain_maps_and_lists(
    attributes: dict[str, str], products: list[Product], consents: dict[str, GDPRConsentState]
) -> None:
    batch = Batch("production")
    batch.user_attributes = attributes
    batch.user_attributes = {"age": 30, "tags": ["a", "b"], "balance": Decimal("1.10"), "gone": None}
    batch.consent_state = ConsentState(gdpr=consents, ccpa=None)
    batch.mpid = 7346244611012968789
    batch.source_request_id = str(uuid4())
    action = ProductAction("purchase", "id", Decimal("21.49"), products)
    action.products = products
    CommerceEvent(product_action=action, currency_code="EUR")


def enums() -> None:
    Batch("development").environment = Batch.Environment.production
    AppEvent(AppEvent.CustomEventType.navigation, "Hello")
    AppEvent("navigation", "Hello", timestamp_unixtime_ms=unixtime_ms(), custom_attributes={"a": 1})
    DeviceInformation(platform="iOS", att_authorization_status=DeviceInformation.ATTAuthorizationStatus.not_determined)


def events() -> None:
    batch = Batch("development", events=[AppEvent("other", "a"), {"event_type": "session_start", "data": {}}])
    batch.events = [SessionStartEvent(), models.FirstRunEvent(data=models.FirstRunEventData())]
    batch.events = None
    batch.events = UNSET
    batch.add_event(SessionStartEvent())
    batch.addEvent({"event_type": "session_start", "data": {}})


def what_comes_out(batch: Batch) -> None:
    for event in batch.events or ():
        assert_type(event.data.session_uuid, str | UnsetType | None)


def spellings() -> None:
    identities = UserIdentities(customer_id="1")
    identities.customerid = "123456"
    Product(name="a").customAttributes = {"on-sale": "true"}
    CCPAConsentState().consented = True


def blocking(batch: Batch) -> None:
    def callback(error: Exception | None, data: None, response: httpx.Response | None) -> None: ...

    def strict(error: MParticleError | None, data: None, response: httpx.Response | None) -> None: ...

    with EventsApi(Configuration("key", "secret", pod="eu1")) as api:
        api.upload_events(batch, strict)
        assert_type(api.upload_events(batch), httpx.Response)
        assert_type(api.upload_events(batch, callback), Future[httpx.Response])
        assert_type(api.bulk_upload_events([batch, {"environment": "production"}]), httpx.Response)
        assert_type(api.bulk_upload_historical_events((batch,), callback), Future[httpx.Response])
        assert_type(api.uploadEvents(batch), httpx.Response)
        assert_type(api.flush(5), list[Pending])
        assert_type(api.close(timeout=5)[0].future.result(), httpx.Response)


def any_number(batches: Iterator[Batch], rows: list[dict[str, object]]) -> None:
    def measure(attempt: Attempt) -> None:
        assert_type(attempt.outcome, Outcome)
        assert_type(attempt.next_in_seconds, float | None)

    def told(result: BatchResult) -> None:
        assert_type(result.index, int)
        assert_type(result.error, MParticleError | None)

    configuration = Configuration(
        "key", "secret", retry=Retry(max_attempts=3), rate=200, on_attempt=measure, deadline=20
    )
    api = EventsApi(configuration)
    result = api.upload_all(batches, historical=True, on_result=told)
    assert_type(result, UploadResult)
    assert_type(result.failed, list[BatchResult])
    assert_type(api.upload_all(batches, on_result=told, on_failed=told).reported, int)
    assert_type(api.upload_all([b"{}", "{}", {}]), UploadResult)
    assert_type(result.failed[0].batch, models.Batch | Mapping[str, Any] | str | bytes)
    try:
        api.upload_all(rows)
    except APIError as error:
        assert_type(error.earlier, tuple[APIError, ...])
        assert_type(UploadResult.of(error), UploadResult | None)
    assert_type(api.rate_limit_used, float | None)


async def from_asyncio(batch: Batch) -> None:
    async with AsyncEventsApi(Configuration.from_env(timeout=5.0)) as api:
        assert_type(await api.upload_events(batch), httpx.Response)
        assert_type(await api.bulk_upload_events([batch]), httpx.Response)
        task = asyncio.create_task(api.upload_events(batch))
        assert_type(task, asyncio.Task[httpx.Response])
        assert_type(await api.upload_all([batch]), UploadResult)
        assert_type(await api.upload_all(each(batch)), UploadResult)


async def each(batch: Batch) -> AsyncIterator[Batch]:
    yield batch


def generated_alone() -> None:
    batch = models.Batch(environment="production", events=[models.CustomEvent(data=AppEvent("other", "a"))])
    client = Client("key", "secret")
    assert_type(upload_events.sync(client=client, body=batch), models.ApiErrorResponse | None)
    assert_type(bulk_upload_events.sync_detailed(client=client, body=[batch]).status_code, int)


def times() -> None:
    """A time is milliseconds or a datetime."""
    event = AppEvent("other", "a", timestamp_unixtime_ms=datetime.now(UTC))
    assert_type(event.timestamp_unixtime_ms, int | datetime | None | UnsetType)
    event.session_start_unixtime_ms = 1_700_000_000_000
