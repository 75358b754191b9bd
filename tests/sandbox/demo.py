"""Sample uploads with some invalid batches, for the tests and the picture of the sandbox's page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mparticle_ext import EventsApi
from mparticle_ext.sandbox import Sandbox

PEOPLE = ["ada", "grace", "katherine", "edsger", "barbara", "alan", "margaret", "donald", "radia", "tim"]


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event_type": kind, "data": data}


JOURNEYS: list[list[dict[str, Any]]] = [
    [event("session_start"), event("screen_view", screen_name="Home"), event("custom_event", custom_event_type="search", event_name="Search", custom_attributes={"words": "green tea", "results": 12})],
    [event("commerce_event", currency_code="EUR", product_action={"action": "add_to_cart", "products": [{"id": "tea-1", "name": "Green tea", "price": 19.99}]})],
    [event("commerce_event", currency_code="EUR", product_action={"action": "purchase", "transaction_id": "order-1001", "total_amount": 21.49}), event("custom_event", custom_event_type="transaction", event_name="Paid")],
    [event("custom_event", custom_event_type="navigation", event_name="Hello World", custom_attributes={"foo": "bar"})],
    [event("profile", profile_event_type="login"), event("user_attribute_change", user_attribute_name="plan", new="gold", old="silver")],
    [event("push_message", push_message_type="received"), event("application_state_transition", application_transition_type="application_foreground"), event("screen_view", screen_name="Offers"), event("screen_view", screen_name="Offer: spring")],
    [],
]  # fmt: skip


def order_counts(weeks: int) -> dict[str, int]:
    return {f"orders in week {week}": week * 7 % 5 for week in range(1, weeks + 1)}


def user(number: int) -> dict[str, Any]:
    name = PEOPLE[number % len(PEOPLE)]
    identities = {"customer_id": str(100_000 + 7919 * number % 899_999), "email": f"{name}@example.com"}
    return {
        "mpid": 7346244611012968789 + number,
        "user_identities": identities if number % 3 else {"email": identities["email"]},
    }


def batch(number: int) -> dict[str, Any]:
    return {
        "environment": "development" if number % 4 == 3 else "production",
        "source_request_id": f"shop-{number}",
        **({} if number % 12 == 10 else user(number)),
        "user_attributes": {"plan": "gold", "newsletter": True} | order_counts(number * 37 % 97 if number % 5 else 3),
        "events": JOURNEYS[number % len(JOURNEYS)],
    }


def send(sandbox: Sandbox, count: int = 24) -> None:
    """Upload valid batches, and some of each kind that is not taken."""
    with EventsApi(replace(sandbox.configuration, retry=None, validate=False)) as api:
        api.upload_all(map(batch, range(count)))
        misspelled = {**batch(count), "events": [event("custom_event", custom_event_type="search", name="Search")]}
        api.bulk_upload_events([batch(count + 1), misspelled, batch(5)])
        api.bulk_upload_events([{**batch(count + 2), "environment": "prod"}, batch(count + 3)])
        sandbox.fail(503)
        api.upload_all([batch(count + 4)])
        api.upload_events(batch(count + 5))
