"""A mock server that another tool makes from our spec accepts what we send."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from common import ROOT, wait_until
from mparticle_events import examples

PRISM = "@stoplight/prism-cli@5.14.2"  # from npm
BATCHES = [
    examples.BATCH,
    examples.SHORT_BATCH,
    *({"environment": "production", "events": [event]} for event in examples.EVENTS.values()),
    *(json.loads(file.read_text()) for file in sorted((ROOT / "tests" / "spec" / "golden").glob("*.json"))),
]


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("Node.js is not installed")
    log: Path = tmp_path_factory.mktemp("prism") / "log.txt"
    command = [npx, "--yes", PRISM, "mock", "--port", "0", str(ROOT / "spec" / "openapi.yaml")]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_until(lambda: "listening on" in log.read_text() or process.poll() is not None, 240)
            address = log.read_text().rpartition("listening on ")[2].split()[0]
            with httpx.Client(base_url=address, auth=("key", "secret"), timeout=60) as client:
                yield client
        finally:
            process.terminate()


@pytest.mark.slow
def test_it_accepts_every_example_and_golden_payload_and_refuses_wrong_ones(mock: httpx.Client) -> None:
    assert len(BATCHES) > 40
    assert not [batch for batch in BATCHES if mock.post("/events", json=batch).status_code != httpx.codes.ACCEPTED]
    assert mock.post("/bulkevents", json=BATCHES[:50]).status_code == httpx.codes.ACCEPTED
    for wrong in ({"environment": "prod"}, {}, {"environment": "production", "evnts": []}):
        assert mock.post("/events", json=wrong).status_code == httpx.codes.BAD_REQUEST
