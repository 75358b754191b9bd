"""The wheel as users get it: installed on each Python, with dependencies from the package index."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .release import RefusedError, Release, run, run_module

_STATED_PACKAGES = re.compile(r"`pip install mparticle-ext` brings (?:at most )?(\d+) other\s+packages: ([^.]*)\.")
_OLD_PYTHONS_ONLY = {"typing-extensions"}
_PIP = ("pip", "--disable-pip-version-check")


def install(release: Release) -> str:
    """Install the wheel on each Python of pyproject.toml that is there, in environments of their own."""
    if problem := _index_problem():
        return release.skip(f"the package index is not reached ({problem}): connect to it")
    pythons = re.findall(r"Python :: (3\.\d+)", release.text("pyproject.toml"))
    return "\n".join(f"Python {python}: {_install_on(release, python)}" for python in pythons)


def check_packages(release: Release) -> str:
    """Check that pip installs the packages that CONTRIBUTING.md lists, and no others."""
    if not _environments(release):
        return release.skip("the wheel is not installed")
    stated = _STATED_PACKAGES.search(release.text("CONTRIBUTING.md"))
    listed = set(re.split(r",\s+|\s+and\s+", stated[2])) if stated else set()
    for home in _environments(release):
        installed = _installed(home)
        wrong = (installed - listed) | (listed - installed - _OLD_PYTHONS_ONLY)
        if wrong or stated is None or int(stated[1]) != len(listed):
            names = ", ".join(sorted(installed))
            problem = f"pip installs {len(installed)} other packages on Python {home.name}: {names}"
            raise RefusedError(f"CONTRIBUTING.md: {problem}: correct the dependencies, or the list")
    return f"{len(listed)}: {', '.join(sorted(listed))}"


def write_sbom(release: Release) -> str:
    """A CycloneDX bill of materials of what pip installs."""
    if not _environments(release):
        return release.skip("the wheel is not installed")
    release.sbom.parent.mkdir(exist_ok=True)
    options = ("--output-reproducible", "--output-format", "JSON", "--output-file", release.sbom)
    run_module("cyclonedx_py", "environment", *options, _python(_environments(release)[0]))
    components = json.loads(release.sbom.read_text())["components"]
    return f"{len(components)} components in build/{release.sbom.name}"


def audit(release: Release) -> str:
    """No dependency has a known vulnerability."""
    if not _environments(release):
        return release.skip("the wheel is not installed")
    (packages,) = _environments(release)[0].glob("lib/*/site-packages")
    options = ("--progress-spinner", "off", "--format", "json", "--path", str(packages))
    done = subprocess.run([sys.executable, "-m", "pip_audit", *options], capture_output=True, text=True, check=False)
    if not done.stdout.startswith("{"):  # it ends with the same code for a fault and without an answer
        return release.skip(f"pip-audit's database is not reached ({_last_line(done.stderr)}): connect to it")
    audited = json.loads(done.stdout)["dependencies"]
    faults = [f"{one['name']} {one['version']}: {fault['id']}" for one in audited for fault in one.get("vulns", ())]
    if faults:
        raise RefusedError(f"pip-audit: {', '.join(faults)}: require a version without it")
    unknown = [one["name"] for one in audited if "vulns" not in one and one["name"] != "mparticle-ext"]
    if unknown:
        return release.skip(f"pip-audit's database does not know {', '.join(unknown)}: connect to that of PyPI")
    return f"{len(audited) - 1} packages have no known vulnerability"


def use(release: Release) -> str:
    """A user's first script runs, with the extras."""
    for home in _environments(release):
        run_module(*_PIP, "--python", _python(home), "install", "--quiet", f"{release.wheel}[cli,sandbox]")
        print(f"Python {home.name}: {run(_python(home), '-I', release.source / 'tests' / 'wheel' / 'user.py').strip()}")
    return "done" if _environments(release) else release.skip("the wheel is not installed")


def _install_on(release: Release, version: str) -> str:
    interpreter = shutil.which(f"python{version}")
    if interpreter is None or subprocess.run([interpreter, "-c", ""], capture_output=True, check=False).returncode:
        return release.skip(f"there is no python{version} on the PATH: install it")
    home = release.scratch / version
    run(interpreter, "-m", "venv", "--without-pip", home)
    pip_install = (*_PIP, "--python", _python(home), "install", "--quiet")
    package = f"mparticle-ext=={release.version}"
    run_module(*pip_install, "--no-index", "--no-deps", "--find-links", release.dist, package)
    run_module(*pip_install, package)  # its dependencies
    run_module(*_PIP, "--python", _python(home), "check")
    program = "import mparticle_ext; mparticle_ext.Batch('production').validate(); print(mparticle_ext.__version__)"
    return run(_python(home), "-Ic", program).strip()


def _environments(release: Release) -> list[Path]:
    return sorted(release.scratch.glob("3.*"))


def _python(home: Path) -> Path:
    return home / "bin" / "python"


def _installed(home: Path) -> set[str]:
    listed = json.loads(run_module(*_PIP, "--python", _python(home), "list", "--format", "json"))
    return {one["name"].lower().replace("_", "-") for one in listed} - {"mparticle-ext"}


def _index_problem() -> str:
    """Why the package index is not reached; empty if it is."""
    options = ("--retries", "0", "--no-cache-dir", "--dry-run", "--ignore-installed", "--no-deps")
    probe = [sys.executable, "-m", *_PIP, "install", *options, "msgspec"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return _last_line(done.stderr) if done.returncode else ""


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
