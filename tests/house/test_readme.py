"""The code blocks of the README run in order, as one program. A sandbox receives what they send."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from common import README_BLOCKS, ROOT, SHOP_PLAN
from mparticle_events.service import SERVERS

from mparticle_ext.sandbox import Sandbox


def test_the_first_screen_has_an_example() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:45])
    assert "api.upload_events(batch)" in first_screen
    assert "pip install mparticle-ext" in first_screen


@pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_every_block_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "plan" / "shop.json", tmp_path / "plan.json")
    (tmp_path / "shop_plan.py").write_text(SHOP_PLAN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPARTICLE_API_KEY", "key")
    monkeypatch.setenv("MPARTICLE_API_SECRET", "secret")
    with Sandbox(api_key="key", api_secret="secret") as sandbox:  # noqa: S106  # as in the README
        redirect_to(sandbox, monkeypatch)
        names: dict[str, Any] = {}
        for number, block in enumerate(README_BLOCKS, 1):
            exec(compile(block, f"README.md, block {number}", "exec"), names)  # noqa: S102  # our own README
        names["api"].close()
        names.clear()
        gc.collect()  # so that the warnings about open connections belong to this test
        assert len(sandbox.batches) == 1 + 3 + 1 + 3 + 1001 + 2 + 1 + 1 + 1 + 1 + 1
        assert not sandbox.dropped


def redirect_to(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send to the sandbox what is sent to mParticle's hosts."""
    hosts, url = {httpx.URL(server).host for server in SERVERS.values()}, httpx.URL(sandbox.url)

    def redirected(handle: Callable[..., Any]) -> Callable[..., Any]:
        def handle_redirected(transport: object, request: httpx.Request) -> Any:
            if request.url.host in hosts:
                request.url = request.url.copy_with(scheme=url.scheme, host=url.host, port=url.port)
            return handle(transport, request)

        return handle_redirected

    for kind, name in ((httpx.HTTPTransport, "handle_request"), (httpx.AsyncHTTPTransport, "handle_async_request")):
        monkeypatch.setattr(kind, name, redirected(getattr(kind, name)))
