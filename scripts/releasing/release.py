"""A release: it is made from the last commit of a checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.version import Version
from regeneration.folders import extract_commit

VERSION_FILE = "mparticle_ext/_version.py"


class RefusedError(Exception):
    """The release cannot be made. The text has the place, the problem and what to do."""


@dataclass(frozen=True)
class Release:
    """A release of the last commit of `project`. `scratch` is a folder for temporary files."""

    project: Path
    scratch: Path
    dry_run: bool

    @cached_property
    def source(self) -> Path:
        """The files of the commit. So nothing that is not committed is released."""
        return extract_commit(self.project, "HEAD", self.scratch / "source")

    @cached_property
    def version(self) -> Version:
        """The version in the source."""
        return Version(re.findall(r'__version__ = "(.*)"', self.text(VERSION_FILE))[0])

    @property
    def tag(self) -> str:
        """The git tag of the version."""
        return f"v{self.version}"

    @property
    def dist(self) -> Path:
        """The folder from where everything is published."""
        return self.project / "dist"

    @property
    def wheel(self) -> Path:
        """The wheel, after the build."""
        return next(self.dist.glob("*.whl"))

    @property
    def sbom(self) -> Path:
        """The file with the bill of materials."""
        return self.project / "build" / f"mparticle_ext-{self.version}.cdx.json"

    def text(self, name: str) -> str:
        """The text of a file of the source."""
        return (self.source / name).read_text()

    def git(self, *arguments: str) -> list[str]:
        """The lines that git prints."""
        return run("git", "-C", self.project, *arguments).splitlines()

    def skip(self, problem: str) -> str:
        """The result of a step that this machine cannot do. Only a dry run may skip one."""
        if self.dry_run:
            return f"SKIPPED: {problem}"
        raise RefusedError(f"{problem}; only --dry-run may skip this step")


def run(*command: str | Path, **environment: str) -> str:
    """The output of a command, or a RefusedError with everything that it printed."""
    variables = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    if done.returncode != 0:
        raise RefusedError(f"{Path(command[0]).name} failed: correct what it says\n{done.stdout}{done.stderr}")
    return done.stdout


def run_module(*arguments: str | Path, **environment: str) -> str:
    """The output of a module of this environment, or a RefusedError."""
    return run(sys.executable, "-m", *arguments, **environment)
