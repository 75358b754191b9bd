"""Runs the installed command as a process, with pipes or in a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common import MEASURED

from mparticle_ext.sandbox import Sandbox

COMMAND = str(Path(sys.executable).with_name("mparticle-ext"))
TIMEOUT_SECONDS = 120.0
_PROGRESS = re.compile(r"(\d+%: )?[\d,]+ delivered.*|upload [0-9a-f]{8}: .*")


def environment(sandbox: Sandbox | None = None, /, *, measured: bool = True, **more: str) -> dict[str, str]:
    """The environment for the command: with the address and credentials of a sandbox, or with none.

    Use `measured=False` if a signal may come while coverage holds its lock, or if coverage cannot write its file.
    """
    variables = dict.fromkeys((f"MPARTICLE_{name}" for name in ("API_KEY", "API_SECRET", "BASE_URL", "POD")), "")
    if sandbox is not None:
        variables |= sandbox.environ
    return {**os.environ, **variables, "COVERAGE_PROCESS_CONFIG": MEASURED if measured else "", **more}


def start(*arguments: str | Path, env: Mapping[str, str] | None = None, **others: Any) -> subprocess.Popen[bytes]:
    """Start the command, with its output in pipes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([COMMAND, *map(str, arguments)], env=env or environment(), **{**pipes, **others})


class Result:
    """The result of a process: its exit code, and the text from stdout and stderr."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes | None = None) -> None:
        out, err = process.communicate(stdin, timeout=TIMEOUT_SECONDS)
        self.code = process.returncode
        self.out = (out or b"").decode()
        self.err = (err or b"").decode()
        assert "Traceback" not in self.err, self.err

    @property
    def report(self) -> list[str]:
        """The lines of stderr without the progress, which a slow machine shows."""
        return [line for line in self.err.splitlines() if not _PROGRESS.fullmatch(line)]


def run(*arguments: str | Path, stdin: bytes | None = None, **others: Any) -> Result:
    """Run the command to its end."""
    return Result(start(*arguments, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, **others), stdin)


class Terminal:
    """The command in a pseudo-terminal."""

    def __init__(self, *arguments: str | Path, columns: int = 80, env: Mapping[str, str] | None = None) -> None:
        self._screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.output = ""
        self.process = start(
            *arguments,
            env={"TERM": "xterm-256color", **(env or environment())},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(inside, termios.TIOCSCTTY, 0),
        )
        os.close(inside)

    def until(self, text: str) -> None:
        """Read the output until it has this text."""
        while text not in self.output:
            data = self._read()
            assert data, f"it ended without {text!r}: {self.output!r}"
            self.output += data

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._screen, f"{line}\n".encode())

    def end(self) -> int:
        """Read the rest of the output, and return the exit code."""
        while data := self._read():
            self.output += data
        os.close(self._screen)
        return self.process.wait(TIMEOUT_SECONDS)

    def _read(self) -> str:
        try:
            return os.read(self._screen, 65536).decode(errors="replace")
        except OSError:  # Linux: the other end is closed
            return ""


def batch(number: int, **more: Any) -> dict[str, Any]:
    """A small batch with a number."""
    return {"environment": "production", "user_identities": {"customer_id": str(number)}, **more}


def ndjson(path: Path, batches: Iterable[Any]) -> Path:
    """Write a file with a batch on each line."""
    with path.open("w") as file:
        file.writelines(json.dumps(one) + "\n" for one in batches)
    return path


def read_lines(file: Path) -> list[Any]:
    """The JSON documents on the lines of a file."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def received(sandbox: Sandbox) -> list[int]:
    """The numbers of the batches that the sandbox counted, sorted."""
    return sorted(int(json.loads(one.to_json())["user_identities"]["customer_id"]) for one in sandbox.batches)
