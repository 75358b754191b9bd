"""The steps of scripts/test. They run in the environment `test`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINTER = "@redocly/cli@2.77.0"  # lints the spec; from npm
PARALLEL = ("-n", "4", "--dist", "worksteal")  # more than cores, because many tests wait
SPARK = "tests/spark"
COVERAGE_RUN = ("-m", "coverage", "run", "-m", "pytest")
TYPED = (
    *("generated", "mparticle_ext", "tests", "docs/playground", "docs/recipes"),
    *(
        "scripts/documentation",
        "scripts/regeneration",
        "scripts/releasing",
        "scripts/playground.py",
        "scripts/_environment.py",
        "scripts/testing.py",
    ),
)
REGENERATE = (str(ROOT / "scripts" / "regenerate"), "--check")
MYPY = (sys.executable, "-m", "mypy", *TYPED)


def main() -> int:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each command that a test starts compiles the package
    arguments = sys.argv[1:]
    fast = "--fast" in arguments
    pytest_arguments = [argument for argument in arguments if argument != "--fast"]
    steps = _fast_steps(pytest_arguments) if fast or pytest_arguments else _all_steps()
    for name, step in steps:
        print(f"\n=== {name}", flush=True)
        started = time.perf_counter()
        if not step():
            print(f"\nFAILED: {name}", file=sys.stderr)
            return 1
        print(f"    {time.perf_counter() - started:.1f} s", flush=True)
    return 0


def _fast_steps(pytest_arguments: list[str]) -> list[tuple[str, Callable[[], bool]]]:
    return [
        ("ruff", _ruff),
        ("pytest", lambda: _run("pytest", "-q", *PARALLEL, "-m", "not slow", *pytest_arguments)),
    ]


def _all_steps() -> list[tuple[str, Callable[[], bool]]]:
    return [
        ("lint the spec, and beside it check that generated/ is up to date", lambda: _beside(REGENERATE, _lint_spec)),
        ("ruff", _ruff),
        ("pyright, and mypy beside it", lambda: _beside(MYPY, _pyright)),
        ("install Redis for a test", _install_redis),
        ("erase what an earlier run measured", lambda: _run("coverage", "erase")),
        ("the quick tests, with branch coverage", _quick_tests),
        ("the slow tests, and those of Spark beside them", _slow_tests),
        ("coverage", _coverage),
    ]


def _quick_tests() -> bool:
    return _command(sys.executable, *COVERAGE_RUN, "-q", *PARALLEL, "-m", "not slow", "--ignore", SPARK)


def _slow_tests() -> bool:
    """Run the slow tests. Those of Spark share a cluster, so they run in one process."""
    spark = (sys.executable, *COVERAGE_RUN, "-q", SPARK)
    return _beside(spark, lambda: _run("pytest", "-q", *PARALLEL, "-m", "slow", "--ignore", SPARK))


def _beside(command: Sequence[str], step: Callable[[], bool]) -> bool:
    """Run a command at the same time as a step. Print its output after that of the step."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        passed = step()
        passed = process.wait() == 0 and passed
        output.seek(0)
        print(output.read().decode())
    return passed


def _coverage() -> bool:
    without_java = () if shutil.which("java") else ("--omit", "mparticle_ext/spark/*")  # its tests were skipped
    return _run("coverage", "combine", "--quiet") and _run("coverage", "report", *without_java)


def _ruff() -> bool:
    return _run("ruff", "check", ".") and _run("ruff", "format", "--check", ".")


def _pyright() -> bool:
    return _run("pyright", "--pythonpath", sys.executable)


def _lint_spec() -> bool:
    npx = shutil.which("npx")
    if npx is None:
        print("SKIPPED: npx is not installed, so the spec is not linted. Install Node.js to lint it.")
        return True
    environment = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    with tempfile.TemporaryDirectory() as empty_folder:  # so that redocly finds no configuration file
        return _command(
            npx,
            "--yes",
            LINTER,
            "lint",
            "--extends=recommended-strict",
            str(ROOT / "spec" / "openapi.yaml"),
            cwd=empty_folder,
            **environment,
        )


def _install_redis() -> bool:
    """Install Redis for the Celery recipe; where that cannot be, its tests are skipped."""
    if not (shutil.which("redis-server") or _install_debian_package("redis-server")):
        print(
            "SKIPPED: redis-server is not installed, so the Celery recipe is not tested. Install it to test the recipe."
        )
    return True


def _install_debian_package(name: str) -> bool:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    install = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "-y", "--no-install-recommends")
    return _quietly("apt-get", "update", "-qq") and _quietly(*install, name)


def _run(module: str, *arguments: str) -> bool:
    return _command(sys.executable, "-m", module, *arguments)


def _quietly(*command: str) -> bool:
    """Run a command and print its output only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
    return done.returncode == 0


def _command(*command: str, cwd: str | Path = ROOT, **environment: str) -> bool:
    return subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
