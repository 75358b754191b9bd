"""`mparticle-ext sandbox`: the local Events API as a server, until a signal stops it."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import threading
from contextlib import ExitStack
from typing import Any

import click

from ._exit import FAILED, USAGE, print_error

_KEEP = 10_000  # the newest batches: as many as the page shows smoothly
_POLL_SECONDS = 0.5  # on Windows a signal does not interrupt a wait without a timeout


def run_sandbox(port: int, settings: dict[str, Any]) -> int:
    """Run the sandbox with these settings, and return the exit code."""
    try:
        from ..sandbox import Sandbox
    except ImportError as error:
        print_error(str(error))
        return FAILED
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as running:
        try:
            sandbox = running.enter_context(Sandbox(port=port, keep=_KEEP, **settings))
            environ = sandbox.environ
        except OSError as error:
            print_error(_port_error(port, error))
            return USAGE
        except ValueError as error:  # a key that cannot be sent over HTTP
            print_error(str(error))
            return USAGE
        _print_addresses(sandbox.page_url, environ)
        while not stop.wait(_POLL_SECONDS):
            pass
    return 0


def _print_addresses(page_url: str, environ: dict[str, str]) -> None:
    """Print the address of the page, and the environment for uploads."""
    click.echo(page_url)
    click.echo()
    for variable, value in environ.items():
        click.echo(f"export {variable}={shlex.quote(value)}")
    click.echo("\nPress Ctrl-C to stop.")


def _port_error(port: int, error: OSError) -> str:
    in_use = error.errno == errno.EADDRINUSE
    problem = "is in use" if in_use else f"cannot be opened: {error.strerror or os.strerror(error.errno or 0)}"
    return f"port {port} {problem}: give another one with --port, or 0 for any free port"
