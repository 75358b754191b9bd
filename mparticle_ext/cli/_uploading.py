"""`mparticle-ext upload`: from the files through `upload_all` into the books."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from mparticle_events import models
from mparticle_events.wire import encode
from msgspec import Raw

from .._account import is_of_the_batch
from .._api import EventsApi
from .._configuration import Configuration
from .._errors import APIError, MParticleError, UploadStoppedError
from .._results import BatchResult, UploadResult
from ._books import INVALID, Books
from ._failures import Failure, failure_in
from ._input import reading, shown
from ._inputs import request_id
from ._interrupts import Interrupts
from ._judge import Complaint, Judged, judge
from ._progress import Ticker, lasting, ticker
from ._ranges import Ranges
from ._values import SHOWN_BYTES, Value


class Entry(NamedTuple):
    """Where a batch comes from.

    Attributes:
        number: Where it stands in all that is given, from 0.
        file: The file it is in.
        value: What was read.
    """

    number: int
    file: str
    value: Value


class UnreadableError(Exception):
    """A file that cannot be read to its end."""


class Uploading:
    """One run of it.

    Attributes:
        skipped: How many batches a run before had settled.
        bytes_read: How much was read of the files.
        started: When it began, by the monotonic clock.
    """

    def __init__(
        self,
        files: Sequence[str],
        books: Books,
        interrupts: Interrupts,
        *,
        run: str,
        total_bytes: int | None,
        historical: bool,
        quiet: bool,
    ) -> None:
        self._files = files
        self._books = books
        self._settled = books.journal.settled if books.journal else Ranges()
        self._later = interrupts.later
        self._run = run
        self._total = total_bytes
        self._historical = historical
        self._open: dict[int, Entry] = {}
        self._handed_over = 0
        self._skipped_bytes = 0
        self.skipped = self.bytes_read = 0
        self.started = time.monotonic()
        self._ticker: Ticker = ticker(self._so_far, quiet=quiet)

    def upload(self, configuration: Configuration) -> None:
        """Upload everything, and leave the books in order however it ends.

        Raises:
            BaseException: What stopped it.
        """
        result: UploadResult | None = None
        try:
            with EventsApi(configuration) as api, self._ticker:
                result = api.upload_all(self._batches(), historical=self._historical, on_result=self._on_result)
        except BaseException as error:
            result = UploadResult.of(error)
            raise
        finally:
            with self._later:
                self._note_the_rest(result if result is not None else UploadResult())
                self._books.flush()

    def _batches(self) -> Iterator[models.Batch]:
        for entry in self._entries():
            if entry.number in self._settled:
                self.skipped += 1
                self._skipped_bytes = self.bytes_read
                continue
            own_id = request_id(self._run, entry.number, entry.value.document)
            judged = judge(entry.value, own_id, historical=self._historical)  # may take its time: Ctrl-C need not wait
            with self._later:
                batch = self._booked(entry, judged)
            if batch is not None:
                yield batch
            self._ticker.tick()

    def _entries(self) -> Iterator[Entry]:
        number = 0
        for file in self._files:
            before = self.bytes_read
            try:
                with reading(file) as source:
                    for value in source.values():
                        self.bytes_read = before + source.bytes_read
                        yield Entry(number, shown(file), value)
                        number += 1
                    self.bytes_read = before + source.bytes_read
            except OSError as error:
                raise UnreadableError(f"{shown(file)} cannot be read: {error.strerror or error}") from None

    def _booked(self, entry: Entry, judged: Judged) -> models.Batch | None:
        """The batch of an entry, which is open from now on; None where it is none, which is noted."""
        if isinstance(judged, list):
            self._books.note_failed(_invalid(entry, judged), for_good=True)
            return None
        self._open[self._handed_over] = entry
        self._handed_over += 1
        return judged

    def _on_result(self, result: BatchResult) -> None:
        with self._later:
            self._note(result)
        self._ticker.tick()

    def _note(self, result: BatchResult) -> None:
        entry = self._open.pop(result.index)
        if result.error is None:
            self._books.note_delivered(entry.number)
        else:
            self._books.note_failed(_failure(entry, result, result.error), for_good=_is_for_good(result.error))

    def _note_the_rest(self, result: UploadResult) -> None:
        """Note what `upload_all` had no more time to tell of each batch."""
        for one in result.failed:
            if one.index not in self._open:
                continue
            if isinstance(one.error, UploadStoppedError) and self._books.journal is not None:
                del self._open[one.index]  # the journal says that it is not settled
            else:
                self._note(one)
        for index in [index for index in self._open if index < result.total]:
            self._books.note_delivered(self._open.pop(index).number)

    def _so_far(self) -> tuple[float | None, str]:
        seconds = time.monotonic() - self.started
        delivered, failed = self._books.delivered, self._books.not_delivered
        said = f"{delivered:,} delivered{f', {failed:,} not' if failed else ''}, {delivered / seconds:,.0f}/s"
        if not self._total:
            return None, said
        sent = self.bytes_read - self._skipped_bytes
        left = seconds * (self._total - self.bytes_read) / sent if sent else 0.0
        return self.bytes_read / self._total, f"{said}, {lasting(left)} left" if sent else said


def _is_for_good(error: MParticleError) -> bool:
    """Whether the batch would not be delivered the next time either, as it is."""
    return not isinstance(error, APIError) or is_of_the_batch(error)


def _failure(entry: Entry, result: BatchResult, error: MParticleError) -> Failure:
    outcome = error.outcome.value if isinstance(error, APIError) else INVALID
    batch = Raw(encode(result.batch))
    return Failure([str(error)], outcome, entry.file, entry.value.line, entry.number, batch=batch)


def _invalid(entry: Entry, complaints: list[Complaint]) -> Failure:
    document, before = entry.value.document, failure_in(entry.value.document)
    if before is not None and before.batch:
        document = bytes(before.batch)
    failure = Failure([str(one) for one in complaints], INVALID, entry.file, complaints[0].line, entry.number)
    try:
        document.decode()
        failure.batch = Raw(msgspec.json.format(document, indent=-1))  # in one line, whatever it was
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure.text = document[:SHOWN_BYTES].decode(errors="replace")
    return failure
