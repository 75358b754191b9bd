"""The other commands: example, sandbox, help and completion; and the command without its extra."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import Result, environment, ndjson, run, start

import mparticle_ext
from mparticle_ext.sandbox import Sandbox

COMMANDS = ("validate", "upload", "example", "generate", "sandbox", "completion")
EVENTS = run("example", "--list").out.split()


def test_there_is_an_example_of_each_event(spec: dict[str, Any]) -> None:
    assert list(spec["components"]["schemas"]["Event"]["discriminator"]["mapping"]) == EVENTS


@pytest.mark.slow
def test_an_example_is_valid_and_is_what_its_python_code_builds(sandbox: Sandbox, tmp_path: Path) -> None:
    examples = [json.loads(run("example", *event).out) for event in ([], *([one] for one in EVENTS))]
    assert [one["events"][0]["event_type"] for one in examples[1:]] == EVENTS
    assert run("upload", ndjson(tmp_path / "examples", examples), env=environment(sandbox)).code == 0
    arrived = [json.loads(one.to_json()) for one in sandbox.batches]
    assert all(one.pop("source_request_id") for one in arrived)
    assert arrived == examples


@pytest.mark.slow
@pytest.mark.parametrize("event", ["", *EVENTS])
def test_the_python_code_of_an_example_builds_it(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = [event] if event else []
    program = run("example", *chosen, "--python").out
    exec(program, {})  # noqa: S102
    assert json.loads(capsys.readouterr().out) == json.loads(run("example", *chosen).out)
    assert max(map(len, program.splitlines())) <= 88


def test_an_event_type_that_does_not_exist() -> None:
    done = run("example", "custm_event")
    assert done.code == 2
    assert done.err.endswith("'custm_event' is not an event type: did you mean 'custom_event'?\n")


def start_sandbox(*arguments: str) -> tuple[subprocess.Popen[bytes], list[str]]:
    """The sandbox as a process, and the first lines of its output."""
    process = start("sandbox", *arguments)
    assert process.stdout is not None
    return process, [process.stdout.readline().decode().rstrip() for _ in range(5)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_prints_its_address_accepts_uploads_and_stops(number: signal.Signals, tmp_path: Path) -> None:
    process, output = start_sandbox("--port", "0", "--key", "a key", "--secret", "s")
    page = re.fullmatch(r"http://127\.0\.0\.1:\d+/", output[0])
    assert page, output
    assert output[1:] == ["", f"export MPARTICLE_BASE_URL={output[0]}v2", "export MPARTICLE_API_KEY='a key'", "export MPARTICLE_API_SECRET=s"]  # fmt: skip
    (tmp_path / "one.json").write_text(run("example").out)
    variables = {"MPARTICLE_BASE_URL": f"{output[0]}v2", "MPARTICLE_API_KEY": "a key", "MPARTICLE_API_SECRET": "s"}
    assert run("upload", tmp_path / "one.json", env=environment() | variables).code == 0
    process.send_signal(number)
    assert Result(process).code == 0


def test_the_sandbox_ends_when_its_output_is_closed() -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("sandbox", "--port", "0", stdout=write, env=environment(measured=False))
    os.close(write)
    done = Result(process)
    assert (done.code, done.err) == (141, "")


def test_the_sandbox_ends_silently_in_the_middle_of_a_request() -> None:
    process, output = start_sandbox("--port", "0")
    with socket.create_connection(("127.0.0.1", int(output[0].rstrip("/").rpartition(":")[2])), timeout=60) as client:
        client.sendall(b"POST /v2/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{")
        assert client.recv(4096).startswith(b"HTTP/1.1 100")
        process.send_signal(signal.SIGINT)
        done = Result(process)
    assert (done.code, done.err) == (0, "")


def test_a_port_that_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("sandbox", "--port", str(port))
    assert done.code == 2
    assert done.err == f"mparticle-ext: port {port} is in use: give another one with --port, or 0 for any free port\n"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str) -> None:
    done = run(*([command] if command else []), "-h")
    assert done.code == 0
    assert done.out.startswith(f"Usage: mparticle-ext {command}".rstrip())
    assert done.out == run(*([command] if command else []), "--help").out
    assert max(map(len, done.out.splitlines())) <= 80
    if not command:
        assert all(re.search(rf"^  {name} ", done.out, re.MULTILINE) for name in COMMANDS)
        assert "130  interrupted" in done.out


def test_the_version() -> None:
    assert run("--version").out == f"mparticle-ext {mparticle_ext.__version__}\n"
    as_module = subprocess.run([sys.executable, "-m", "mparticle_ext", "--version"], capture_output=True, text=True, check=True)  # fmt: skip
    assert as_module.stdout == f"mparticle-ext {mparticle_ext.__version__}\n"


def test_completion() -> None:
    assert '\n  bash, in ~/.bashrc: eval "$(mparticle-ext completion bash)"\n' in run("completion", "--help").out
    for shell in ("bash", "zsh", "fish"):
        assert "_MPARTICLE_EXT_COMPLETE" in run("completion", shell).out
    asked = {"_MPARTICLE_EXT_COMPLETE": "bash_complete", "COMP_WORDS": "mparticle-ext example scr", "COMP_CWORD": "2"}
    assert run(env=environment() | asked).out == "plain,screen_view\n"


def test_without_the_extra_it_says_how_to_install_it() -> None:
    program = "import sys; sys.modules['rich'] = None; from mparticle_ext.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'mparticle-ext: the command needs its extra: pip install "mparticle-ext[cli]"\n'


def test_help_loads_neither_httpx_nor_the_progress_bar() -> None:
    program = (
        "import sys, runpy; sys.argv = ['mparticle-ext', '--help']\n"
        "try: runpy.run_module('mparticle_ext', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print({'httpx', 'rich.progress', 'asyncio', 'starlette'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("\nset()\n"), done
