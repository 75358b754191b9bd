"""The rows of the recipes for Ray, Dask, Beam and Airflow, without these engines: no row is lost."""

from __future__ import annotations
import __future__

import ast
import io
import json
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

import pytest
from processes import RECIPES

from mparticle_ext import EventsApi, UploadResult
from mparticle_ext.sandbox import Sandbox

NUMBERS = [1001, None, 1002, None]
NO_ID = "source_request_id: must be a string or null, not a list"


def functions_of(recipe: str) -> dict[str, Any]:
    """The functions of a recipe that need no engine."""
    tree = ast.parse((RECIPES / f"{recipe}.py").read_text())
    tree.body = [node for node in tree.body if needs_no_engine(node)]
    names: dict[str, Any] = {}
    exec(compile(tree, recipe, "exec", __future__.annotations.compiler_flag), names)  # noqa: S102  # our own recipes
    return names


def needs_no_engine(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import):
        return all(find_spec(one.name.partition(".")[0]) for one in node.names)
    if isinstance(node, ast.ImportFrom):
        return find_spec(str(node.module).partition(".")[0]) is not None
    return isinstance(node, ast.Assign) or (isinstance(node, ast.FunctionDef) and not node.decorator_list)


def upload(sandbox: Sandbox, batches: Iterable[dict[str, Any]]) -> UploadResult:
    with EventsApi(sandbox.configuration) as api:
        return api.upload_all(batches)


def assert_reported(result: UploadResult, sandbox: Sandbox) -> None:
    """The rows with a number were delivered, and each of the others is reported."""
    assert sorted(str(batch.source_request_id) for batch in sandbox.batches) == ["order-1001", "order-1002"]
    assert [(one.index, str(one.error).partition(": ")[2]) for one in result.failed] == [(1, NO_ID), (3, NO_ID)]
    assert not sandbox.dropped


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
@pytest.mark.parametrize("kind", [int, float])
def test_rows_of_ray(sandbox: Sandbox, kind: type, missing: object) -> None:
    numbers = [missing if number is None else kind(number) for number in NUMBERS]
    rows = [{"number": number, "customer_id": kind(7), "total": 9.5} for number in numbers]
    assert_reported(upload(sandbox, functions_of("ray_data")["batches"](rows)), sandbox)
    assert {batch.to_json() for batch in sandbox.batches} == {
        f'{{"environment":"production","source_request_id":"order-{number}",'
        '"user_identities":{"customer_id":"7"},"user_attributes":{"last order":9.5}}'
        for number in (1001, 1002)
    }


@pytest.mark.parametrize("kind", ["float64", "Int64", "object", "string"])
def test_rows_of_dask(sandbox: Sandbox, kind: str) -> None:
    pd = pytest.importorskip("pandas")
    orders = pd.DataFrame({"number": NUMBERS, "customer_id": [7, None] * 2, "total": [9.5, 2, None, 3]})
    orders["number"] = orders["number"].astype("Int64").astype(kind)
    batches = functions_of("dask_frame")["batches"]([orders[:1], orders[1:]])
    assert_reported(upload(sandbox, batches), sandbox)
    assert [batch.user_attributes for batch in sandbox.batches] == [{"last order": 9.5}, {}]
    assert [batch.to_dict()["user_identities"] for batch in sandbox.batches] == [{"customer_id": "7"}] * 2


def test_lines_of_beam(sandbox: Sandbox) -> None:
    batch_of = functions_of("beam_pipeline")["batch_of"]
    lines = [json.dumps({"number": number, "customer_id": "ada", "total": 9.5}) for number in NUMBERS]
    assert_reported(upload(sandbox, [batch_of(line)[1] for line in lines]), sandbox)


def test_lines_of_airflow(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    order = {"customer_id": "ada", "total": 9.5}
    rows = [{"number": number, **order} for number in NUMBERS]
    lines = [*map(json.dumps, rows[:2]), "", "{", json.dumps({"number": 1003}), "7", *map(json.dumps, rows[2:])]
    failed = io.StringIO()
    with EventsApi(sandbox.configuration) as api:
        delivered = functions_of("airflow_dag")["upload_lines"](api, [f"{line}\n" for line in lines], failed)
    assert delivered == 2
    assert sorted(str(batch.source_request_id) for batch in sandbox.batches) == ["order-1001", "order-1002"]
    written = [json.loads(line) for line in failed.getvalue().splitlines()]
    assert [one["source_request_id"] for one in written if "environment" in one] == [[], []]
    wrong = [(one["wrong line"], one["problem"]) for one in written if "wrong line" in one]
    assert [line for line, _ in wrong] == ["{", '{"number": 1003}', "7"]
    assert wrong[1][1] == "KeyError('customer_id')"
    assert capsys.readouterr().out.count(NO_ID) == 2
