"""Starts servers and workers as processes, and ends them with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from common import ROOT

RECIPES = ROOT / "docs" / "recipes"
SECONDS = 60.0  # for what a process does in some seconds on a quiet machine


class Running:
    """A process, its children, and what they print."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: Mapping[str, str], fds: Sequence[int]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `kill`; a full pipe would stop the process
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environ}, pass_fds=fds, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self._file, stderr=subprocess.STDOUT,
        )  # fmt: skip

    @property
    def output(self) -> str:
        """What was printed so far."""
        return os.pread(self._file.fileno(), 1_000_000, 0).decode(errors="replace")

    def wait(self, seconds: float = SECONDS) -> str:
        """Wait for the end, and return the output."""
        self.process.wait(seconds)
        return self.output

    def terminate(self) -> str:
        """Send SIGTERM, wait for the end, and return the output."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def children(self) -> list[int]:
        """The processes that it forked."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """End the process and its children, whatever they do."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(SECONDS)
        self._file.close()


@contextmanager
def running(
    *command: str, environ: Mapping[str, str], cwd: Path = RECIPES, fds: Sequence[int] = ()
) -> Iterator[Running]:
    """A process until the end of the block."""
    started = Running(command, cwd, environ, fds)
    try:
        yield started
    finally:
        started.kill()


@contextmanager
def python(
    *arguments: str, environ: Mapping[str, str], cwd: Path = RECIPES, fds: Sequence[int] = ()
) -> Iterator[Running]:
    """A process of this Python until the end of the block."""
    with running(sys.executable, *arguments, environ=environ, cwd=cwd, fds=fds) as started:
        yield started


@contextmanager
def listening() -> Iterator[tuple[int, str]]:
    """A socket for a server: its file descriptor, and its URL. Connections wait until the server is ready."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener.fileno(), f"http://127.0.0.1:{listener.getsockname()[1]}"


def post(url: str, body: bytes, content_type: str) -> int:
    """Send a POST request, and return the status."""
    request = urllib.request.Request(url, body, {"Content-Type": content_type})  # noqa: S310  # a server of the test
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310  # the same
            status: int = response.status
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    return status
