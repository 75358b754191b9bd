"""Check version, changelog, packages and dependencies of the last commit, and build the packages into dist/."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from . import installation, packages, version
from .release import RefusedError, Release

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = {
    "commit": version.check_commit,
    "version": version.check_version,
    "changelog": version.check_changelog,
    "links of the README": packages.check_links,
    "build": packages.build,
    "metadata": packages.check_metadata,
    "contents of the wheel": packages.check_contents,
    "size of the wheel": packages.check_size,
    "install": installation.install,
    "packages that pip installs": installation.check_packages,
    "bill of materials": installation.write_sbom,
    "known vulnerabilities": installation.audit,
    "use the wheel": installation.use,
    "build again": packages.build_again,
}


def main() -> int:
    options = _parse_arguments()
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        release = Release(options.project, Path(scratch), options.dry_run)
        try:
            for name, step in STEPS.items():
                print(f"\n=== {name}", flush=True)
                print(step(release), flush=True)
        except RefusedError as error:
            shutil.rmtree(release.dist, ignore_errors=True)  # so that nobody publishes it
            print(f"\nREFUSED: {error}", file=sys.stderr)
            return 1
        print(f"\n{_next_step(release)}")
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/release", description=__doc__)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="skip what this machine cannot check, and take the section Unreleased of the changelog",
    )
    parser.add_argument("--project", type=Path, default=ROOT, help="the git checkout to release")
    return parser.parse_args()


def _next_step(release: Release) -> str:
    if release.dry_run:
        return "The dry run found no problem."
    if release.git("tag", "--points-at", "HEAD", "--list", release.tag):
        return f"{release.tag} can be published: .github/workflows/release.yml does it from dist/."
    command = f"git tag -a {release.tag} -m {release.tag} && git push origin {release.tag}"
    return f"Nothing was uploaded. A tag makes .github/workflows/release.yml publish it:\n    {command}"


if __name__ == "__main__":
    sys.exit(main())
