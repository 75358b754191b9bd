"""The code blocks of the README and of each written page run in order, as one program. A sandbox receives what they send."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from common import CODE, ROOT, write_shop_plan
from mparticle_events.service import SERVERS

from mparticle_ext import Batch, Configuration, EventsApi
from mparticle_ext.sandbox import Sandbox


def test_the_first_screen_has_an_example() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:45])
    assert "api.upload_events(batch)" in first_screen
    assert "pip install mparticle-ext" in first_screen


BATCHES = {
    "README.md": 1 + 1 + 2 + 1 + 1000 + 1 + 1,
    "docs/guide/backfills.md": 2,
    "docs/guide/data-plans.md": 1,
    "docs/guide/delivery.md": 2 + 1,
    "docs/guide/generated.md": 1,
    "docs/guide/many.md": 1000 + 1,
    "docs/guide/running.md": 1,
    "docs/guide/sandbox.md": 1,  # the others go to sandboxes of its own
    "docs/guide/upload.md": 1 + 2 + 1 + 1 + 2,
    "docs/index.md": 1,
    "docs/migrate/node.md": 1,
    "docs/migrate/python.md": 1,
    "docs/start.md": 1,
}
"""How many batches the code of a page sends."""


def test_the_readme_is_short_and_its_figures_have_five_rows() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    figures = lines[lines.index("<!-- figures: scripts/benchmark --publish -->") :]
    assert len([line for line in figures if line.startswith("|")]) == 2 + 5


@pytest.mark.filterwarnings(
    "ignore:unclosed <socket:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("page", CODE)
def test_every_block_runs(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_shop_plan(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPARTICLE_API_KEY", "key")
    monkeypatch.setenv("MPARTICLE_API_SECRET", "secret")
    with Sandbox(api_key="key", api_secret="secret") as sandbox:  # noqa: S106  # as in the README
        redirect_to(sandbox, monkeypatch)
        names: dict[str, Any] = {}
        for number, block in enumerate(CODE[page], 1):
            exec(compile(block, f"{page}, block {number}", "exec"), names)  # noqa: S102  # our own pages
        for test in [value for name, value in names.items() if name.startswith("test_")]:
            test(sandbox, monkeypatch)
        if "api" in names:
            names["api"].close()
        names.clear()
        gc.collect()  # so that the warnings about open connections belong to this test
        assert len(sandbox.batches) == BATCHES.get(page, 0)
        assert not sandbox.dropped


def test_what_the_readme_sends_again_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (one for one in CODE["README.md"] if "error.batches" in one)
    with Sandbox() as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        sandbox.drop_connection(after="taken")
        names = {"batch": Batch("production"), "Configuration": Configuration, "EventsApi": EventsApi}
        exec(block.replace("from_env()", "from_env(retry=None)"), names)  # noqa: S102  # our own page
        assert len(sandbox.batches) == 1
        assert (sandbox.counts.taken, sandbox.counts.dropped) == (1, 1)  # both times


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


ONE_PROGRAM = "The code on this page is one program: a block uses the names of the blocks before it."


def test_a_block_that_needs_another_one_says_so(tmp_path: Path) -> None:
    for page, blocks in CODE.items():
        if page != "README.md" and ONE_PROGRAM not in (ROOT / page).read_text():
            for number, block in enumerate(blocks, 1):
                (tmp_path / f"{page.replace('/', '_')}_{number}.py").write_text(block)
    undefined = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", str(tmp_path)]
    done = subprocess.run(undefined, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
