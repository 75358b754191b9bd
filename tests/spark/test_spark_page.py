"""The code of docs/guide/spark.md, as one program, with Spark in its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from common import SPARK_BLOCKS
from spark_cluster import MISSING_JAVA, has_java
from upload_all import environment_of

from mparticle_ext import AppEvent
from mparticle_ext.sandbox import Sandbox

USERS = """
from pyspark.sql import SparkSession
rows = "values ('production', 1L, struct('a@example.com')), ('prod', 2L, struct('b@example.com')) as (environment, mpid, user)"
users = SparkSession.builder.getOrCreate().sql(f"select environment, mpid, struct(user.col1 as email) as user_identities from {rows}")
users.write.parquet("users")
"""


@pytest.mark.slow
@pytest.mark.skipif(not has_java(), reason=MISSING_JAVA)
def test_the_blocks_run(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        program = [sys.executable, "-c", "\n".join([USERS, *SPARK_BLOCKS])]
        done = subprocess.run(
            program, cwd=tmp_path, env=environment_of(sandbox), capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Report(delivered=1, failed=0)" in done.stdout
        assert "is 'prod', but must be one of production, development" in done.stdout
        assert [event.event_name for event in sandbox.events(AppEvent)] == ["menu"]
        assert len(sandbox.batches) == 3
