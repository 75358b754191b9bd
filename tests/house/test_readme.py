"""Every code block of the README runs, in order, as one program; what it sends to mParticle a sandbox takes."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from mparticle_events.service import SERVERS

from mparticle_ext.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_first_screen_holds_the_problem_the_answer_and_an_example() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:45])
    assert "api.upload_events(batch)" in first_screen
    assert "pip install mparticle-ext" in first_screen


@pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_every_block_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPARTICLE_API_KEY", "key")
    monkeypatch.setenv("MPARTICLE_API_SECRET", "secret")
    with Sandbox(api_key="key", api_secret="secret") as sandbox:  # noqa: S106  # as in the README
        lead_to(sandbox, monkeypatch)
        names: dict[str, Any] = {}
        for number, block in enumerate(BLOCKS, 1):
            exec(compile(block, f"README.md, block {number}", "exec"), names)  # noqa: S102  # our own README
        names["api"].close()
        names.clear()
        gc.collect()  # the connections of what it leaves open, with the warnings that belong to this test
        assert len(sandbox.batches) == 1 + 3 + 1 + 3 + 1000 + 2 + 1 + 1 + 1 + 1
        assert not sandbox.dropped


def lead_to(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what goes to mParticle's hosts arrive at the sandbox."""
    ours, of_httpx = httpx.URL(sandbox.url), httpx.HTTPTransport.handle_request

    def handle(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme=ours.scheme, host=ours.host, port=ours.port)
        return of_httpx(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)  # of the generated client
    for pod in SERVERS:
        monkeypatch.setitem(SERVERS, pod, sandbox.url)  # of the facade
