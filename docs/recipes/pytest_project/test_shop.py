"""The tests of shop.py."""

from collections.abc import Iterator

import pytest
from shop import order_placed

from mparticle_ext import CommerceEvent, Configuration, EventsApi, PermissionDeniedError
from mparticle_ext.sandbox import Sandbox


@pytest.fixture
def api(mparticle_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventsApi]:
    """The API as the program makes it, from the environment."""
    for name, value in mparticle_sandbox.environ.items():
        monkeypatch.setenv(name, value)
    with EventsApi(Configuration.from_env()) as api:
        yield api


def test_an_order_arrives_with_its_total(api: EventsApi, mparticle_sandbox: Sandbox) -> None:
    order_placed(api, "1001", "ada", 21.49)
    (purchase,) = mparticle_sandbox.events(CommerceEvent)
    assert purchase.product_action
    assert purchase.product_action.total_amount == 21.49


def test_an_order_that_is_placed_twice_counts_once(api: EventsApi, mparticle_sandbox: Sandbox) -> None:
    order_placed(api, "1001", "ada", 21.49)
    order_placed(api, "1001", "ada", 21.49)
    assert len(mparticle_sandbox.batches) == 1
    assert len(mparticle_sandbox.dropped) == 1


def test_an_order_without_a_number_is_refused(api: EventsApi, mparticle_sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no number"):
        order_placed(api, "", "ada", 21.49)
    assert not mparticle_sandbox.requests


def test_an_outage_is_survived(api: EventsApi, mparticle_sandbox: Sandbox) -> None:
    mparticle_sandbox.fail(503)
    order_placed(api, "1001", "ada", 21.49)
    assert [request.status for request in mparticle_sandbox.requests] == [503, 202]


def test_wrong_credentials_are_reported(api: EventsApi, mparticle_sandbox: Sandbox) -> None:
    mparticle_sandbox.fail(403)
    with pytest.raises(PermissionDeniedError):
        order_placed(api, "1001", "ada", 21.49)
