"""Read the spec, run the two generators, say what changed for users, and swap the new package in whole."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from _package import GenerationError, generate
from _spec import SpecError, read_spec
from _surface import changes, surface
from _tree import differences, swap

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "mparticle_events"


def main() -> int:
    options = _options()
    target: Path = options.output / PACKAGE
    try:
        spec = read_spec(options.spec)
        with tempfile.TemporaryDirectory(prefix="regenerate-") as scratch:
            made = generate(spec, Path(scratch) / PACKAGE, say=_say)
            return _check(made, target) if options.check else _replace(made, target)
    except SpecError as error:
        print(f"{_shown(options.spec)}{error}", file=sys.stderr)
        return 2
    except GenerationError as error:
        print(error, file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/regenerate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff where the tree is stale"
    )
    parser.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="the OpenAPI file to read")
    parser.add_argument("--output", type=Path, default=ROOT / "generated", help=f"the folder that holds {PACKAGE}/")
    return parser.parse_args()


def _check(made: Path, target: Path) -> int:
    diff = differences(target, made)
    print(diff or f"{_shown(target)} is up to date.")
    if diff:
        print(f"\n{_shown(target)} is stale: run scripts/regenerate and commit what it writes.", file=sys.stderr)
    return 1 if diff else 0


def _replace(made: Path, target: Path) -> int:
    report = changes(surface(target), surface(made))
    swap(made, target)
    print(report)
    print(f"Wrote {_shown(target)}.")
    return 0


def _say(step: str) -> None:
    print(f"  {step} ...", file=sys.stderr, flush=True)


def _shown(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
