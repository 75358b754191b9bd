"""The commands of the README, run as they stand there: they say what it says, but for times and ports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from common import ROOT
from running import Done, batch, environment, ndjson, run, start

from mparticle_ext.sandbox import Sandbox

BLOCKS = re.findall(r"^```console\n\$ mparticle-ext (.*?)\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)  # fmt: skip


def alike(said: str) -> list[str]:
    """What is said, without what differs from run to run."""
    return re.sub(r"(127\.0\.0\.1:)\d+|[\d.,]+(?= s\b|/s\b)", r"\1...", said).strip().splitlines()


def test_they_are_the_three_commands() -> None:
    assert [command.split()[0] for command, _ in BLOCKS] == ["sandbox", "validate", "upload"]


def test_the_sandbox_says_where_it_is() -> None:
    command, shown = BLOCKS[0]
    process = start(*command.split(), "--port", "0")
    assert process.stdout is not None
    said = b"".join(process.stdout.readline() for _ in shown.splitlines())
    process.terminate()
    assert Done(process).code == 0
    assert alike(said.decode()) == alike(shown)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), BLOCKS[1:])
def test_the_commands_say_what_the_readme_says(command: str, shown: str, sandbox: Sandbox, tmp_path: Path) -> None:
    event = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_name": "Hello"}}
    misspelt = {"event_type": "custom_event", "data": {"custom_event_type": "other", "event_nam": "Hello"}}
    batches = [batch(number, events=[event]) for number in range(1000)]
    batches[1] = {"environment": "prod", "events": [misspelt]}
    ndjson(tmp_path / "events.ndjson", batches)
    done = run(*command.split(), env=environment(sandbox), cwd=tmp_path)
    assert done.code == 1
    begins, *ends = done.err.splitlines(keepends=True)  # both go to a terminal, in the order in which they are said
    said = begins + done.out + "".join(ends) if ends else done.out + begins
    assert alike(said) == alike(shown)
