# pyright: strict
"""A user's tests. They pass, and both type checkers accept them in strict mode."""

from __future__ import annotations

from typing import assert_type

import httpx
import pytest
from msgspec import UnsetType

from mparticle_ext import (
    AnyBatch,
    AppEvent,
    Batch,
    Callback,
    CommerceEvent,
    Configuration,
    EventsApi,
    MParticleError,
    Product,
    ProductAction,
)
from mparticle_ext.sandbox import Sandbox


def purchase() -> CommerceEvent:
    return CommerceEvent(currency_code="EUR", product_action=ProductAction("purchase", products=[Product("sku-1")]))


def send(api: EventsApi, batches: list[AnyBatch], callback: Callback | None = None) -> None:
    if callback is None:
        api.bulk_upload_events(batches)
    else:
        api.bulk_upload_events(batches, callback).result()


def test_the_events_that_arrive(mparticle_sandbox: Sandbox) -> None:
    with EventsApi(mparticle_sandbox.configuration) as api:
        send(api, [Batch("development", events=[purchase(), AppEvent("other", "Paid")]), {"environment": "production"}])
    (event,) = mparticle_sandbox.events(CommerceEvent)
    assert_type(event, CommerceEvent)
    assert_type(event.currency_code, str | UnsetType | None)
    assert event.currency_code == "EUR"
    assert event.product_action
    assert event.product_action.products
    assert event.product_action.products[0].id == "sku-1"
    assert [event.event_name for event in mparticle_sandbox.events(AppEvent)] == ["Paid"]


def test_one_batch(mparticle_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in mparticle_sandbox.environ.items():
        monkeypatch.setenv(name, value)
    with EventsApi(Configuration.from_env()) as api:
        api.upload_events(Batch("development", user_attributes={"plan": "gold"}, events=[purchase()]))
    (batch,) = mparticle_sandbox.wait_for(1)
    assert batch.user_attributes == {"plan": "gold"}
    assert batch.events
    envelope = batch.events[0]
    assert envelope.event_type == "commerce_event"
    assert envelope.data.currency_code == "EUR"
    assert_type(batch.events_of(AppEvent), list[AppEvent])
    assert batch.to_dict()["environment"] == "development"
    assert purchase().to_dict()["currency_code"] == "EUR"


def test_failures(mparticle_sandbox: Sandbox) -> None:
    errors: list[MParticleError | None] = []

    def callback(error: MParticleError | None, data: None, response: httpx.Response | None) -> None:
        errors.append(error)

    mparticle_sandbox.fail(400)
    with EventsApi(mparticle_sandbox.configuration) as api, pytest.raises(MParticleError):
        send(api, [Batch("development")], callback)
    assert len(errors) == 1
    assert mparticle_sandbox.requests[0].status == 400
    assert not mparticle_sandbox.dropped
