"""scripts/demo runs to its end."""

from __future__ import annotations

import subprocess
import sys

from common import ROOT


def test_the_demo_uploads_both_batches() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "demonstration.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "callback: error=None, status=202" in done.stdout
    assert "ValidationError: batch: events[0].data.event_name: is required: give it a value" in done.stdout
    assert "unplanned: events[0].data.custom_attributes.foo: is not planned: did you mean 'fooo'?" in done.stdout
    assert "unplanned: events[1]: product_action 'purchase' is not planned: " in done.stdout
    assert "   def hello_world(\n       *,\n       fooo: str | UnsetType = UNSET,\n" in done.stdout
    assert "Received batch 2 of 2" in done.stdout
    assert '"customer_id": "123456"' in done.stdout
