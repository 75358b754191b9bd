"""Each command on its page has the output shown there, except for times and ports."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from command import Result, batch, environment, ndjson, run, start
from common import ROOT

from mparticle_ext.sandbox import Sandbox

PAGES = [ROOT / "docs" / "guide" / name for name in ("command.md", "data-plans.md")]
TEXT = "".join(page.read_text() for page in PAGES)
BLOCKS = re.findall(r"^```console\n\$ mparticle-ext (.*?)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)  # fmt: skip


def normalized(output: str) -> list[str]:
    """The lines of an output, without times, ports, and the progress that a slow machine prints."""
    lines = re.sub(r"(127\.0\.0\.1:)\d+|[\d.,]+(?= s\b|/s\b)", r"\1...", output).strip().splitlines()
    return [line for line in lines if not re.match(r"\d+%: ", line)]


def test_the_pages_show_their_commands() -> None:
    assert [command.split()[0] for command, _ in BLOCKS] == ["sandbox", "validate", "upload", "validate"]


def test_the_sandbox_prints_its_address() -> None:
    command, shown = BLOCKS[0]
    process = start(*command.split(), "--port", "0")
    assert process.stdout is not None
    output = b"".join(process.stdout.readline() for _ in shown.splitlines())
    process.terminate()
    assert Result(process).code == 0
    assert normalized(output.decode()) == normalized(shown)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), BLOCKS[1:3])
def test_the_output_is_that_on_the_page(command: str, shown: str, sandbox: Sandbox, tmp_path: Path) -> None:
    event = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "Hello"}}
    misspelt = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_nam": "Hello"}}
    batches = [batch(number, events=[event]) for number in range(1000)]
    batches[1] = {"environment": "prod", "events": [misspelt]}
    ndjson(tmp_path / "events.ndjson", batches)
    done = run(*command.split(), env=environment(sandbox), cwd=tmp_path)
    assert done.code == 1
    first, *rest = done.err.splitlines(keepends=True)  # a terminal shows both, in the order of printing
    output = first + done.out + "".join(rest) if rest else done.out + first
    assert normalized(output) == normalized(shown)


def test_the_check_against_a_data_plan(tmp_path: Path) -> None:
    def search(name: str, **attributes: object) -> dict[str, object]:
        return {"event_type": "custom_event", "data": {"custom_event_type": "search", "event_name": name, "custom_attributes": {"words": "tea", **attributes}}}  # fmt: skip

    command, shown = BLOCKS[3]
    shutil.copy(ROOT / "tests" / "plan" / "shop.json", tmp_path / "plan.json")
    events = [search("Search"), search("Serch"), search("Search", results="none")]
    ndjson(tmp_path / "events.ndjson", [batch(number, events=[event]) for number, event in enumerate(events)])
    done = run(*command.split(), cwd=tmp_path)
    assert done.code == 1
    assert normalized(done.out + done.err) == normalized(shown)
