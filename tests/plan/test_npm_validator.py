"""A strict plan says what mParticle's npm package says about generated batches."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from common import ROOT
from plans import VERSION, batch, event, random_batches

from mparticle_ext import DataPlan

NPM_VERSION = "1.0.3"
HOME = ROOT / ".venv" / f"data-planning-node-{NPM_VERSION}"
PACKAGE = "@mparticle/data-planning-node"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package() -> Path:
    """The npm package. npm installs it at first use."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node.js is not installed, so mParticle's validator cannot run: install Node.js")
    if not (HOME / "package-lock.json").exists():  # npm writes it last
        HOME.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(HOME)]
        subprocess.run([*install, f"{PACKAGE}@{NPM_VERSION}"], check=True, timeout=300)
    return HOME / "node_modules" / PACKAGE


def verdicts(package: Path, version: dict[str, Any], batches: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The errors of the npm package for each batch."""
    command = ["node", str(Path(__file__).with_name("oracle.js")), str(package)]
    given = json.dumps({"version": version, "batches": batches}).encode()
    done = subprocess.run(command, input=given, capture_output=True, check=True, timeout=300)
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def npm_facts(error: dict[str, Any]) -> tuple[str, str | None, str]:
    """The kind, the keyword and the place of an error of the npm package."""
    kind, keyword = error["validation_error_type"], error.get("schema_keyword")
    steps = error["error_pointer"].split("/")[1:]
    if keyword == "additionalProperties":
        steps.append(error["key"])
    if keyword == "required":
        steps.append(error["expected"])
    is_user = error["match"]["type"] == "user_attributes"
    return kind, keyword, "/".join(["user_attributes", *steps] if is_user else steps)


def our_facts(plan: DataPlan, one: dict[str, Any]) -> Counter[tuple[str, str | None, str]]:
    found = plan.violations(one)
    places = ["/".join(map(str, v.steps[2:] if v.steps[0] == "events" else v.steps)) for v in found]
    return Counter((v.kind, v.keyword, place) for v, place in zip(found, places, strict=True))


def test_the_npm_package_says_the_same(package: Path) -> None:
    plan = DataPlan.load(VERSION, strict=True)
    batches = [*random_batches(seed=1, count=1000)]
    total = 0
    for one, errors in zip(batches, verdicts(package, VERSION, batches), strict=True):
        expected = Counter(map(npm_facts, errors))
        assert our_facts(plan, one) == expected, json.dumps(one)
        total += expected.total()
    assert total > 1500  # of all four words and most keywords


def test_the_two_false_findings_of_the_npm_package(package: Path) -> None:
    """It calls events unplanned that no plan can have, and an absent point for user attributes an error."""
    version = {**VERSION, "version_document": {"data_points": []}}
    one = batch(event("session_start"), event("application_state_transition", application_transition_type="unknown"))
    (errors,) = verdicts(package, version, [one])
    assert [error["validation_error_type"] for error in errors] == ["unplanned", "unplanned", "unknown"]
    assert DataPlan.load(version, strict=True).violations(one) == []
