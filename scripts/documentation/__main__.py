"""Build the documentation site: generate the pages of the reference, then run Zensical. A warning is an error."""

from __future__ import annotations

import argparse
import json
import posixpath
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from regeneration.spec import Spec

from .copies import write_copies
from .recipes import recipe_pages
from .reference import Pages, model_table, reference_pages
from .tables import DocumentationError, error_list, settings_table

ROOT = Path(__file__).resolve().parent.parent.parent
_ZENSICAL = [sys.executable, "-m", "zensical"]
_MARKER = re.compile(r"^<!-- build: (.+) -->$", re.MULTILINE)
_PICTURES = {"sandbox.png": ROOT / "tests/sandbox/page.png", "figures.svg": ROOT / "tests/benchmarks/figures.svg"}
_RESULTS = ROOT / "tests" / "benchmarks" / "results.md"


def main() -> int:
    options = _parse_arguments()
    try:
        shutil.rmtree(options.output, ignore_errors=True)
        config = prepare(options)
        return _serve(options, config) if options.serve else _build(options.output, config)
    except DocumentationError as error:
        print(error, file=sys.stderr)
        return 1


def _build(output: Path, config: Path) -> int:
    done = subprocess.run([*_ZENSICAL, "build", "--strict", "--config-file", str(config)], check=False)
    if done.returncode == 0:
        settings = json.loads(config.read_text())
        pages = [page.removesuffix(".md") for page in _pages_of(settings["nav"])]
        write_copies(output / "site", pages, settings["site_name"], settings["site_description"])
        print(f"Wrote {output / 'site' / 'index.html'}")
    return done.returncode


def _serve(options: argparse.Namespace, config: Path) -> int:
    """Serve the site, and write its pages again and again, so that changes are seen."""
    with subprocess.Popen([*_ZENSICAL, "serve", "--config-file", str(config)]) as server:
        try:
            while server.poll() is None:
                time.sleep(1)
                prepare(options)
        except KeyboardInterrupt:
            server.terminate()
    return 0


def prepare(options: argparse.Namespace) -> Path:
    """Write the pages and the configuration into a folder. Return the file of the configuration."""
    written, output = options.pages, options.output
    spec = Spec(yaml.safe_load(options.spec.read_text()))
    generated = {**reference_pages(spec), **recipe_pages(written / "recipes")}
    for path, text in {**_written_pages(written, spec), **generated}.items():
        _write(output / "pages" / path.lstrip("/"), _with_relative_links(path, text).encode())
    for name, picture in _PICTURES.items():
        _write(output / "pages" / "images" / name, picture.read_bytes())
    for asset in (written / "assets").iterdir():
        _write(output / "pages" / "assets" / asset.name, asset.read_bytes())
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
        "settings": lambda: settings_table(written),
        "errors": lambda: error_list(written),
        "models": lambda: model_table(spec),
        "results": lambda: _RESULTS.read_text().partition("\n")[2].strip(),
    }
    pages = {f"/{file.relative_to(written).as_posix()}": file.read_text() for file in written.rglob("*.md")}
    return {path: _MARKER.sub(lambda found: tables[found[1]](), text) for path, text in pages.items()}


def _with_relative_links(path: str, text: str) -> str:
    """The text with links from the top of the site, `](/a/b.md)`, as links from its page."""
    return re.sub(r"\]\((/[^)#]+)", lambda found: f"]({posixpath.relpath(found[1], posixpath.dirname(path))}", text)


def _configuration(written: Path, generated: Pages) -> dict[str, Any]:
    """docs/mkdocs.yml, with the generated pages in place of `folder/*` in its navigation."""
    settings: dict[str, Any] = yaml.safe_load((written / "mkdocs.yml").read_text())
    paths = [path.lstrip("/") for path in generated]
    return {**settings, "nav": _filled(settings["nav"], paths), "docs_dir": "pages", "site_dir": "site"}


def _filled(entries: list[Any], paths: list[str]) -> list[Any]:
    filled: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inner),) = entry.items()
            inner = _filled(inner, paths) if isinstance(inner, list) else inner
            filled += [{title: inner}] if inner else []
        elif entry.endswith("/*"):
            filled += [path for path in paths if posixpath.dirname(path) == entry[:-2] and not path.endswith("/index.md")]
        else:
            filled.append(entry)
    return filled


def _pages_of(navigation: Any) -> Iterator[str]:
    """The pages of a navigation, in its order."""
    if isinstance(navigation, str):
        yield navigation
    else:
        for entry in navigation.values() if isinstance(navigation, dict) else navigation:
            yield from _pages_of(entry)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="show the site at http://localhost:8000/ and follow changes of the pages")
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="the OpenAPI file to read")
    parser.add_argument("--pages", type=Path, default=ROOT / "docs", help="the folder of the written pages")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "docs", help="the folder for the site")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
