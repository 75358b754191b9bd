"""What is said at the end of an upload."""

from __future__ import annotations

import json
import time

import click

from ._books import Books
from ._exits import complain, printable
from ._progress import counted
from ._uploading import Uploading

INTERRUPTED_BY_HAND = "interrupted"


class Report:
    """What became of everything; `stopped` says what ended it before its end, if something did."""

    def __init__(self, books: Books, uploading: Uploading, stopped: str) -> None:
        self._books = books
        self._uploading = uploading
        self._stopped = stopped
        self._seconds = time.monotonic() - uploading.started
        self._unfinished = books.journal is not None and bool(stopped or books.unsettled)

    def print_json(self) -> None:
        """Say it to a script."""
        books, uploading = self._books, self._uploading
        summary = {
            "delivered": books.delivered,
            "failed": books.not_delivered,
            "skipped": uploading.skipped,
            "failed_before": books.failed_before,
            "outcomes": dict(books.outcomes),
            "bytes": uploading.bytes_read,
            "seconds": round(self._seconds, 3),
            "stopped": self._stopped or None,
            "journal": str(books.journal.path) if books.journal and self._unfinished else None,
            "failed_file": books.failed_path,
        }
        click.echo(json.dumps(summary))

    def print(self) -> None:
        """Say it to a person: how many on stdout, what to do on stderr."""
        click.echo(self._counts())
        self._print_failures()
        if self._stopped:
            complain(self._stopped if self._stopped == INTERRUPTED_BY_HAND else f"stopped: {self._stopped}")
        self._print_how_to_go_on()

    def _counts(self) -> str:
        books, skipped = self._books, self._uploading.skipped
        not_delivered = f", {books.not_delivered:,} not" if books.not_delivered else ""
        before = f"; before: {skipped:,} settled" if skipped else ""
        if books.failed_before:
            before += f", {books.failed_before:,} of them not delivered"
        speed = f"{books.delivered / self._seconds:,.0f}/s"
        return f"{counted(books.delivered, 'batch')} delivered{not_delivered} in {self._seconds:.1f} s, {speed}{before}"

    def _print_failures(self) -> None:
        if self._books.failed is not None:
            return
        first = [failure for failure in self._books.first if failure.reasons != [self._stopped]]  # which is said anyway
        for failure in first:
            for reason in failure.reasons:
                click.echo(f"{printable(failure.file)}:{failure.line}: {printable(reason)}", err=True)
        more = self._books.not_delivered - len(self._books.first)
        if first and more:
            click.echo(f"and {more:,} more", err=True)

    def _print_how_to_go_on(self) -> None:
        books = self._books
        if books.failed_path and (books.to_be_mended or books.failed_before):
            click.echo(
                f"{printable(books.failed_path)} says why; mend the batches in it, and upload that file", err=True
            )
        if self._unfinished:
            mend = books.failed is None and books.to_be_mended
            kept = " --failed FILE, which keeps what cannot be delivered" if mend else ""
            click.echo(f"Go on with --resume{kept}", err=True)
        elif self._stopped:
            click.echo("What came after that was not sent, and a stream cannot be resumed", err=True)
