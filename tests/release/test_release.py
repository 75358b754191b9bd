"""scripts/release on copies of this checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from _environment import python_of
from checkout import Checkout
from common import ROOT
from osv_server import osv_server

pytestmark = pytest.mark.slow

VERSION_FILE = "mparticle_ext/_version.py"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
WITHOUT_INDEX = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": ""}
PAGE = ["app.js", "details.js", "dom.js", "faults.js", "index.html", "json.js", "list.js", "reason.js", "row.js", "rows.js", "style.css"]  # fmt: skip
CLOCK_HOOK = """
import time
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ClockHook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "mparticle_ext", "built.py").write_text(f"BUILT = {time.time_ns()}")
"""
RUN_STEPS = """
import sys
from pathlib import Path
from releasing.__main__ import STEPS
from releasing.release import RefusedError, Release

project, scratch, *steps = sys.argv[1:]
release = Release(Path(project), Path(scratch), dry_run=True)
for name in steps:
    try:
        print(STEPS[name](release))
    except RefusedError as error:
        print(f"REFUSED: {error}")
"""
METADATA = ["METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"]


def release(checkout: Checkout, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "release"), "--project", str(checkout.folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def refusal(checkout: Checkout, *arguments: str, **environment: str) -> str:
    done = release(checkout, *arguments, **environment)
    assert done.returncode == 1, done.stdout
    return done.stderr.partition("REFUSED: ")[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the tag v2.3.0, and after it a commit with an entry in the changelog and the version 2.4.0."""
    made = Checkout(tmp_path / "checkout")
    (made.folder / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n- A change.\n\n## 2.3.0 - 2026-01-01\n\n- New.\n"
    )
    set_version(made, "2.3.0")
    made.commit(tag="v2.3.0")
    set_version(made, "2.4.0")
    made.commit()
    return made


def set_version(checkout: Checkout, version: str) -> None:
    (checkout.folder / VERSION_FILE).write_text(f'"""The version."""\n\n__version__ = "{version}"\n')


def break_the_spec(checkout: Checkout) -> None:
    """Rename a field in the spec, and regenerate the package."""
    checkout.replace("spec/openapi.yaml", "        partner_identity:", "        partner_name:")
    paths = ("--spec", checkout.folder / "spec" / "openapi.yaml", "--output", checkout.folder / "generated")
    subprocess.run([ROOT / "scripts" / "regenerate", *paths], check=True, capture_output=True)
    checkout.commit()


def test_what_breaks_needs_a_new_major_version_and_a_line_in_the_changelog(checkout: Checkout) -> None:
    break_the_spec(checkout)
    assert refusal(checkout, "--dry-run").splitlines()[:3] == [
        "mparticle_ext/_version.py: has 2.4.0, but this breaks users of 2.3.0: give 3.0.0 or newer",
        "2 changes for users since the release 2.3.0, 1 BREAKING:",
        "  BREAKS  removed field Batch.partner_identity",
    ]
    set_version(checkout, "3.0.0rc1")
    checkout.commit()
    problem = "CHANGELOG.md: Unreleased: does not name Batch.partner_identity: say what breaks\n"
    assert refusal(checkout, "--dry-run") == problem
    checkout.replace("CHANGELOG.md", "A change.", "`partner_identity` is called `partner_name`.")
    checkout.commit()
    done = release(checkout, "--dry-run", **WITHOUT_INDEX)
    assert done.returncode == 0, done.stderr
    assert "3.0.0rc1 after 2.3.0. 2 changes for users since the release 2.3.0, 1 BREAKING:" in done.stdout
    assert "the section is 'Unreleased', and names what breaks" in done.stdout
    assert "SKIPPED: the package index is not reached (ERROR: " in done.stdout
    assert done.stdout.count("SKIPPED: the wheel is not installed") == 4


def test_before_1_0_what_breaks_needs_a_new_minor_version(checkout: Checkout) -> None:
    checkout.git("tag", "-d", "v2.3.0")
    checkout.git("tag", "v0.9.1", "HEAD^")
    set_version(checkout, "0.9.2")
    checkout.replace("generated/mparticle_events/models.py", "    partner_identity:", "    partner_name:")
    checkout.commit()
    assert "has 0.9.2, but this breaks users of 0.9.1: give 0.10.0 or newer" in refusal(checkout, "--dry-run")


def test_a_version_that_was_released_is_refused(checkout: Checkout) -> None:
    set_version(checkout, "2.3.0")
    checkout.commit()
    assert (
        refusal(checkout, "--dry-run") == f"{VERSION_FILE}: has 2.3.0, but 2.3.0 was released: give a newer version\n"
    )


def test_a_tag_of_another_version_is_refused(checkout: Checkout) -> None:
    checkout.git("tag", "v2.5.0")
    assert refusal(checkout) == f"{VERSION_FILE}: has 2.4.0, but the commit has the tag v2.5.0: change one\n"


def test_a_release_needs_a_commit_and_a_section_in_the_changelog(checkout: Checkout) -> None:
    (checkout.folder / "new.py").write_text("")
    assert refusal(checkout) == "new.py: is not committed: commit it, or remove it\n"
    (checkout.folder / "new.py").unlink()
    assert "CHANGELOG.md: has no section for 2.4.0: rename Unreleased to '## 2.4.0 - 20" in refusal(checkout)
    checkout.replace("CHANGELOG.md", "## Unreleased", "## Unreleased\n\n- A thing.\n\n## 2.4.0 - 2026-02-01")
    checkout.commit()
    assert refusal(checkout) == "CHANGELOG.md: Unreleased: has entries: move them to 2.4.0 - 2026-02-01\n"
    checkout.replace("CHANGELOG.md", "- A thing.", "")
    checkout.replace("CHANGELOG.md", "- A change.", "")
    checkout.commit()
    assert refusal(checkout) == "CHANGELOG.md: 2.4.0 - 2026-02-01: is empty: list what changed for users\n"


def test_a_release_skips_nothing(checkout: Checkout) -> None:
    checkout.replace("CHANGELOG.md", "## Unreleased", "## 2.4.0 - 2026-02-01")
    checkout.commit(tag="v2.4.0")
    assert refusal(checkout).endswith("stay relative: add the remote; only --dry-run may skip this step\n")
    checkout.git("remote", "add", "origin", "https://github.com/example/sdk")
    assert refusal(checkout, **WITHOUT_INDEX).endswith("connect to it; only --dry-run may skip this step\n")
    assert not (checkout.folder / "dist").exists()


def test_a_link_of_the_readme_to_a_missing_file_is_refused(checkout: Checkout) -> None:
    checkout.replace("README.md", "(docs/start.md)", "(docs/begin.md)")
    checkout.commit()
    assert refusal(checkout, "--dry-run") == "README.md: docs/begin.md: is not in the commit: correct the link\n"


def test_a_file_that_no_user_needs_is_refused(checkout: Checkout) -> None:
    (checkout.folder / "mparticle_ext" / "notes.txt").write_text("a note")
    checkout.commit()
    problem = "mparticle_ext/notes.txt: no user needs it: remove it, or allow it in scripts/releasing/packages.py"
    assert problem in refusal(checkout, "--dry-run")


def test_a_file_that_is_missing_is_refused(checkout: Checkout) -> None:
    checkout.replace("pyproject.toml", "[tool.hatch.build]", '[tool.hatch.build]\nexclude = ["list.js"]')
    checkout.commit()
    assert "mparticle_ext/sandbox/page/list.js: is missing: correct tool.hatch" in refusal(checkout, "--dry-run")


def test_a_build_with_other_bytes_is_refused(checkout: Checkout) -> None:
    (checkout.folder / "hatch_build.py").write_text(CLOCK_HOOK)
    checkout.replace(
        "pyproject.toml", "[tool.hatch.build]", "[tool.hatch.build.targets.wheel.hooks.custom]\n[tool.hatch.build]"
    )
    checkout.commit()
    assert ".whl: a second build has other bytes: find what depends on" in refusal(
        checkout, "--dry-run", **WITHOUT_INDEX
    )


def test_a_wheel_of_another_size_is_refused(checkout: Checkout) -> None:
    checkout.replace("CONTRIBUTING.md", "The wheel has at most ", "The wheel has at most 1")
    checkout.commit()
    assert "CONTRIBUTING.md: the wheel has " in refusal(checkout, "--dry-run")


def test_a_dry_run_from_the_first_to_the_last_step(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("remote", "add", "origin", "git@github.com:example/sdk.git")
    with osv_server() as database:
        done = release(checkout, "--dry-run", PATH=path_of(tmp_path), **database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("The dry run found no problem.\n")
    wheel, sdist = (checkout.folder / "dist" / f"mparticle_ext-2.4.0{end}" for end in ("-py3-none-any.whl", ".tar.gz"))
    for package in (wheel, sdist):
        assert f"{sha256(package.read_bytes()).hexdigest()}  dist/{package.name}" in done.stdout
    assert "twine found no problem" in done.stdout
    assert contents(wheel) == expected_contents()
    require_absolute_links(ZipFile(wheel).read("mparticle_ext-2.4.0.dist-info/METADATA").decode())
    bill = json.loads((checkout.folder / "build" / "mparticle_ext-2.4.0.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert {"mparticle-ext", "httpx", "msgspec", "attrs"} <= {one["name"] for one in bill["components"]}
    assert "file:" not in json.dumps(bill)  # a path of this machine
    assert re.search(r"^[89] packages have no known vulnerability$", done.stdout, re.MULTILINE)
    assert "The wheel works" in done.stdout


def test_what_pip_installs_is_listed_and_without_a_known_vulnerability(checkout: Checkout, tmp_path: Path) -> None:
    checkout.replace("CONTRIBUTING.md", "msgspec, ", "")
    checkout.commit()
    steps = ("build", "install", "packages that pip installs", "known vulnerabilities")
    (tmp_path / "scratch").mkdir()
    with osv_server("h11") as database:
        command = [str(python_of("release")), "-Pc", RUN_STEPS, str(checkout.folder), str(tmp_path / "scratch"), *steps]
        paths = {"PATH": path_of(tmp_path), "PYTHONPATH": str(ROOT / "scripts")}
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, **paths, **database}
        )
    assert re.search(
        r"^REFUSED: CONTRIBUTING.md: pip installs \d+ other packages on Python ", done.stdout, re.MULTILINE
    )
    problem = r"^REFUSED: pip-audit: h11 [\d.]+: TEST-1: require a version without it$"
    assert re.search(problem, done.stdout, re.MULTILINE)


def contents(wheel: Path) -> set[str]:
    return set(ZipFile(wheel).namelist())


def expected_contents() -> set[str]:
    """The Python files, the markers for type checkers, the sandbox's page, and five files of metadata."""
    names = {"mparticle_events/py.typed", "mparticle_ext/py.typed"}
    for folder, package in ((ROOT / "generated", "mparticle_events"), (ROOT, "mparticle_ext")):
        names |= {path.relative_to(folder).as_posix() for path in (folder / package).rglob("*.py")}
    names |= {f"mparticle_ext/sandbox/page/{name}" for name in PAGE}
    return names | {f"mparticle_ext-2.4.0.dist-info/{name}" for name in METADATA}


def require_absolute_links(description: str) -> None:
    """The links and pictures of the README lead to files of the tag, at GitHub."""
    links = re.findall(r"(!?)\[[^]]*]\(([^)#]+)", description)
    own = [(picture, link) for picture, link in links if link.startswith("https://github.com/example/sdk/")]
    assert len(own) > 20
    assert all(link.startswith("https://") for _, link in links)
    for picture, link in own:
        kind, tag, path = link.removeprefix("https://github.com/example/sdk/").split("/", 2)
        assert (kind, tag) == ("raw" if picture else "blob", "v2.4.0")
        assert (ROOT / path).exists()


def path_of(folder: Path) -> str:
    """A PATH with git and this Python alone: one environment is enough, and its version is known."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(str(shutil.which("git")))
    (programs / f"python{sys.version_info.major}.{sys.version_info.minor}").symlink_to(sys.executable)
    return str(programs)


def test_the_workflow_publishes_without_a_secret() -> None:
    text = WORKFLOW.read_text()
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    assert "secrets" not in text.replace("no secret", "")
    publish = workflow["jobs"]["publish"]
    assert publish["needs"] == ["test", "build"]
    assert publish["permissions"]["id-token"] == "write"
    assert publish["steps"][-1]["with"]["attestations"] is True
    others = [job for name, job in workflow["jobs"].items() if name != "publish"]
    assert all(job["permissions"] == {"contents": "read"} for job in others)
    used = re.findall(r"uses: ([^\s]+)", text)
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used if not action.startswith("./"))
