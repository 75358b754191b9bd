"""The progress of a `send`. Spark itself does not run here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from mparticle_ext import BatchResult, ValidationError
from mparticle_ext.spark._progress import ProgressDisplay


def shown(capsys: pytest.CaptureFixture[str], *, total: int) -> str:
    with ProgressDisplay(total) as display:
        display.add(BatchResult(0, {}))
        display.add(BatchResult(1, {}, ValidationError("is wrong")))
    return capsys.readouterr().err


def test_a_job_log_has_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (line,) = shown(capsys, total=1200).splitlines()
    assert line.startswith("2 of 1,200 batches, 1 failed, ")
    assert line.endswith(" left")
    assert "\x1b" not in line


def test_a_terminal_has_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # so that rich takes stderr for a terminal
    text = shown(capsys, total=2)
    assert "━" in text
    assert "2 of 2 batches, 1 failed, " in text


def test_nothing_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay(0):
        pass
    assert capsys.readouterr().err == "0 of 0 batches, 0 failed, 0/s\n"


NOTEBOOK = """
import sys
if {has_widgets} is False:
    sys.modules["ipywidgets"] = None
from mparticle_ext import BatchResult
from mparticle_ext.spark._progress import ProgressDisplay
with ProgressDisplay(2) as display:
    display.add(BatchResult(0, {{}}))
    display.add(BatchResult(1, {{}}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("has_widgets", [True, False])
def test_a_notebook_has_a_bar_or_without_ipywidgets_a_line(has_widgets: bool) -> None:
    manager, client = start_new_kernel(kernel_name="python3")
    messages: list[dict[str, Any]] = []
    try:
        client.execute_interactive(
            NOTEBOOK.format(has_widgets=has_widgets), output_hook=messages.append, store_history=False, timeout=60
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    texts = [re.sub("<[^>]*>", "", str(one["content"])) for one in messages]  # a bar is HTML
    assert any("2 of 2 batches, 0 failed" in text for text in texts), messages
    assert any("━" in text for text in texts) is has_widgets, messages
    assert [one["msg_type"] for one in messages].count("stream") == (not has_widgets), messages
