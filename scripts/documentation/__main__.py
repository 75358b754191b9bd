"""Build the documentation site: generate pages from the spec and the code, then run Zensical. A warning is an error."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playground import build_playground

from .copies import write_copies
from .sources import ROOT, prepare
from .tables import DocumentationError

_ZENSICAL = [sys.executable, "-m", "zensical"]


def main() -> int:
    options = _parse_arguments()
    for folder in ("pages", "site"):
        shutil.rmtree(options.output / folder, ignore_errors=True)
    try:
        config = prepare(options.pages, options.spec, options.output)
    except DocumentationError as error:
        print(error, file=sys.stderr)
        return 1
    return _serve(options, config) if options.serve else _build(options.output, config)


def _build(output: Path, config: Path) -> int:
    done = subprocess.run([*_ZENSICAL, "build", "--strict", "--config-file", str(config)], check=False)
    if done.returncode == 0:
        settings = json.loads(config.read_text())
        pages = [page.removesuffix(".md") for page in _pages_of(settings["nav"]) if page.endswith(".md")]
        write_copies(output / "site", pages, settings["site_name"], settings["site_description"])
        _add_playground(output / "site" / "playground")
        print(f"Wrote {output / 'site' / 'index.html'}")
    return done.returncode


def _add_playground(folder: Path) -> None:
    if shutil.which("npm"):
        build_playground(folder)
    else:
        print("SKIPPED: npm is not installed, so the playground is not built. Install Node.js to build it.")


def _serve(options: argparse.Namespace, config: Path) -> int:
    """Serve the site, and write the pages that changed every second."""
    with subprocess.Popen([*_ZENSICAL, "serve", "--config-file", str(config)]) as server:
        try:
            while server.poll() is None:
                time.sleep(1)
                _prepare_again(options)
        except KeyboardInterrupt:
            server.terminate()
    return 0


def _prepare_again(options: argparse.Namespace) -> None:
    try:
        prepare(options.pages, options.spec, options.output)
    except DocumentationError as error:
        print(error, file=sys.stderr)


def _pages_of(navigation: Any) -> Iterator[str]:
    """The pages of a navigation, in its order."""
    if isinstance(navigation, str):
        yield navigation
    else:
        for entry in navigation.values() if isinstance(navigation, dict) else navigation:
            yield from _pages_of(entry)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument(
        "--serve", action="store_true", help="show the site at http://localhost:8000/ and follow changes of the pages"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="the OpenAPI file to read")
    parser.add_argument("--pages", type=Path, default=ROOT / "docs", help="the folder of the written pages")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "docs", help="the folder for the site")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
