"""Builds the documentation site, once in a run of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT, shared_folder


def build(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/docs."""
    command = [sys.executable, str(ROOT / "scripts" / "docs"), *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def built_site(factory: pytest.TempPathFactory) -> Path:
    """The folder of the site. The first process that needs it builds it; the others wait."""
    with shared_folder(factory) as shared:
        site = shared / "docs" / "site"
        if not (site / "llms.txt").exists():
            done = build("--output", str(site.parent))
            assert done.returncode == 0, done.stdout + done.stderr
    return site
