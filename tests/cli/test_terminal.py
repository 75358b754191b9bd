"""The prompt, the progress bar and colours on a terminal; plain lines elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command import Terminal, batch, environment, ndjson, run

from mparticle_ext.sandbox import Sandbox


def test_credentials_that_are_not_set_are_asked_for_and_not_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(3)))
    terminal = Terminal("upload", file, "--base-url", sandbox.url)
    terminal.until("MPARTICLE_API_KEY: ")
    terminal.type(sandbox.configuration.api_key)
    terminal.until("MPARTICLE_API_SECRET: ")
    terminal.type(sandbox.configuration.api_secret)
    assert terminal.end() == 0, terminal.output
    assert "3 batches delivered" in terminal.output
    assert sandbox.configuration.api_key not in terminal.output
    assert sandbox.configuration.api_secret not in terminal.output


def test_ctrl_c_at_the_prompt_leaves_nothing(tmp_path: Path) -> None:
    terminal = Terminal("upload", ndjson(tmp_path / "some.ndjson", [batch(0)]))
    terminal.until("MPARTICLE_API_KEY: ")
    terminal.process.send_signal(2)
    assert terminal.end() == 130
    assert list(tmp_path.iterdir()) == [tmp_path / "some.ndjson"]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_progress_bar_on_a_terminal(columns: int, sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(500)))
    terminal = Terminal("upload", file, "--rate", "500", columns=columns, env=environment(sandbox))
    terminal.until(" delivered, ")
    terminal.until("━")
    assert terminal.end() == 0, terminal.output
    assert "500 batches delivered" in terminal.output
    if columns > 80:
        assert "/s, " in terminal.output
        assert " left" in terminal.output


@pytest.mark.slow
def test_a_terminal_shows_why_an_upload_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(3)))
    sandbox.fail(503)
    terminal = Terminal("upload", file, columns=200, env=environment(sandbox))
    assert terminal.end() == 0, terminal.output
    assert re.search(r"upload [0-9a-f]{8}: ServerError, HTTP 503, next attempt in \d\.\d\d s", terminal.output)
    assert "3 batches delivered" in terminal.output


@pytest.mark.parametrize(("option", "shown"), [([], True), (["--json"], False)])
def test_a_line_without_a_terminal_says_why_an_upload_waits(
    option: list[str], shown: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fail(503)
    done = run("upload", ndjson(tmp_path / "some.ndjson", [batch(0)]), *option, env=environment(sandbox))
    assert done.code == 0, done.err
    assert ("ServerError, HTTP 503, next attempt in" in done.err) is shown


@pytest.mark.slow
def test_lines_without_a_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "some.ndjson", map(batch, range(700)))
    done = run("upload", file, "--rate", "100", env=environment(sandbox))
    assert done.code == 0
    first, *lines = done.err.splitlines()
    assert first == f"Uploading {file} to {sandbox.url}; {file}.progress keeps the progress"
    assert lines
    for line in lines:
        part, delivered = map(int, re.match(r"(\d+)%: (\d+) delivered, ", line).groups())  # type: ignore[union-attr]
        assert part == pytest.approx(100 * delivered / 700, abs=3)
        assert line.endswith(" left")
    assert "\x1b" not in done.err
    assert "\r" not in done.err


def test_colour_on_a_terminal_unless_no_color_is_set(tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text(json.dumps({"environment": "prod"}))
    for no_color, coloured in (("", True), ("1", False)):
        terminal = Terminal("validate", tmp_path / "bad.ndjson", columns=300, env=environment(NO_COLOR=no_color))
        assert terminal.end() == 1
        assert ("\x1b[" in terminal.output) is coloured
        assert "bad.ndjson:1:" in terminal.output
    assert "\x1b" not in run("validate", tmp_path / "bad.ndjson").out
