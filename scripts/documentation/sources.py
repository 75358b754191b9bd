"""The input of Zensical: the written pages, the generated ones, pictures, and the configuration."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from mparticle_events.client import Client
from regeneration.spec import Spec

from mparticle_ext.cli._exit import EXIT_CODES

from .markdown import Pages, fenced
from .recipes import recipe_pages
from .reference import model_table, reference_pages, signature
from .tables import error_list, settings_tables

ROOT = Path(__file__).resolve().parent.parent.parent
_MARKER = re.compile(r"^<!-- build: (.+) -->$", re.MULTILINE)
_PICTURES = {
    "images/sandbox.png": ROOT / "tests" / "sandbox" / "page.png",
    "images/figures.svg": ROOT / "tests" / "benchmarks" / "figures.svg",
}
_RESULTS = ROOT / "tests" / "benchmarks" / "results.md"


def prepare(written: Path, spec_file: Path, output: Path) -> Path:
    """Write the pages and the configuration into a folder. Return the file of the configuration."""
    spec = Spec(yaml.safe_load(spec_file.read_text()))
    generated = {**reference_pages(spec), **recipe_pages(written / "recipes")}
    for path, text in {**_written_pages(written, spec), **generated}.items():
        _write(output / "pages" / path.lstrip("/"), _with_relative_links(path, text).encode())
    assets = {f"assets/{file.name}": file for file in (written / "assets").iterdir()}
    for path, file in {**_PICTURES, **assets}.items():
        _write(output / "pages" / path, file.read_bytes())
    config = output / "mkdocs.yml"
    _write(config, json.dumps(_configuration(written, generated)).encode())  # JSON is YAML too
    return config


def _write(file: Path, content: bytes) -> None:
    """Write a file if it changes, so that Zensical rebuilds only what does."""
    if not (file.exists() and file.read_bytes() == content):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _written_pages(written: Path, spec: Spec) -> Pages:
    tables: dict[str, Callable[[], str]] = {
        "settings": lambda: settings_tables(written),
        "errors": lambda: error_list(written),
        "models": lambda: model_table(spec),
        "client": lambda: signature(Client, "Client"),
        "exit codes": lambda: fenced("text", EXIT_CODES.removeprefix("\b\n")),
        "results": lambda: _RESULTS.read_text().partition("\n")[2].strip(),
    }
    pages = {f"/{file.relative_to(written).as_posix()}": file.read_text() for file in written.rglob("*.md")}
    return {path: _MARKER.sub(lambda found: tables[found[1]](), text) for path, text in pages.items()}


def _with_relative_links(path: str, text: str) -> str:
    """The text with links from the top of the site, `](/a/b.md)`, as links from its page."""
    return re.sub(r"\]\((/[^)#]+)", lambda found: f"]({posixpath.relpath(found[1], posixpath.dirname(path))}", text)


def _configuration(written: Path, generated: Pages) -> dict[str, Any]:
    """The file mkdocs.yml, with the generated pages in place of `folder/*` in its navigation."""
    settings: dict[str, Any] = yaml.safe_load((written / "mkdocs.yml").read_text())
    paths = [path.lstrip("/") for path in generated]
    if shutil.which("npm") is None:  # the playground cannot be built
        settings["nav"] = [entry for entry in settings["nav"] if "Playground" not in entry]
    return {**settings, "nav": _filled(settings["nav"], paths), "docs_dir": "pages", "site_dir": "site"}


def _filled(entries: list[Any], paths: list[str]) -> list[Any]:
    filled: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inner),) = entry.items()
            inner = _filled(inner, paths) if isinstance(inner, list) else inner
            filled += [{title: inner}] if inner else []
        elif entry.endswith("/*"):
            filled += [path for path in paths if posixpath.dirname(path) == entry[:-2]]
        else:
            filled.append(entry)
    return filled
