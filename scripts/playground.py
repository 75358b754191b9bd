"""Builds the page that checks a batch in the browser, for the documentation site.

    python scripts/playground.py FOLDER

The page needs no other host: Pyodide comes from npm, the wheels from PyPI, and both are copied to the folder.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "playground"
PYODIDE = "pyodide@314.0.7"  # Python 3.14, compiled to WebAssembly
PLATFORM = (
    *("--python-version", "3.14", "--abi", "cp314", "--abi", "none"),
    *("--platform", "pyemscripten_2026_0_wasm32", "--platform", "any"),
)
DEPENDENCIES = ("click==8.5.1", "msgspec==0.22.0")  # what the checks import
NEEDED = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")


def build_playground(output: Path) -> None:
    """Build the page into a folder, which it replaces.

    Args:
        output: The folder; its `index.html` can be served from any path of a site.

    Raises:
        subprocess.CalledProcessError: npm or pip failed; it has printed why.
        FileNotFoundError: npm is not installed.
    """
    shutil.rmtree(output, ignore_errors=True)
    shutil.copytree(PAGE, output)
    wheels = output / "wheels"
    _pip("download", "--no-deps", "--only-binary", ":all:", *PLATFORM, "--dest", wheels, *DEPENDENCIES)
    _pip("wheel", "--no-deps", "--wheel-dir", wheels, ROOT)
    (output / "wheels.json").write_text(json.dumps(sorted(wheel.name for wheel in wheels.iterdir())))
    _unpack_pyodide(output / "pyodide")


def _unpack_pyodide(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "pack", "--silent", PYODIDE], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
            archive.extractall(scratch, filter="data")
        folder.mkdir()
        for name in NEEDED:
            shutil.move(Path(scratch) / "package" / name, folder / name)


def _pip(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


if __name__ == "__main__":
    build_playground(Path(sys.argv[1]))
