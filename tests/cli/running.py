"""The installed command as a process, at the end of pipes or of a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from common import MEASURED

from mparticle_ext.sandbox import Sandbox

COMMAND = str(Path(sys.executable).with_name("mparticle-ext"))
PATIENCE_SECONDS = 120.0


def environment(sandbox: Sandbox | None = None, /, *, measured: bool = True, **more: str) -> dict[str, str]:
    """The environment for the command: to upload to a sandbox, or with no credentials.

    A process is not `measured` where a signal may come while coverage holds its lock, or coverage cannot write.
    """
    given = dict.fromkeys(("API_KEY", "API_SECRET", "BASE_URL", "POD"), "")
    if sandbox is not None:
        configuration = sandbox.configuration
        given |= {"API_KEY": configuration.api_key, "API_SECRET": configuration.api_secret, "BASE_URL": sandbox.url}
    ours = {f"MPARTICLE_{name}": value for name, value in given.items()}
    return {**os.environ, **ours, "COVERAGE_PROCESS_CONFIG": MEASURED if measured else "", **more}


def start(*arguments: str | Path, env: Mapping[str, str] | None = None, **others: Any) -> subprocess.Popen[bytes]:
    """Start it, with what it says in pipes."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([COMMAND, *map(str, arguments)], env=env or environment(), **{**pipes, **others})


class Done:
    """A process that has ended.

    Attributes:
        code: Its exit code.
        out: What it said.
        err: What it complained of.
    """

    def __init__(self, process: subprocess.Popen[bytes], given: bytes | None = None) -> None:
        out, err = process.communicate(given, timeout=PATIENCE_SECONDS)
        self.code = process.returncode
        self.out = (out or b"").decode()
        self.err = (err or b"").decode()
        assert "Traceback" not in self.err, self.err


def run(*arguments: str | Path, given: bytes | None = None, **others: Any) -> Done:
    """Run it to its end, with something to read."""
    return Done(start(*arguments, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE, **others), given)


class Terminal:
    """The command in a terminal of its own."""

    def __init__(self, *arguments: str | Path, columns: int = 80, env: Mapping[str, str] | None = None) -> None:
        self._screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.said = ""
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
        """Read until it says this."""
        while text not in self.said:
            more = self._more()
            assert more, f"it ended without {text!r}: {self.said!r}"
            self.said += more

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._screen, f"{line}\n".encode())

    def end(self) -> int:
        """Read all that is left, and return the exit code."""
        while more := self._more():
            self.said += more
        os.close(self._screen)
        return self.process.wait(PATIENCE_SECONDS)

    def _more(self) -> str:
        try:
            return os.read(self._screen, 65536).decode(errors="replace")
        except OSError:  # how Linux says that nobody is there any more
            return ""


def batch(number: int, **more: Any) -> dict[str, Any]:
    """A small batch that can be told from others."""
    return {"environment": "production", "user_identities": {"customer_id": str(number)}, **more}


def ndjson(path: Path, batches: Iterable[Any]) -> Path:
    """A file with a batch a line."""
    with path.open("w") as file:
        file.writelines(json.dumps(one) + "\n" for one in batches)
    return path


def lines(file: Path | IO[str]) -> list[Any]:
    """The lines of such a file."""
    return [json.loads(line) for line in (file.read_text() if isinstance(file, Path) else file.read()).splitlines()]


def customers(sandbox: Sandbox) -> list[int]:
    """The numbers of the batches that arrived."""
    return sorted(int(json.loads(one.to_json())["user_identities"]["customer_id"]) for one in sandbox.batches)
