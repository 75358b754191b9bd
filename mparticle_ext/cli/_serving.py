"""`mparticle-ext sandbox`: the stand-in as a server, until it is told to stop."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import threading
from typing import Any

import click

from ._exits import FAULTY, USAGE, complain

_KEEP = 10_000  # of the newest batches: as many as the page shows smoothly


def serve(port: int, given: dict[str, Any]) -> int:
    """Run it, and return the exit code."""
    try:
        from ..sandbox import Sandbox
    except ImportError as error:
        complain(str(error))
        return FAULTY
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with Sandbox(port=port, keep=_KEEP, **given) as sandbox:
            _introduce(sandbox)
            stop.wait()
    except OSError as error:
        complain(_why_not(port, error))
        return USAGE
    except ValueError as error:  # a key that HTTP cannot carry
        complain(str(error))
        return USAGE
    return 0


def _introduce(sandbox: Any) -> None:
    """Say where its page is, and how to lead uploads to it."""
    configuration = sandbox.configuration
    click.echo(sandbox.page_url)
    click.echo()
    for variable, value in (
        ("MPARTICLE_BASE_URL", configuration.url),
        ("MPARTICLE_API_KEY", configuration.api_key),
        ("MPARTICLE_API_SECRET", configuration.api_secret),
    ):
        click.echo(f"export {variable}={shlex.quote(value)}")
    click.echo("\nCtrl-C ends it.")


def _why_not(port: int, error: OSError) -> str:
    taken = error.errno == errno.EADDRINUSE
    what = "is taken" if taken else f"cannot be opened: {error.strerror or os.strerror(error.errno or 0)}"
    return f"port {port} {what}: give another one with --port, or 0 for any that is free"
