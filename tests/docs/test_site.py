"""The site is built strictly, from the spec; its links lead somewhere, and its code does what it shows."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from common import ROOT
from mparticle_events import constructors
from site_builder import build, built_site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site(tmp_path_factory)


class Page(HTMLParser):
    """The links, anchors and resources of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


def pages_of(site: Path) -> dict[Path, Page]:
    return {
        file: Page(file)
        for file in site.rglob("*.html")
        if file.name != "404.html" and file.parent.name != "playground"
    }


def broken(site: Path) -> Iterator[str]:
    pages = pages_of(site)
    for file, page in pages.items():
        for link in page.links:
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (file.parent / path).resolve() if path else file
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                yield f"{file.relative_to(site)}: {link}"


def test_no_link_is_broken(site: Path) -> None:
    assert len(pages_of(site)) > 60
    assert list(broken(site)) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a id="here" href="#here"></a><a href="b.html"></a><a href="#there"></a>')
    assert sorted(broken(tmp_path)) == ["a.html: #there", "a.html: b.html"]


def test_every_event_type_and_part_has_a_page(site: Path, spec: dict[str, Any]) -> None:
    for event_type in spec["components"]["schemas"]["Event"]["discriminator"]["mapping"]:
        assert (site / "reference" / "events" / f"{event_type}.html").is_file()
    for part in constructors.__all__:
        places = [site / "reference" / folder for folder in ("parts", "events", "")]
        text = "".join(page.read_text() for place in places for page in place.glob("*.md"))
        assert f"{part}(" in text, part


REFERENCE = re.compile(
    r"^```python\n(from mparticle_ext .*?)^```\s*JSON\s*^```json\n(.*?)^```", re.DOTALL | re.MULTILINE
)


def test_the_python_of_each_page_makes_its_json(site: Path) -> None:
    found = [pair for page in site.glob("reference/**/*.md") for pair in REFERENCE.findall(page.read_text())]
    assert len(found) > 40
    for python, document in found:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(python, "reference", "exec"), {})  # noqa: S102  # our own page
        assert json.loads(printed.getvalue()) == json.loads(document)


SIGNATURE = re.compile(r"^```python\n(\w+)\((.*)\)\n```", re.MULTILINE)


def test_the_signatures_of_the_reference_are_python(site: Path) -> None:
    found = [pair for page in site.glob("reference/**/*.md") for pair in SIGNATURE.findall(page.read_text())]
    assert len(found) > 40
    for name, arguments in found:
        compile(f"def {name}({arguments.replace('*, ...', '**others').replace('...', '**others')}): ...", name, "exec")


def test_the_pages_of_the_api_show_no_private_name_and_the_type_of_each_attribute(site: Path) -> None:
    pages = {page.name: page.read_text() for page in (site / "api").glob("*.md")}
    assert [name for name, text in pages.items() if re.search(r"= _\w", text)] == []
    without = [name for name, text in pages.items() if re.search(r"^\| `\w+` \|  \|", text, re.MULTILINE)]
    assert without == []
    for name, page in (("After", "sandbox"), ("Fate", "sandbox"), ("ViolationKind", "plan"), ("Target", "spark")):
        assert re.search(rf"^## {name}\b", pages[f"{page}.md"], re.MULTILINE), name
    assert "`violations`" in pages["errors.md"]


def test_the_page_of_the_command_has_what_its_help_prints(site: Path) -> None:
    page = (site / "api" / "command.md").read_text()
    assert "  141  the reader of the output closed it" in page
    assert "[completion](#mparticle-ext-completion)" in page
    assert '\n\nzsh, in ~/.zshrc: eval "$(mparticle-ext completion zsh)"\n\n' in page


def test_llms_txt_lists_a_copy_of_each_page(site: Path) -> None:
    listed = re.findall(r"^- \[.+\]\((.+\.md)\)$", (site / "llms.txt").read_text(), re.MULTILINE)
    pages = {str(page.relative_to(site).with_suffix(".md")) for page in pages_of(site)}
    assert set(listed) == pages
    assert len(listed) == len(pages)
    assert "customer_id" in (site / "reference" / "parts" / "UserIdentities.md").read_text()
    assert "events[0].data.event_name: is required" in (site / "start.md").read_text()


def test_a_warning_fails(tmp_path: Path) -> None:
    pages = copy_of_the_pages(tmp_path)
    (pages / "start.md").write_text("# Start\n\n[nothing](nothing.md) [no section](guide/build.md#nothing)\n")
    done = build("--output", str(tmp_path / "out"), "--pages", str(pages))
    assert done.returncode != 0
    assert "page does not exist" in done.stdout + done.stderr
    assert "anchor does not exist" in done.stdout + done.stderr


def test_a_field_without_a_description_fails(tmp_path: Path) -> None:
    described = 'customer_id: {type: [string, "null"], description: Your own ID of the user.}'
    text = (ROOT / "spec" / "openapi.yaml").read_text()
    assert described in text
    spec = tmp_path / "openapi.yaml"
    spec.write_text(text.replace(described, described.replace(", description: Your own ID of the user.", "")))
    done = build("--output", str(tmp_path / "out"), "--spec", str(spec))
    assert done.returncode == 1
    assert "UserIdentities.customer_id: has no description in the spec" in done.stderr


def copy_of_the_pages(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT / "docs", folder / "docs"))


RECIPE = '''"""Tasting: what a recipe looks like.

It shows nothing.

    python tasting.py
"""

print("tasty")
'''

EVENT = """
    TasteEvent:
      type: object
      description: A taste event, as `event_type` and `data`.
      required: [event_type, data]
      additionalProperties: false
      properties:
        event_type: {type: string, const: taste}
        data: {$ref: "#/components/schemas/TasteEventData"}
      examples:
        - event_type: taste
          data: {flavour: sweet}
    TasteEventData:
      type: object
      description: A user tasted something.
      allOf: [{$ref: "#/components/schemas/CommonEventData"}]
      x-constructor: {positional: [flavour]}
      required: [flavour]
      unevaluatedProperties: false
      properties:
        flavour: {type: string, maxLength: 20, description: What it tasted of.}
"""


def test_a_new_event_type_and_a_new_recipe_have_a_page(tmp_path: Path) -> None:
    changed = (ROOT / "spec" / "openapi.yaml").read_text()
    for before, line in (
        (
            "      discriminator:\n        propertyName: event_type",
            '        - {$ref: "#/components/schemas/TasteEvent"}\n',
        ),
        ("    CommonEventData:\n", '          taste: "#/components/schemas/TasteEvent"\n'),
        ("\n    # --- Custom event ---", EVENT),
    ):
        assert changed.count(before) == 1
        changed = changed.replace(before, line + before)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(changed)
    regenerate = [str(ROOT / "scripts" / "regenerate"), "--spec", str(spec), "--output", str(tmp_path / "generated")]
    (tmp_path / "generated").mkdir()
    subprocess.run([sys.executable, *regenerate], check=True, capture_output=True)
    pages = copy_of_the_pages(tmp_path)
    (pages / "recipes" / "several").mkdir(parents=True)
    for name in ("tasting.py", "several/program.py", "several/test_program.py"):
        (pages / "recipes" / name).write_text(RECIPE)
    where = ("--spec", str(spec), "--pages", str(pages), "--output", str(tmp_path / "out"))
    done = build(*where, PYTHONPATH=str(tmp_path / "generated"))
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "out" / "site"
    page = (site / "reference" / "events" / "taste.md").read_text()
    assert "string · at most 20 characters · **required**" in page
    assert 'TasteEvent("sweet")' in page
    assert 'print("tasty")' in (site / "recipes" / "tasting.md").read_text()
    assert "test_program.py" in (site / "recipes" / "several.md").read_text()
    assert {"taste.md", "tasting.md"} <= set(re.findall(r"[a-z]+\.md", (site / "llms.txt").read_text()))
