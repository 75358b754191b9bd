"""`mparticle-ext upload`: what is needed before it begins, and what is said at the end."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from .._configuration import Configuration
from .._errors import APIError, ConfigurationError
from .._upload import Operation
from ._books import Books
from ._exits import (
    FAULTY,
    INTERRUPTED,
    NOT_WRITTEN,
    STOPPED,
    USAGE,
    LocalError,
    RefusedError,
    complain,
    leave_at_once,
    printable,
)
from ._failures import FailedFile
from ._input import is_file, shown, total_bytes
from ._inputs import known, run_of
from ._interrupts import Interrupts
from ._journal import Journal, header_of, open_journal
from ._progress import counted
from ._uploading import UnreadableError, Uploading

_AT_CTRL_C = "\nFinishing what is on its way. Ctrl-C again quits at once.\n"
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


def upload(options: Options, configured: dict[str, Any]) -> int:
    """Upload, and return the exit code."""
    logging.getLogger("mparticle_ext").addHandler(logging.NullHandler())  # what it would say, the books do
    try:
        configuration = Configuration.from_env(**_credentials(), **configured)
        books, run = _open_the_books(options, configuration)
    except (ConfigurationError, RefusedError) as error:
        complain(str(error))
        return USAGE
    except LocalError as error:
        complain(str(error))
        return NOT_WRITTEN
    return _Upload(options, books, run).run(configuration)


class _Upload:
    def __init__(self, options: Options, books: Books, run: str) -> None:
        self._options = options
        self._books = books
        self._interrupts = Interrupts(_AT_CTRL_C)
        self._uploading = Uploading(
            options.files,
            books,
            self._interrupts,
            run=run,
            total_bytes=total_bytes(options.files),
            historical=options.historical,
            quiet=options.as_json,
        )

    def run(self, configuration: Configuration) -> int:
        """Upload, tell, and return the exit code."""
        if not self._options.as_json:
            self._say_what_begins(configuration.url)
        stopped: BaseException | None = None
        with self._interrupts:
            try:
                self._uploading.upload(configuration)
            except BaseException as error:
                stopped = error
        code, reason = self._ended(stopped)
        self._books.close(done=code in (0, FAULTY) and not self._books.unsettled)
        self._tell(code, reason)
        if self._interrupts.count > 1:
            leave_at_once(code)  # threads may still wait for answers
        return code

    def _ended(self, error: BaseException | None) -> tuple[int, str]:
        if error is None:
            return (FAULTY if self._books.not_delivered or self._failed_before() else 0), ""
        if isinstance(error, LocalError):
            return NOT_WRITTEN, str(error)
        if self._interrupts.count:
            return INTERRUPTED, "interrupted"
        if isinstance(error, UnreadableError):
            return USAGE, str(error)
        if isinstance(error, APIError):
            return STOPPED, str(error)
        raise error

    def _failed_before(self) -> int:
        return self._books.failed.before if self._books.failed else 0

    def _failed_path(self) -> str | None:
        """The failed file, where there is something in it."""
        failed = self._books.failed
        return str(failed.path) if failed and (self._books.not_delivered or failed.before) else None

    def _say_what_begins(self, url: str) -> None:
        files = self._options.files
        what = shown(files[0]) if len(files) == 1 else counted(len(files), "file")
        journal = self._books.journal
        kept = f"; {journal.path} knows how far it is" if journal else ""
        click.echo(f"Uploading {what} to {url}{kept}", err=True)

    def _tell(self, code: int, reason: str) -> None:
        if self._options.as_json:
            click.echo(json.dumps(self._summary(reason)))
            return
        books, uploading = self._books, self._uploading
        seconds = time.monotonic() - uploading.started
        not_delivered = f", {books.not_delivered:,} not" if books.not_delivered else ""
        before = f"; before: {uploading.skipped:,} settled" if uploading.skipped else ""
        if self._failed_before():
            before += f", {self._failed_before():,} of them not delivered"
        click.echo(
            f"{counted(books.delivered, 'batch')} delivered{not_delivered} in {seconds:.1f} s, "
            f"{books.delivered / seconds:,.0f}/s{before}"
        )
        self._tell_what_failed()
        if reason:
            complain(f"stopped: {reason}" if code != INTERRUPTED else reason)
        self._tell_how_to_go_on(stopped=bool(reason))

    def _tell_what_failed(self) -> None:
        for failure in self._books.first:
            for reason in failure.reasons:
                click.echo(f"{printable(failure.file)}:{failure.line}: {printable(reason)}", err=True)
        more = self._books.not_delivered - len(self._books.first)
        if self._books.failed is None and more:
            click.echo(f"and {more:,} more", err=True)

    def _tell_how_to_go_on(self, *, stopped: bool) -> None:
        books = self._books
        if path := self._failed_path():
            click.echo(f"{path} says why; mend the batches in it, and upload that file", err=True)
        if books.journal is None:
            if stopped:
                click.echo("What came after that was not read, and a stream cannot be resumed", err=True)
        elif stopped or books.unsettled:
            kept = " --failed FILE, which keeps what cannot be delivered" if books.first else ""
            click.echo(f"Go on with --resume{kept}", err=True)

    def _summary(self, reason: str) -> dict[str, Any]:
        books, uploading = self._books, self._uploading
        unfinished = books.journal is not None and (reason or books.unsettled)
        return {
            "delivered": books.delivered,
            "failed": books.not_delivered,
            "skipped": uploading.skipped,
            "failed_before": self._failed_before(),
            "outcomes": dict(books.outcomes),
            "bytes": uploading.bytes_read,
            "seconds": round(time.monotonic() - uploading.started, 3),
            "stopped": reason or None,
            "journal": str(books.journal.path) if books.journal and unfinished else None,
            "failed_file": self._failed_path(),
        }


def _open_the_books(options: Options, configuration: Configuration) -> tuple[Books, str]:
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


def _credentials() -> dict[str, Any]:
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
