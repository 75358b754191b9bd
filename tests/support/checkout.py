"""Copies of this checkout as git repositories of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from common import ROOT


class Checkout:
    """A copy of the working tree, with one commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet")
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607  # fmt: skip
        for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.commit()

    def git(self, *arguments: str) -> None:
        """Run git."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.hooksPath=/dev/null")
        subprocess.run(["git", *identity, *arguments], cwd=self.folder, check=True, capture_output=True)  # noqa: S607

    def commit(self, tag: str = "") -> None:
        """Commit everything, and set a tag."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "a change")
        if tag:
            self.git("tag", tag)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a text that is in a file."""
        text = (self.folder / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        (self.folder / name).write_text(text.replace(old, new, 1))
