"""`mparticle-ext upload`, from the first word to the exit code."""

from __future__ import annotations

import logging
from typing import Any

import click

from .._configuration import Configuration
from .._errors import APIError, ConfigurationError
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
from ._input import shown, total_bytes
from ._interrupts import Interrupts
from ._opening import Options, credentials, open_the_books
from ._progress import counted
from ._report import INTERRUPTED_BY_HAND, Report
from ._uploading import UnreadableError, Uploading

_AT_CTRL_C = "\nFinishing what is on its way. Ctrl-C again quits at once.\n"


def upload(options: Options, configured: dict[str, Any]) -> int:
    """Upload, and return the exit code."""
    logging.getLogger("mparticle_ext").addHandler(logging.NullHandler())  # what it would say, the books do
    try:
        configuration = Configuration.from_env(**credentials(), **configured)
        books, run = open_the_books(options, configuration)
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
        report = Report(self._books, self._uploading, reason)
        if self._options.as_json:
            report.print_json()
        else:
            report.print()
        if self._interrupts.count > 1:
            leave_at_once(code)  # threads may still wait for answers
        return code

    def _ended(self, error: BaseException | None) -> tuple[int, str]:
        if error is None:
            return self._ended_by_itself(), ""
        if isinstance(error, LocalError):
            return NOT_WRITTEN, str(error)
        if self._interrupts.count:
            return INTERRUPTED, INTERRUPTED_BY_HAND
        if isinstance(error, UnreadableError):
            return USAGE, str(error)
        if isinstance(error, APIError):
            return STOPPED, str(error)
        raise error

    def _ended_by_itself(self) -> int:
        books = self._books
        if books.unsettled and not (books.delivered or books.to_be_mended):
            return STOPPED  # an outage, of which too few requests were hit to be sure at once
        return FAULTY if books.not_delivered or books.failed_before else 0

    def _say_what_begins(self, url: str) -> None:
        files = self._options.files
        what = shown(files[0]) if len(files) == 1 else counted(len(files), "file")
        journal = self._books.journal
        kept = f"; {journal.path} knows how far it is" if journal else ""
        click.echo(printable(f"Uploading {what} to {url}{kept}"), err=True)
