"""The progress of a `send`. Spark itself does not run here."""

from __future__ import annotations

import pytest

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
