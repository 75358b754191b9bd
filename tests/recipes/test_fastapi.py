"""FastAPI under uvicorn: the response does not wait, and SIGTERM loses nothing."""

from __future__ import annotations

import json

import pytest
from common import wait_until
from processes import listening, post, python

from mparticle_ext import CommerceEvent
from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow
ORDERS = 12


def place_order(url: str, number: int | str) -> int:
    order = {"number": str(number), "customer_id": "ada", "total": "21.49"}
    return post(f"{url}/orders", json.dumps(order).encode(), "application/json")


def test_sigterm_while_uploads_are_in_flight_loses_nothing(sandbox: Sandbox) -> None:
    sandbox.fail(503, times=ORDERS, retry_after=1)  # so that all are in flight, or wait for their next attempt
    with listening() as (fd, url), python("-m", "uvicorn", "--fd", str(fd), "fastapi_app:app", fds=[fd], environ=sandbox.environ) as server:  # fmt: skip
        assert {place_order(url, number) for number in range(ORDERS)} == {201}
        output = server.terminate()
    names = sorted(str(batch.source_request_id) for batch in sandbox.batches)
    assert names == sorted(f"order-{number}" for number in range(ORDERS)), output
    assert not sandbox.dropped
    assert "not delivered" not in output
    assert {str(event.product_action and event.product_action.total_amount) for event in sandbox.events(CommerceEvent)} == {"21.49"}  # fmt: skip


def test_an_order_that_is_sent_twice_counts_once_and_a_loss_is_logged(sandbox: Sandbox) -> None:
    with listening() as (fd, url), python("-m", "uvicorn", "--fd", str(fd), "fastapi_app:app", fds=[fd], environ=sandbox.environ) as server:  # fmt: skip
        assert [place_order(url, 1), place_order(url, 1)] == [201, 201]
        wait_until(lambda: sandbox.counts.requests == 2)
        sandbox.fail(403)
        assert place_order(url, 2) == 201
        output = server.terminate()
    assert sandbox.counts.taken == 1, output
    assert "order-2 is not delivered" in output


def test_an_order_without_a_number_is_refused(sandbox: Sandbox) -> None:
    with listening() as (fd, url), python("-m", "uvicorn", "--fd", str(fd), "fastapi_app:app", fds=[fd], environ=sandbox.environ) as server:  # fmt: skip
        assert place_order(url, "") == 422
        server.terminate()
    assert sandbox.counts.requests == 0
