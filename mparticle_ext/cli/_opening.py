"""What an upload needs before it begins: its credentials and its books."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from .._configuration import Configuration
from .._upload import Operation
from ._books import Books
from ._exits import LocalError, RefusedError
from ._failures import FailedFile
from ._input import is_file, shown
from ._inputs import known, run_of
from ._journal import Journal, header_of, open_journal

_CREDENTIALS = {"api_key": "MPARTICLE_API_KEY", "api_secret": "MPARTICLE_API_SECRET"}


class Options(NamedTuple):
    """What was asked for: see `mparticle-ext upload --help`."""

    files: Sequence[str]
    historical: bool
    failed: str | None
    progress: str | None
    resume: bool
    restart: bool
    as_json: bool


def open_the_books(options: Options, configuration: Configuration) -> tuple[Books, str]:
    """The books, and what the ids of this run are made with.

    Raises:
        RefusedError: It is called in a way that cannot be meant.
        LocalError: A file cannot be written.
    """
    journal = _journal(options, configuration.url)
    try:
        failed = _failed_file(options, journal) if options.failed else None
    except (RefusedError, LocalError):
        if journal is not None:
            journal.close(done=not options.resume)
        raise
    return Books(journal, failed), journal.header.run if journal else run_of([])


def _journal(options: Options, url: str) -> Journal | None:
    try:
        again = all(map(is_file, options.files))
        inputs = known(options.files) if again else []
    except OSError as error:
        raise RefusedError(f"{error.filename} cannot be read: {error.strerror}") from None
    if not again:
        if options.resume or options.restart or options.progress:
            raise RefusedError("a stream cannot be resumed: save it to a file, and upload that")
        return None
    operation: Operation = "bulk_upload_historical_events" if options.historical else "bulk_upload_events"
    path = Path(options.progress or f"{options.files[0]}.progress")
    header = header_of(run_of(inputs), operation, url, inputs)
    return open_journal(path, header, resume=options.resume, restart=options.restart)


def _failed_file(options: Options, journal: Journal | None) -> FailedFile:
    path = Path(str(options.failed))
    if path.exists() and any(is_file(file) and path.samefile(file) for file in options.files):
        raise RefusedError(f"{path} is read: give --failed another name")
    if journal is None or not options.resume:
        return FailedFile(path, None)
    ours = {shown(file) for file in options.files}
    return FailedFile(path, lambda failure: failure.file not in ours or failure.index in journal.settled)


def credentials() -> dict[str, Any]:
    """Those that the environment has, else what is typed, unseen.

    Raises:
        RefusedError: There is nobody to type.
    """
    return {name: os.environ.get(variable) or _asked_for(variable) for name, variable in _CREDENTIALS.items()}


def _asked_for(variable: str) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(f"{variable} is not set: set it in the environment, or call this from a terminal to type it")
    typed: str = click.prompt(variable, hide_input=True, err=True)
    return typed
