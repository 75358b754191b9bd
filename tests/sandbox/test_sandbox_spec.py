"""schemathesis sends requests that it derives from the spec: each response of the sandbox must match the spec."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT

from mparticle_ext.sandbox import Sandbox

# A process of its own: its hooks and warnings would affect this one. Without its phase "examples", which combines the
# examples of parts, such as two actions of a commerce event: the spec allows one of them (x-exactly-one-of).
COMMAND = [
    *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "spec" / "openapi.yaml"), "--no-color"),
    *("--auth", "sandbox-key:sandbox-secret", "--phases", "fuzzing", "--max-examples", "30"),
    *("--generation-deterministic", "--continue-on-failure", "--request-timeout", "10", "--checks", "all"),
    # It takes what x-accepts says, such as a number for text; an invalid batch of a bulk request is dropped with a 202.
    *("--exclude-checks", "negative_data_rejection"),
]


@pytest.mark.slow
def test_the_responses_match_the_spec(sandbox: Sandbox, tmp_path: Path) -> None:
    command = [*COMMAND, "--url", sandbox.url]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.counts.taken > 5
    assert sandbox.counts.refused > 5
    assert {request.status for request in sandbox.requests} >= {202, 400, 401}
    assert all(request.status in (202, 400, 401, 403, 404, 405) for request in sandbox.requests)
