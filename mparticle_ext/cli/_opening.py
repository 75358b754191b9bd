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
from ._header import header_of
from ._input import is_file, shown
from ._inputs import known, run_of
from ._journal import Journal, open_journal

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
    run = journal.header.run if journal else run_of([])
    failed = None
    try:
        failed = _failed_file(options, journal, run)
        if journal is not None:
            journal.begin(failed.path if failed else None)
    except (RefusedError, LocalError):
        Books(journal, failed).close(done=False)
        raise
    return Books(journal, failed), run


def _journal(options: Options, url: str) -> Journal | None:
    try:
        _require_each_once(options.files)
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


def _require_each_once(files: Sequence[str]) -> None:
    seen: dict[tuple[int, int], str] = {}
    for file in filter(is_file, files):
        about = Path(file).stat()
        place = about.st_dev, about.st_ino
        if place in seen:
            raise RefusedError(f"{shown(file)} is the same file as {shown(seen[place])}: give it once")
        seen[place] = file


def _failed_file(options: Options, journal: Journal | None, run: str) -> FailedFile | None:
    path = _failed_path(options, journal)
    if path is None:
        return None
    if path.exists() and any(is_file(file) and path.samefile(file) for file in options.files):
        raise RefusedError(f"{path} is read: give --failed another name")
    if path.exists() and journal and path.samefile(journal.path):
        raise RefusedError(f"{path} is the journal: give --failed another name")
    return FailedFile(path, run, journal.settled if journal and options.resume else None)


def _failed_path(options: Options, journal: Journal | None) -> Path | None:
    """What is asked for, else where the run before left what it could not deliver; which is where it stays."""
    given = Path(options.failed) if options.failed else None
    before = journal.header.failed_path if journal else None
    if given and before and before.is_file() and not (given.exists() and given.samefile(before)):
        raise RefusedError(
            f"{before} has what this upload could not deliver: give it to --failed, or leave --failed out"
        )
    return given or before


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
