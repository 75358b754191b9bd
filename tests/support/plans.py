"""The data plan of the tests, its containers, and random batches that keep to it more or less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from common import ROOT

SHOP = ROOT / "tests" / "plan" / "shop.json"
VERSION: dict[str, Any] = json.loads(SHOP.read_text())
DOCUMENT: dict[str, Any] = VERSION["version_document"]
OTHER = {"version": 1, "data_plan_id": "shop", "version_document": {"data_points": []}}
CONTAINERS: dict[str, Any] = {
    "a version": VERSION,
    "a whole plan": {"data_plan_id": "shop", "data_plan_name": "Shop", "data_plan_versions": [OTHER, VERSION]},
    "a list of plans": [{"data_plan_id": "shop", "data_plan_versions": [OTHER, VERSION]}],
    "a list of versions": [OTHER, VERSION],
    "what the SDKs get": {"dtpn": {"vers": VERSION, "blok": {"ev": True, "ea": False, "ua": False, "id": False}}},
}

_VALUES = ["", "a", "bar", "red", "small", "gold", "abcd", "AB12", "sku-1", "42", "-1", "1.5", "true", "ada@example.com", "no email", "2020-01-01", "2020-01-01T00:00:00Z", "2020-13-01", "2020-01-01 00:00:00Z", "2020-01-01T00:00:00", 0, 1, 3, 7, 61, -1, 1.5, 1.0, 20000, True, False, None]  # fmt: skip
_NAMES = ["Search", "search", "Hello World", "Anything", "Signed up, at last", "Home", "Offers", "Nothing planned"]
_TYPES = ["search", "other", "user_content", "navigation"]


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event_type": kind, "data": data}


def custom(name: str, kind: str = "other", **attributes: Any) -> dict[str, Any]:
    return event("custom_event", event_name=name, custom_event_type=kind, custom_attributes=attributes)


def purchase(*products: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return event(
        "commerce_event", product_action={"action": "purchase", "products": [*products]}, custom_attributes=attributes
    )


def batch(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"environment": "development", "events": [*events], **fields}


def random_batches(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Batches whose attributes have planned and other names, with values that fit or not."""
    random = Random(seed)  # noqa: S311  # not for secrets
    for _ in range(count):
        fields = {"user_attributes": _attributes(random, ["plan", "age", "newsletter", "tags"])}
        yield batch(
            *(_random_event(random) for _ in range(random.randrange(3))), **(fields if random.random() < 0.7 else {})
        )


def _random_event(random: Random) -> dict[str, Any]:
    attributes = _attributes(random, ["words", "results", "filters", "fast", "page", "foo", "size", "rating", "at", "birthday", "email", "code", "variant", "offers", "coupon"])  # fmt: skip
    more = {"custom_attributes": attributes} if random.random() < 0.9 else {}
    kind = random.choice(
        ["custom_event", "custom_event", "screen_view", "purchase", "add_to_cart", "view", "impression"]
    )
    if kind == "custom_event":
        return event(kind, event_name=random.choice(_NAMES), custom_event_type=random.choice(_TYPES), **more)
    if kind == "screen_view":
        return event(kind, screen_name=random.choice(_NAMES), **more)
    if kind == "impression":
        return event("commerce_event", product_impressions=[random.choice([{}, {"product_impression_list": "a"}])])
    if kind == "view":
        return event(
            "commerce_event", promotion_action={"action": kind, "promotions": [random.choice([{}, {"id": "a"}])]}
        )
    products = [_product(random) for _ in range(random.randrange(3))]
    action = {"action": kind, **({"products": products} if products else {})}
    return event("commerce_event", product_action=action, **more)


def _product(random: Random) -> dict[str, Any]:
    product = _attributes(random, ["id", "name", "price"])
    return {**product, "custom_attributes": _attributes(random, ["color", "size"])}


def _attributes(random: Random, names: list[str]) -> dict[str, Any]:
    chosen = random.sample(names, random.randrange(min(5, len(names)) + 1))
    return {name if random.random() < 0.9 else f"{name} 2": random.choice(_VALUES) for name in chosen}


def write(path: Path, plan: Any) -> Path:
    path.write_text(json.dumps(plan))
    return path
