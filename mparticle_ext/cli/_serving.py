"""`mparticle-ext sandbox`: the stand-in as a server, until it is told to stop."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from ._exits import FAULTY, USAGE, complain

if TYPE_CHECKING:
    from .._configuration import Configuration

_KEEP = 10_000  # of the newest batches: as many as the page shows smoothly
_LOOK_SECONDS = 0.5  # on Windows no signal comes through to a wait without an end


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
    with ExitStack() as running:
        try:
            sandbox = running.enter_context(Sandbox(port=port, keep=_KEEP, **given))
            configuration = sandbox.configuration
        except OSError as error:
            complain(_why_not(port, error))
            return USAGE
        except ValueError as error:  # a key that HTTP cannot carry
            complain(str(error))
            return USAGE
        _introduce(sandbox.page_url, configuration)
        while not stop.wait(_LOOK_SECONDS):
            pass
    return 0


def _introduce(page_url: str, configuration: Configuration) -> None:
    """Say where its page is, and how to lead uploads to it."""
    click.echo(page_url)
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
