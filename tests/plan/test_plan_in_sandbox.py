"""The sandbox with a data plan. Its page is tested in tests/sandbox/test_sandbox_browser.py."""

from __future__ import annotations

from typing import Any

import pytest
from plans import SHOP, batch, custom

from mparticle_ext import DataPlan, EventsApi, WrongCallError
from mparticle_ext.sandbox import Sandbox

GOOD = batch(custom("Hello World"))
BAD = batch(custom("Hello World", fo=1), custom("x"), user_attributes={"plan": "lead"})


def test_violations_of_what_was_taken() -> None:
    with Sandbox(data_plan=DataPlan.load(SHOP)) as planned, EventsApi(planned.configuration) as api:
        api.bulk_upload_events([GOOD, BAD])
        assert [violation.path for violation in planned.violations] == [
            "events[0].data.custom_attributes.fo",
            "events[1]",
            "user_attributes.plan",
        ]
        assert len(planned.batches) == 2
        planned.clear()
        assert planned.violations == []


def test_without_a_plan_there_are_none(sandbox: Sandbox) -> None:
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(BAD)
    assert sandbox.violations == []


def test_something_else_for_a_plan() -> None:
    plan: Any = "plan.json"
    with pytest.raises(WrongCallError, match=r"^data_plan takes what DataPlan.load returns, not str$"):
        Sandbox(data_plan=plan)
