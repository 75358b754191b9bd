"""`--data-plan` of the command."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from command import Result, environment, ndjson, run, start
from plans import CONTAINERS, SHOP, batch, custom, event, write

import mparticle_ext as m

GOOD = batch(custom("Hello World"))
BAD = batch(custom("Hello World", fo=1), user_attributes={"plan": "lead"})
FO = "events[0].data.custom_attributes.fo: is not planned: did you mean 'foo'?"
LEAD = "user_attributes.plan: must be one of gold, silver"


def test_violations_are_printed_beside_the_faults(tmp_path: Path) -> None:
    invalid = {**BAD, "environment": "prod", "events": [*BAD["events"], {"event_type": "screen_view", "data": {}}]}
    ndjson(tmp_path / "a.ndjson", [GOOD, BAD, invalid])
    done = run("validate", "--data-plan", SHOP, "a.ndjson", cwd=tmp_path)
    assert done.code == 1
    faults = [line for line in done.out.splitlines() if line.startswith("a.ndjson:3: e") and "fo:" not in line]
    assert len(faults) == 2  # of the environment and the screen view, which is not called unplanned too
    assert [line for line in done.out.splitlines() if line not in faults] == [
        f"a.ndjson:2: {FO}",
        f"a.ndjson:2: {LEAD}",
        f"a.ndjson:3: {FO}",
        f"a.ndjson:3: {LEAD}",
    ]
    assert "3 batches, 1 event in valid batches, 2 faults and 4 violations in 2 batches; " in done.err


def test_a_violation_has_the_line_of_its_value(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(BAD, indent=1))
    lines = (tmp_path / "a.json").read_text().splitlines()
    done = run("validate", "--data-plan", SHOP, "a.json", cwd=tmp_path)
    for line, text in re.findall(r"^a\.json:(\d+): \S+\.(\w+): ", done.out, re.MULTILINE):
        assert f'"{text}"' in lines[int(line) - 1]
    assert len(done.out.splitlines()) == 2


def test_as_json(tmp_path: Path) -> None:
    ndjson(tmp_path / "a.ndjson", [BAD, {"environment": "prod"}])
    done = run("validate", "--json", "--data-plan", SHOP, "a.ndjson", cwd=tmp_path)
    first, _, third = (json.loads(line) for line in done.out.splitlines())
    path, problem = FO.split(": ", 1)
    assert first == {
        "file": "a.ndjson",
        "line": 1,
        "path": path,
        "problem": problem,
        "violation": "unplanned",
        "index": 0,
    }
    assert third.keys() == {"file", "line", "path", "problem", "index"}


def test_valid_batches_as_planned(tmp_path: Path) -> None:
    done = run("validate", "--data-plan", SHOP, ndjson(tmp_path / "a.ndjson", [GOOD] * 3))
    assert (done.code, done.out) == (0, "")
    assert "3 batches, 3 events, 0 faults and 0 violations; " in done.err


def test_other_forms_are_read_before_they_are_checked(tmp_path: Path) -> None:
    other = {"environment": "production", "user_identities": {"customerid": 7}, "events": [event("custom_event", event_name="Hello World")]}  # fmt: skip
    done = run("validate", "--data-plan", SHOP, ndjson(tmp_path / "a.ndjson", [other]))
    assert (done.code, done.out) == (0, "")


def test_the_most_faults_count_violations_too(tmp_path: Path) -> None:
    many = batch(*(custom(f"no event {number}") for number in range(30)))
    done = run("validate", "--data-plan", SHOP, "--max-faults", "7", ndjson(tmp_path / "a.ndjson", [many]))
    assert len(done.out.splitlines()) == 7
    assert "has more than 7 faults" in done.err


@pytest.mark.parametrize(
    ("plan", "options", "message"),
    [
        ("a version", ["--plan-version", "3"], "plan.json: has no version 3: it has 2"),
        ("a whole plan", [], "plan.json: has 2 versions (1, 2): say which with --plan-version"),
        (7, [], "plan.json: is not a data plan, for it has no data_points: give a file that mParticle exported"),
        (None, [], "plan.json cannot be read: No such file or directory"),
    ],
)
@pytest.mark.parametrize("command", [["validate", "a.ndjson"], ["sandbox", "--port", "0"]])
def test_a_plan_that_cannot_be_loaded(
    plan: Any, options: list[str], message: str, command: list[str], tmp_path: Path
) -> None:
    ndjson(tmp_path / "a.ndjson", [GOOD])
    if plan is not None:
        write(tmp_path / "plan.json", CONTAINERS.get(plan, plan))
    done = run(*command, "--data-plan", "plan.json", *options, cwd=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", f"mparticle-ext: {message}\n")


@pytest.mark.parametrize("command", [["validate", "a.ndjson"], ["sandbox", "--port", "0"]])
def test_a_version_without_a_plan_is_wrong_usage(command: list[str], tmp_path: Path) -> None:
    ndjson(tmp_path / "a.ndjson", [GOOD])
    done = run(*command, "--plan-version", "3", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "--plan-version is the version of a plan: give the plan with --data-plan" in done.err


def test_a_version_of_a_whole_plan(tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.json", CONTAINERS["a whole plan"])
    done = run("validate", "--data-plan", plan, "--plan-version", "2", ndjson(tmp_path / "a.ndjson", [BAD]))
    assert len(done.out.splitlines()) == 2


def test_the_sandbox_checks_what_arrives() -> None:
    process = start("sandbox", "--port", "0", "--data-plan", SHOP, env=environment())
    assert process.stdout is not None
    page = process.stdout.readline().decode().strip()
    with m.EventsApi(m.Configuration("sandbox-key", "sandbox-secret", base_url=f"{page}v2")) as api:
        api.upload_events(BAD)
    row = httpx.get(f"{page}live/rows/1").json()["row"]
    process.send_signal(signal.SIGINT)
    assert Result(process).code == 0
    path, problem = FO.split(": ", 1)
    consequence = "the plan blocks it: mParticle drops the attribute"
    assert row["violations"] == [[path, problem, consequence], [*LEAD.split(": ", 1), ""]]
    assert row["violation_count"] == 2
