"""schemathesis reads the spec and asks the sandbox all kinds of things: it must answer as the spec says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT

from mparticle_ext.sandbox import Sandbox

# Its command, for it would bring its own hooks and warnings into this process.
COMMAND = [
    *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "spec" / "openapi.yaml"), "--no-color"),
    *("--auth", "sandbox-key:sandbox-secret", "--phases", "examples,fuzzing", "--max-examples", "60"),
    *("--generation-deterministic", "--continue-on-failure", "--request-timeout", "10", "--checks", "all"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "selected",
    [
        ["--include-path", "/events"],
        # A bad batch of a bulk request is accepted with it, as the spec says.
        ["--exclude-path", "/events", "--exclude-checks", "negative_data_rejection"],
    ],
    ids=["one", "bulk"],
)
def test_it_answers_as_the_spec_says(sandbox: Sandbox, selected: list[str], tmp_path: Path) -> None:
    command = [*COMMAND, "--url", sandbox.url, *selected]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.counts.taken > 5
    assert sandbox.counts.refused > 5
    assert {request.status for request in sandbox.requests} >= {202, 400, 401}
    assert all(request.status in (202, 400, 401, 403, 404, 405) for request in sandbox.requests)
