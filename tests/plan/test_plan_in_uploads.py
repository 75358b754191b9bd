"""Uploads name the data plan, and check batches against it before they are sent."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from common import ROOT
from plans import DOCUMENT, SHOP, batch, custom

import mparticle_ext as m
from mparticle_ext import AsyncEventsApi, Configuration, DataPlan, EventsApi, PlanViolationError, Violation
from mparticle_ext.sandbox import Sandbox

PLAN = DataPlan.load(SHOP)
NAMED = {"plan_id": "shop", "plan_version": 2}
GOOD = batch(custom("Hello World"))
BAD = batch(custom("Hello World", fo="77777"))
PROBLEM = "events[0].data.custom_attributes.fo: is not planned: did you mean 'foo'?"


def configured(sandbox: Sandbox, **settings: Any) -> Configuration:
    return replace(sandbox.configuration, **{"data_plan": PLAN, **settings})


def contexts(sandbox: Sandbox) -> list[Any]:
    return [one.to_dict().get("context") for one in sandbox.batches]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, {"data_plan": NAMED}),
        ({}, {"data_plan": NAMED}),
        ({"data_plan": None}, {"data_plan": NAMED}),
        ({"location": {"latitude": 1, "longitude": 2}}, {"location": {"latitude": 1, "longitude": 2}, "data_plan": NAMED}),
        ({"data_plan": {"plan_id": "other"}}, {"data_plan": {"plan_id": "other"}}),
    ],
)  # fmt: skip
def test_a_batch_that_names_no_plan_is_sent_with_this_one(context: Any, expected: Any, sandbox: Sandbox) -> None:
    given = {**GOOD, "context": context}
    objects: list[Any] = [given, m.Batch.from_json(m.Batch("production", context=context).to_json())]
    objects += [m.Batch("production", context=context)]  # with a dict for an object
    before = [m.Batch.to_json(one) if isinstance(one, m.Batch) else copy.copy(one) for one in objects]
    documents: list[Any] = [json.dumps(given), json.dumps({**given, "source_request_id": "a"}, indent=1).encode()]
    with EventsApi(configured(sandbox)) as api:
        api.bulk_upload_events([*objects, *documents])
    assert contexts(sandbox) == [expected] * 5
    assert [m.Batch.to_json(one) if isinstance(one, m.Batch) else copy.copy(one) for one in objects] == before


def test_a_batch_without_a_context_is_not_changed(sandbox: Sandbox) -> None:
    one = m.Batch("production")
    with EventsApi(configured(sandbox)) as api:
        api.upload_events(one)
    assert contexts(sandbox) == [{"data_plan": NAMED}]
    assert one.context is m.UNSET


def test_a_plan_without_an_id_is_not_named(sandbox: Sandbox) -> None:
    with EventsApi(configured(sandbox, data_plan=DataPlan.load(DOCUMENT), on_violation="raise")) as api:
        api.upload_events(GOOD)
        with pytest.raises(PlanViolationError):
            api.upload_events(BAD)
    assert contexts(sandbox) == [None]


def test_a_failed_batch_has_the_plan(closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}/v2"
    api = EventsApi(Configuration("k", "s", base_url=url, retry=None, data_plan=PLAN))
    with api, pytest.raises(m.APIConnectionError) as caught:
        api.upload_events(m.Batch("production"))
    (sent,) = caught.value.batches
    assert sent.context.data_plan.plan_id == "shop"  # type: ignore[union-attr]


def test_by_default_violations_are_a_warning_and_the_batch_is_sent(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    many = batch(*(custom(f"no event {number}") for number in range(8)))
    with caplog.at_level(logging.WARNING, "mparticle_ext"), EventsApi(configured(sandbox)) as api:
        api.upload_events(BAD)
        api.bulk_upload_events([GOOD, many])
    assert len(sandbox.batches) == 3
    first, second = (record.getMessage() for record in caplog.records)
    assert first == f"batch: is not as the data plan says: {PROBLEM}"
    assert second.startswith(
        "batches[1]: is not as the data plan says: events[0]: custom_event 'no event 0' of type other "
    )
    assert second.endswith("; and 3 more")
    assert "77777" not in caplog.text  # the value


def test_raise_refuses_the_whole_request(sandbox: Sandbox) -> None:
    with EventsApi(configured(sandbox, on_violation="raise")) as api:
        for given in (json.dumps(BAD), BAD):
            with pytest.raises(PlanViolationError) as single:
                api.upload_events(given)
        with pytest.raises(PlanViolationError) as bulk:
            api.bulk_upload_events([GOOD, BAD])
    assert not sandbox.requests
    assert str(single.value) == f"batch: {PROBLEM}"
    assert (str(bulk.value), bulk.value.batch_index) == (f"batches[1]: {PROBLEM}", 1)
    (violation,) = bulk.value.violations
    assert violation.kind == "unplanned"
    assert not isinstance(bulk.value, m.ValidationError)
    copied = pickle.loads(pickle.dumps(bulk.value))  # noqa: S301  # our own bytes
    assert (str(copied), copied.violations) == (str(bulk.value), [violation])


def test_an_invalid_batch_is_a_validation_error_first(sandbox: Sandbox) -> None:
    with EventsApi(configured(sandbox, on_violation="raise")) as api, pytest.raises(m.ValidationError):
        api.upload_events({**BAD, "environment": "prod"})


def test_upload_all_skips_a_batch_with_violations(sandbox: Sandbox) -> None:
    with EventsApi(configured(sandbox, on_violation="raise")) as api:
        result = api.upload_all([GOOD, BAD, GOOD])
    (failed,) = result.failed
    assert (result.delivered, failed.index, failed.batch) == (2, 1, BAD)
    assert isinstance(failed.error, PlanViolationError)
    assert len(sandbox.batches) == 2


def test_a_function_gets_the_violations_and_the_batch(sandbox: Sandbox) -> None:
    calls: list[tuple[list[Violation], Any]] = []
    given = m.Batch.from_json(m.Batch("production", events=[BAD["events"][0]]).to_json())
    with EventsApi(configured(sandbox, on_violation=lambda *arguments: calls.append(arguments))) as api:
        api.upload_events(given)
        api.upload_events(GOOD)
    (((violation,), seen),) = calls
    assert str(violation) == PROBLEM
    assert seen is given
    assert len(sandbox.batches) == 2


def test_an_exception_of_the_function_reaches_the_caller(sandbox: Sandbox) -> None:
    class OwnError(Exception):
        pass

    def refuse(*_: object) -> None:
        raise OwnError

    with EventsApi(configured(sandbox, on_violation=refuse)) as api:
        with pytest.raises(OwnError):
            api.bulk_upload_events([GOOD, BAD])
        with pytest.raises(OwnError) as caught:
            api.upload_all([GOOD, BAD])
    result = m.UploadResult.of(caught.value)
    assert result is not None
    assert result.total == 2


def test_from_asyncio(sandbox: Sandbox) -> None:
    async def main() -> m.UploadResult:
        async with AsyncEventsApi(configured(sandbox, on_violation="raise")) as api:
            with pytest.raises(PlanViolationError):
                await api.upload_events(BAD)
            return await api.upload_all([GOOD, BAD])

    result = asyncio.run(main())
    assert (result.delivered, len(result.failed)) == (1, 1)
    assert contexts(sandbox) == [{"data_plan": NAMED}]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data_plan": "plan.json"}, "data_plan takes what DataPlan.load returns, not str"),
        ({"on_violation": "ignore"}, "on_violation is 'ignore': give 'warn', 'raise' or a function of (violations, batch)"),
        ({"on_violation": asyncio.sleep}, "on_violation takes a plain function: a coroutine would never be awaited"),
    ],
)  # fmt: skip
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(m.ConfigurationError) as caught:
        Configuration("k", "s", **settings)
    assert str(caught.value) == message


def test_no_log_or_error_has_the_secret() -> None:
    assert "the-secret" not in repr(Configuration("k", "the-secret", data_plan=PLAN))


def python(program: str) -> str:
    """The output of a program."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_who_has_no_plan_loads_nothing_of_it() -> None:
    program = (
        "import sys, mparticle_ext as m\n"
        "m.EventsApi(m.Configuration('k', 's')).close()\n"
        "print([name for name in sys.modules if 'plan' in name or name == 'jsonschema_rs'])"
    )
    assert python(program) == "[]\n"


@pytest.mark.parametrize(
    "use",
    [
        "from mparticle_ext import DataPlan",
        "from mparticle_ext.cli import main; sys.argv = ['', 'sandbox', '--data-plan', 'tests/plan/shop.json']; main()",
        "import pytest; pytest.main(['--mparticle-data-plan', 'tests/plan/shop.json', '--co', '-q'])",
    ],
)
def test_without_the_extra_the_error_says_what_to_install(use: str) -> None:
    output = python(f"import sys; sys.modules['jsonschema_rs'] = None; {use}")
    assert 'a data plan needs its extra: pip install "mparticle-ext[plan]"' in output


@pytest.mark.parametrize("named", [{"plan_id": "other"}, {"plan_id": "shop", "plan_version": 99}])
def test_a_batch_that_names_another_plan_or_version_is_not_checked_against_this_one(
    named: dict[str, Any], sandbox: Sandbox
) -> None:
    given = {**BAD, "context": {"data_plan": named}}
    with EventsApi(configured(sandbox, on_violation="raise")) as api:
        api.upload_events(given)
        api.upload_events(json.dumps({**given, "source_request_id": "b"}))
    assert len(sandbox.batches) == 2


def test_a_function_that_returns_a_coroutine_is_refused(sandbox: Sandbox) -> None:
    async def note(*_: object) -> None:
        """Never awaited."""

    with (
        EventsApi(configured(sandbox, on_violation=lambda *given: note(*given))) as api,
        pytest.raises(m.WrongCallError, match="on_violation takes a plain function, but this one returned a coroutine"),
    ):
        api.upload_events(BAD)
