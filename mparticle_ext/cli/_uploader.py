"""Sends the batches of the input with `upload_all`, and records the result of each one."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from .. import APIError, BatchResult, EventsApi, Outcome, UploadResult, UploadStoppedError
from ._batch_check import Check
from ._exit import UsageError
from ._failed_file import FailedFile, Failure, read_failure
from ._faults import Fault
from ._input import open_input, total_bytes
from ._journal import InputFile, Journal, make_id
from ._json_stream import SHOWN_BYTES, Value
from ._progress_bar import ProgressDisplay, WaitNotes, show_left
from ._signals import Interrupts

_REJECTED_STATUSES = (400, 413, 422)  # the service refuses the batch, not the upload
_INVALID = "invalid"
_SAVE_SECONDS, _MAX_UNSAVED_FAILURES = 1.0, 1000
_SHOWN_FAILURES = 10


class Uploader:
    """One run of an upload, and its statistics."""

    def __init__(self, journal: Journal | None, failed_file: FailedFile | None, check: Check) -> None:
        self.journal, self.failed_file, self.check = journal, failed_file, check
        self.interrupts = Interrupts()
        self.failures: list[Failure] = []  # not yet in the failed file; if there is none, the first of them
        self.outcomes: Counter[str] = Counter()
        self.rejected = self.unreadable = 0  # cannot be delivered unless they are corrected; those that are not JSON
        self.skipped = 0  # settled by an earlier run
        self.started = time.monotonic()
        self._pending: dict[int, Failure] = {}  # what to record if it fails, by the index in `upload_all`
        self._handed_over = self._next_index = self._total_bytes = self._skipped_bytes = self.bytes_read = 0
        self._first_unsettled = float("inf")  # failed, and a further run sends it again
        self._next_save, self._disk_failed = self.started + _SAVE_SECONDS, False

    @property
    def delivered(self) -> int:
        return self.outcomes[Outcome.TAKEN.value]

    @property
    def failed(self) -> int:
        return self.outcomes.total() - self.delivered

    @property
    def resumable(self) -> bool:
        """Whether a further run of the same input has less to send, or a batch for the failed file."""
        some_batch = self.delivered + self.skipped + self.failed > self.unreadable
        return some_batch and self._first_unsettled < self._next_index

    def upload(self, api: EventsApi, inputs: Sequence[tuple[str, InputFile]], *, quiet: bool) -> None:
        """Upload the files. What stops the upload is raised after all results are on the disk."""
        self._total_bytes = sum(file.bytes or 0 for _, file in inputs) if self.journal else 0
        self._display = ProgressDisplay(self._progress, quiet=quiet)
        logging.getLogger("mparticle_ext").addHandler(WaitNotes(self._display))
        try:
            with api, self._display:
                batches, historical = self._batches(inputs), self.check.historical
                api.upload_all(batches, historical=historical, on_result=self._on_result, on_failed=self._settle)
        except BaseException as error:
            with self.interrupts.deferred():
                self._record_rest(UploadResult.of(error) or UploadResult())
            raise
        finally:
            with self.interrupts.deferred():
                self._save()

    def _batches(self, inputs: Sequence[tuple[str, InputFile]]) -> Iterator[bytes]:
        settled = self.journal.progress.settled if self.journal else 0
        for path, file in inputs:
            for number, value in enumerate(self._values(path, file)):
                if self._next_index < settled:
                    self.skipped = self._next_index = self._next_index + 1
                    self._skipped_bytes = self.bytes_read
                    continue
                checked = self.check.check(value, make_id(file.sha256, number))
                failure = Failure([], "", file.name, value.line, self._next_index)
                with self._recording():
                    self._next_index += 1
                    if isinstance(checked, list):
                        _set_faults(failure, value.document, checked, self.check)
                        self._record_failure(failure, rejected=True)
                        continue
                    self._pending[self._handed_over] = failure
                    self._handed_over += 1
                yield checked[0]

    def _values(self, path: str, file: InputFile) -> Iterator[Value]:
        before = self.bytes_read
        try:
            with open_input(path) as opened:
                for value in opened.values():
                    self.bytes_read = before + opened.bytes_read
                    yield value
                self.bytes_read = before + opened.bytes_read
        except OSError as error:
            raise UsageError(f"{file.name} cannot be read: {error.strerror or error}") from None
        if file.bytes is not None and total_bytes([path]) != file.bytes:
            raise UsageError(f"{file.name} was changed while it was uploaded: upload a copy that does not change")

    def _on_result(self, result: BatchResult) -> None:
        if result.error is None:  # `_settle` gets the others too
            self._settle(result)

    def _settle(self, result: BatchResult) -> None:
        with self._recording():
            self._record(result)

    @contextmanager
    def _recording(self) -> Iterator[None]:
        with self.interrupts.deferred():
            yield
            if time.monotonic() >= self._next_save or len(self.failures) >= _MAX_UNSAVED_FAILURES:
                self._save()
        self._display.update()

    def _record(self, result: BatchResult) -> None:
        failure, error = self._pending.pop(result.index), result.error
        if error is None:
            self.outcomes[Outcome.TAKEN.value] += 1
            return
        failure.reasons = [str(error)]
        failure.outcome = error.outcome.value if isinstance(error, APIError) else _INVALID
        failure.batch = msgspec.Raw(result.batch)  # type: ignore[arg-type]  # a document, as it was given
        status = getattr(error, "status_code", None)
        self._record_failure(failure, rejected=failure.outcome == _INVALID or status in _REJECTED_STATUSES)

    def _record_failure(self, failure: Failure, *, rejected: bool) -> None:
        self.outcomes[failure.outcome] += 1
        self.rejected, self.unreadable = self.rejected + rejected, self.unreadable + isinstance(failure.text, str)
        if self.failed_file or len(self.failures) < _SHOWN_FAILURES:
            self.failures.append(failure)
        if not (self.failed_file and rejected):
            self._first_unsettled = min(self._first_unsettled, failure.index)

    def _record_rest(self, result: UploadResult) -> None:
        """Record the results that `upload_all` did not report before it was stopped."""
        failed = {one.index: one for one in result.failed}
        for index in [index for index in self._pending if index < result.total]:
            one = failed.get(index) or BatchResult(index, {})
            if self.journal is None or not isinstance(one.error, UploadStoppedError):  # else a further run sends it
                self._record(one)

    def _save(self) -> None:
        """Write the failures, and then the number of settled batches; after a WriteError nothing more."""
        if self._disk_failed:
            return
        self._disk_failed = True
        if self.failed_file and self.failures:
            self.failed_file.append(self.failures)
            self.failures.clear()
        if self.journal:
            first_pending = next((failure.index for failure in self._pending.values()), self._next_index)
            self.journal.write(int(min(first_pending, self._first_unsettled)))
        self._next_save, self._disk_failed = time.monotonic() + _SAVE_SECONDS, False

    def _progress(self) -> tuple[float | None, str]:
        seconds = time.monotonic() - self.started
        failed = f", {self.failed:,} failed" if self.failed else ""
        text = f"{self.delivered:,} delivered{failed}, {self.delivered / seconds:,.0f}/s"
        if not (self._total_bytes and self._next_index):
            return None, text
        settled = (self.skipped + self.outcomes.total()) / self._next_index  # of those that were read
        part, before = settled * self.bytes_read / self._total_bytes, self._skipped_bytes / self._total_bytes
        return part, text + show_left(seconds, part, before)


def _set_faults(failure: Failure, document: bytes, faults: list[Fault], check: Check) -> None:
    failure.reasons, failure.outcome, failure.line = [str(fault) for fault in faults], _INVALID, faults[0].line
    if (earlier := read_failure(document)) and earlier.batch:
        document = bytes(earlier.batch)
    try:
        document.decode()
        failure.batch = msgspec.Raw(msgspec.json.format(check.to_send(document)[0], indent=-1))  # on one line
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure.text = document[:SHOWN_BYTES].decode(errors="replace")
