"""A mock server that prism makes from the spec accepts what our package sends, and refuses what is wrong."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from common import ROOT, wait_until
from mparticle_events import examples

VERSION = "5.16.0"
HOME = ROOT / ".venv" / f"prism-{VERSION}"
GOLDEN = Path(__file__).resolve().parent / "golden"
SHORT = dict(examples.SHORT_BATCH)
SET_BY_MPARTICLE = {
    "schema_version": 2,
    "batch_id": 2**62,
    "timestamp_unixtime_ms": 1_760_000_000_000,
    "origin_mpid": -(2**62),
    "modified": False,
    "source_info": {"channel": "native"},
}
GOOD = {
    "example of a batch": examples.BATCH,
    "short example": SHORT,
    **{f"example of {name}": {**SHORT, "events": [event]} for name, event in examples.EVENTS.items()},
    **{path.name: json.loads(path.read_text()) for path in sorted(GOLDEN.iterdir())},
    "fields that mParticle sets": {**SHORT, **SET_BY_MPARTICLE},
}
WRONG = {
    "unknown field": {**SHORT, "user_attribute": {}},
    "unknown environment": {**SHORT, "environment": "test"},
    "missing event name": {
        **SHORT,
        "events": [{"event_type": "custom_event", "data": {"custom_event_type": "other"}}],
    },
}


@pytest.fixture(scope="module")
def program() -> Path:
    """The program of prism. npm installs it at first use."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node.js is not installed, so prism cannot read the spec: install Node.js")
    if not (HOME / "package-lock.json").exists():  # npm writes it last
        HOME.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(HOME)]
        subprocess.run([*install, f"@stoplight/prism-cli@{VERSION}"], check=True, timeout=300)
    return HOME / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


@pytest.fixture
def prism(program: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a running prism."""
    log, spec = tmp_path / "prism.log", ROOT / "spec" / "openapi.yaml"
    command = ["node", str(program), "mock", "--host", "127.0.0.1", "--port", "0", str(spec)]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: "listening on" in log.read_text() or process.poll() is not None)
            address = re.search(r"listening on (http://\S+)", log.read_text())
            assert address, log.read_text()
            with httpx.Client(base_url=address[1], auth=("key", "secret"), timeout=60) as client:
                yield client
        finally:
            process.terminate()


@pytest.mark.slow
def test_prism_accepts_every_example_and_golden_payload_and_refuses_wrong_bodies(prism: httpx.Client) -> None:
    def statuses(path: str, bodies: dict[str, Any]) -> dict[str, int]:
        return {name: prism.post(path, json=body).status_code for name, body in bodies.items()}

    assert statuses("/events", GOOD) == dict.fromkeys(GOOD, 202)
    assert statuses("/events", WRONG) == dict.fromkeys(WRONG, 400)
    for path in ("/bulkevents", "/bulkevents/historical"):
        assert statuses(path, {"all": list(GOOD.values())}) == {"all": 202}
        assert statuses(path, {"wrong": [SHORT, WRONG["unknown field"]]}) == {"wrong": 400}
