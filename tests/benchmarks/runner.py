"""Measure our SDK and mParticle's SDKs side by side: `scripts/benchmark`. README.md in this folder has the method."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from table import Rounds, as_json, as_text, draw, lines_of
from tasks import RATE_LIMIT, SINK_LATENCY_MS, TASKS, Peer, Server, Task

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NODE_HOME = ROOT / ".venv" / "benchmark-node"
NODE_SDK = "mparticle@1.0.8"
TIMEOUT_SECONDS = 1800
IMPORTS = {"bare": "pass", "ours": "import mparticle_ext", "theirs": "import mparticle"}
BEGIN, END = "<!-- figures: scripts/benchmark --publish -->", "<!-- end of the figures -->"


def main() -> int:
    """Measure, show the table, and write it."""
    options = _options()
    rounds_wanted = 5 if options.quick else 11
    node = _node()
    with (
        _server(sys.executable, "sink.py", 0) as sink,
        _server(sys.executable, "sink.py", SINK_LATENCY_MS) as slow_sink,
        _server(options.sandbox_python, "limited.py", RATE_LIMIT) as sandbox,
    ):
        urls: dict[Server, str] = {"sink": sink, "slow sink": slow_sink, "sandbox": sandbox}
        rounds = _measure(rounds_wanted, urls, quick=options.quick, node=node)
    lines = lines_of(rounds)
    how = (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
    )
    how += f"medians of {rounds_wanted} rounds{', quick' if options.quick else ''}"
    counts = {task.name: task.units * (task.quick if options.quick else task.count) for task in TASKS}
    how += f"; {counts['stream']:,} events sent, {counts['longer stream']:,} in the longer run"
    how += f", {counts['spark']:,} rows of Spark"
    how += f", {counts['many uploads']:,} in many uploads"
    table = as_text(lines)
    print(f"\n{table}\n\n{how}")
    document = {"how": how, "figures": as_json(lines)}
    options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(f"Written: {options.json}")
    if options.publish:
        draw(lines, HERE / "figures.svg")
        (HERE / "results.md").write_text(f"# The results of the last published run\n\n{table}\n\n{how}.\n")
        _publish(as_text([line for line in lines if line.figure.in_readme]), how)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three minutes: fewer repetitions, five rounds")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="the file for the table as JSON")
    parser.add_argument(
        "--publish", action="store_true", help="write results.md, the picture, and the main rows into the README"
    )
    parser.add_argument("--sandbox-python", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(wanted: int, urls: dict[Server, str], *, quick: bool, node: bool) -> Rounds:
    rounds: Rounds = {}
    java = shutil.which("java")
    if java is None:
        print("Java is not installed, so Spark is not measured.")
    for number in range(wanted):
        for task in TASKS:
            if number >= task.rounds or (task.needs_java and not java):
                continue
            for peer in task.peers:
                if peer != "node" or node:
                    _show(f"round {number + 1} of {wanted}: {task.name}, {peer}")
                    measured = _run(peer, task, urls[task.server], task.quick if quick else task.count)
                    rounds.setdefault((peer, task.name), []).append(measured)
    _show("")
    return rounds


def _run(peer: Peer, task: Task, url: str, count: int) -> dict[str, float]:
    if task.name in ("bare", "import"):
        code = IMPORTS["bare" if task.name == "bare" else peer]
        command = [sys.executable, "-c", f"{code}\nimport time\nprint(time.process_time() * 1e3)"]
        return {"process_cpu_ms": float(_output(command))}
    program = ["node", "peers/node.js"] if peer == "node" else [sys.executable, f"peers/{peer}.py"]
    result: dict[str, float] = json.loads(_output([*program, task.name, url, str(count)]))
    return result


def _output(command: list[str]) -> str:
    environment = {**os.environ, "NODE_PATH": str(NODE_HOME / "node_modules")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # so that modules are compiled once, as when installed
    done = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )
    if done.returncode != 0:
        raise SystemExit(f"\n{' '.join(command)}\n{done.stderr}")
    return done.stdout.splitlines()[-1]


def _node() -> bool:
    """Whether mParticle's Node SDK can be measured. Installs it at first use."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print("Node.js is not installed, so mParticle's Node SDK is not measured.")
        return False
    if not (NODE_HOME / "node_modules" / "mparticle").exists():
        print(f"Installing {NODE_SDK}, once ...")
        NODE_HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run([npm, "install", "--silent", "--prefix", str(NODE_HOME), NODE_SDK], check=True)
    return True


@contextmanager
def _server(python: str, script: str, argument: int) -> Iterator[str]:
    """The URL of a server that runs in a process of its own, which is not measured."""
    command = [python, str(HERE / script), str(argument)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _show(text: str) -> None:
    """Show the progress; on a terminal in one line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _publish(table: str, how: str) -> None:
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table}\n\n{how}. [All rows](tests/benchmarks/results.md)\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
