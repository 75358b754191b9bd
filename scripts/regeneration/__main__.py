"""Check the spec, generate the package, report the changes for users, and replace the old package."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .changes import describe_changes, read_surface
from .folders import diff_folders, extract_committed, replace_folder
from .package import GenerationError, generate
from .reader import SpecError, read_spec

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "mparticle_events"


def main() -> int:
    options = _parse_arguments()
    target: Path = options.output / PACKAGE
    try:
        spec, warnings = read_spec(options.spec)
        for warning in warnings:
            print(f"{_short(options.spec)}{warning}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="regenerate-") as folder:
            package = generate(spec, Path(folder) / PACKAGE)
            return _check(package, target) if options.check else _replace(package, target)
    except SpecError as error:
        print(f"{_short(options.spec)}{error}", file=sys.stderr)
        return 2
    except GenerationError as error:
        print(error, file=sys.stderr)
        return 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/regenerate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; print a diff and exit with 1 if the package is out of date"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="the OpenAPI file to read")
    parser.add_argument("--output", type=Path, default=ROOT / "generated", help=f"the folder that contains {PACKAGE}/")
    return parser.parse_args()


def _check(package: Path, target: Path) -> int:
    diff = diff_folders(target, package)
    print(diff or f"{_short(target)} is up to date.")
    if diff:
        print(f"\n{_short(target)} is out of date: run scripts/regenerate and commit the result.", file=sys.stderr)
    return 1 if diff else 0


def _replace(package: Path, target: Path) -> int:
    committed = extract_committed(target, package.parent / "committed")
    since = "last commit" if committed else "last run"
    print(describe_changes(read_surface(committed or target), read_surface(package), since))
    replace_folder(target, package)
    print(f"Wrote {_short(target)}.")
    return 0


def _short(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
