"""The recipes for Ray, Dask, Beam and Airflow, each as its users run it. These packages are large: install one to test its recipe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from common import ROOT
from upload_all import environment_of

from mparticle_ext.sandbox import Sandbox

RECIPES = ROOT / "docs" / "recipes"
ORDERS = [{"number": number, "customer_id": f"user {number % 7}", "total": number + 0.5} for number in range(2500)]
pytestmark = pytest.mark.slow


def needs(module: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(module) is None, reason=f'pip install "{package}" to run this recipe')


def run(sandbox: Sandbox, folder: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env={**environment_of(sandbox), **variables}, capture_output=True, text=True, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_parquet(folder: Path) -> str:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(ORDERS), folder / "orders.parquet", row_group_size=500)
    return str(folder / "orders.parquet")


def as_lines(file: Path) -> str:
    file.write_text("".join(json.dumps(order) + "\n" for order in ORDERS))
    return str(file)


def assert_arrived(sandbox: Sandbox) -> None:
    arrived = Counter((batch.user_attributes or {})["last order"] for batch in sandbox.batches)
    assert arrived == Counter(order["total"] for order in ORDERS)
    assert not sandbox.dropped


@needs("ray", "ray[data]")
def test_ray(sandbox: Sandbox, tmp_path: Path) -> None:
    out = run(sandbox, tmp_path, str(RECIPES / "ray_data.py"), as_parquet(tmp_path), RAY_USAGE_STATS_ENABLED="0")
    assert out.endswith("2500 delivered, 0 failed\n")
    assert_arrived(sandbox)


@needs("dask", "dask[dataframe]")
def test_dask(sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path, str(RECIPES / "dask_frame.py"), as_parquet(tmp_path)) == "2500 delivered, 0 failed\n"
    assert_arrived(sandbox)


@needs("apache_beam", "apache-beam")
def test_beam(sandbox: Sandbox, tmp_path: Path) -> None:
    run(sandbox, tmp_path, str(RECIPES / "beam_pipeline.py"), as_lines(tmp_path / "orders.ndjson"), "failed")
    assert_arrived(sandbox)
    assert max(len(request.fates) for request in sandbox.requests) == 100, "the batches are sent in groups"


@needs("airflow", "apache-airflow")
def test_airflow(sandbox: Sandbox, tmp_path: Path) -> None:
    as_lines(tmp_path / "2026-11-01.ndjson")
    (tmp_path / "dags").mkdir()
    shutil.copy(RECIPES / "airflow_dag.py", tmp_path / "dags")
    settings = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "MPARTICLE_ORDERS": str(tmp_path),
    }
    run(sandbox, tmp_path, "-m", "airflow", "db", "migrate", **settings)
    run(sandbox, tmp_path, "-m", "airflow", "dags", "test", "mparticle_orders", "2026-11-01", **settings)
    assert_arrived(sandbox)
    assert (tmp_path / "2026-11-01.failed").read_text() == ""
