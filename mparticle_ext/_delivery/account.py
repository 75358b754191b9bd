"""The account of an `upload_all`: batches into groups, groups into results. Nothing here sends or waits."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES

from .._checks import require_batch
from ..batch import AnyBatch
from ..configuration import Configuration
from ..errors import (
    APIError,
    APIStatusError,
    BadRequestError,
    MParticleError,
    Outcome,
    PayloadTooLargeError,
    UploadStoppedError,
    WrongCallError,
    label,
    require_plain,
)
from ..results import BatchResult, UploadResult
from .requests import PreparedBatch, RequestBuilder, UploadRequest, join, require_function

_UNPROCESSABLE = 422
_BRACKETS_BYTES = len("[]")
_COMMA_BYTES = len(",")
_MIN_FAILURES = 5  # in a row, before mParticle counts as down

LOG = logging.getLogger("mparticle_ext")
ErrorT = TypeVar("ErrorT", bound=MParticleError)


Group: TypeAlias = Sequence[PreparedBatch]
"""Batches that fit into one request."""


class GroupUpload:
    """The upload of a group: one request, or if it is refused its halves, until the bad batch is alone.

    A worker sends the parts; the main thread can stop it at any moment. There is no lock for that, because an
    interrupt in the main thread could leave it locked. Each side writes before it reads: the worker `sending` then
    `_stopped`, the main thread `_stopped` then `sending`.

    Attributes:
        settled: The parts with a final response, each with its error or None.
        sending: The part that is being sent; empty if there is none.
        interruption: An exception that is not an error of the upload, such as one of a hook.
        may_be_accepted: Whether an attempt with the whole group may have been accepted, although it was refused later.
    """

    def __init__(self, group: Group) -> None:
        self.settled: list[tuple[Group, APIError | None]] = []
        self.sending: Group = ()
        self.interruption: BaseException | None = None
        self.may_be_accepted = False
        self._remaining = [group]
        self._stopped = False
        self._started = threading.Lock()

    def start(self) -> bool:
        """Whether the caller may send it, or cancel it: only the first one may."""
        return self._started.acquire(blocking=False)

    def next(self) -> Group:
        """The next part to send; empty at the end, or after `stop`."""
        self.sending = self._remaining[0] if self._remaining else ()
        if self._stopped:
            self.sending = ()
        return self.sending

    def finish(self, error: APIError | None = None) -> None:
        """Settle the part that was sent, or split it."""
        part = self._remaining[0]
        if is_about_batches(error) and len(part) > 1:
            self.sending = ()  # refused as a whole
            self.may_be_accepted |= error is not None and error.outcome is Outcome.UNKNOWN
            middle = len(part) // 2
            self._remaining[:1] = [part[:middle], part[middle:]]
            return
        if error:
            error.outcome = Outcome.UNKNOWN if self.may_be_accepted else error.outcome
            error.batches = [one.sent() for one in part]
        self.settled.append((part, error and _without_frames(error)))
        del self._remaining[0]
        self.sending = ()

    def fail(self, error: BaseException, request: UploadRequest) -> None:
        """Settle the part that was sent, or split it. After an exception of a hook, send no further part."""
        if isinstance(error, APIError) and id(error) == request.failure:  # not one that a hook raised
            self.finish(error)
            return
        stopped = UploadStoppedError(f"stopped by {type(error).__name__}")
        stopped.repeatable = request.repeatable
        stopped.__cause__ = error
        self.finish(None if request.accepted else stopped)
        self.interruption = error
        self._remaining.clear()

    @property
    def unknown(self) -> Group:
        """The batches that may have been accepted: those being sent, or all that remain after such an attempt."""
        return [one for part in self._remaining for one in part] if self.may_be_accepted else self.sending

    @property
    def is_done(self) -> bool:
        """Whether no part remains to be sent."""
        return not self._remaining

    def stop(self) -> None:
        """Send no further part."""
        self._stopped = True


class Account:
    """Counts each batch of an `upload_all`, from when it is read until it is settled.

    An interrupt can come at any moment: a batch stays in `_open` until its result is noted.
    """

    def __init__(
        self,
        requests: RequestBuilder,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
        on_failed: Callable[[BatchResult], object] | None,
    ) -> None:
        if not isinstance(historical, bool):
            raise WrongCallError(f"historical takes True or False, not {historical!r:.40}")
        for name, function in (("on_result", on_result), ("on_failed", on_failed)):
            if function is not None:
                require_function(function, name, "result")
        self._requests = requests
        self._historical = historical
        self._max_failures = max(_MIN_FAILURES, configuration.max_in_flight)
        self._on_result = on_result
        self._on_failed = on_failed
        self._iterable_error: Exception | None = None
        self._read = 0
        self._open: dict[int, AnyBatch | PreparedBatch] = {}
        self._failed: tuple[int, dict[int, BatchResult]] = 0, {}  # how many `on_failed` got, and the others
        self._lost: Counter[tuple[str, str]] = Counter()  # failed batches by their outcome and kind of error
        self._group: list[PreparedBatch] = []
        self._bytes = _BRACKETS_BYTES
        self._full: Group | None = None
        self._failures_in_a_row = 0

    def read_next(self, numbered: Iterator[tuple[int, AnyBatch]]) -> bool:
        """Read a batch; False at the end, or if the iterable raises an exception."""
        try:
            self._open.update(islice(numbered, 1))  # one step in C, which an interrupt cannot split
        except Exception as error:
            self.iterable_failed(error)
            return False
        if self._read not in self._open:
            return False
        self._add()
        return True

    def read(self, batch: AnyBatch) -> None:
        """Read this batch."""
        self._open[self._read] = batch
        self._add()

    def iterable_failed(self, error: Exception) -> None:
        """Note an exception of the iterable. It is raised when all batches before it are settled."""
        self._iterable_error = error

    def full_group(self) -> Group | None:
        """The group that is full, if the last batch filled one."""
        full, self._full = self._full, None
        return full

    def last_group(self) -> Group | None:
        """The group that is not full, if there is one."""
        group, self._group, self._bytes = self._group, [], _BRACKETS_BYTES
        return group or None

    def request(self, group: Group) -> UploadRequest:
        """The request for a group."""
        return join(group, historical=self._historical)

    def settle(self, upload: GroupUpload) -> None:
        """Note the results of a group, and report them.

        Raises:
            APIError: To continue has no purpose.
            BaseException: An exception of `on_result`, or of a hook.
        """
        for results in [self._note(group, error) for group, error in upload.settled]:
            self._report(results)
        if upload.interruption is not None:
            raise upload.interruption
        for _, error in upload.settled:
            self._raise_if_hopeless(error)

    def stop(self, uploads: Iterable[GroupUpload]) -> None:
        """Note the results of all remaining batches: settled since, being sent, or never sent."""
        self._read = max([self._read, *(index + 1 for index in self._open)])  # one can be open and not counted
        for upload in uploads:
            upload.stop()
            sending = upload.unknown  # read before `settled`, because it can become settled
            for group, error in list(upload.settled):
                self._note(group, error)
            self._note(sending, _stopped(sending))
        never_sent = UploadStoppedError("stopped before it was sent", Outcome.NOT_TAKEN)
        never_sent.attempts = 0
        remaining = list(self._open.items())
        batches = [(index, one.sent() if isinstance(one, PreparedBatch) else one) for index, one in remaining]
        self._note_results(batches, never_sent)

    def result(self) -> UploadResult:
        """The result of the batches that were read. Logs how many failed for each reason."""
        for (outcome, reason), count in self._lost.items():
            if count > 1:
                LOG.error("upload_all: %d batches in total not delivered, outcome %s: %s", count, outcome, reason)
        self._lost.clear()
        reported, kept = self._failed
        delivered = self._read - reported - len(kept) - len(self._open)
        return UploadResult(delivered, list(kept.values()), reported)

    def raise_iterable_error(self) -> None:
        """Raise the exception of the iterable, if there was one."""
        if self._iterable_error is not None:
            raise self._iterable_error

    def _add(self) -> None:
        index = self._read
        self._read += 1
        batch: Any = self._open[index]
        try:
            require_batch(batch, f"batches[{index}]: ")
            prepared = self._requests.part(batch, index, historical=self._historical)
        except MParticleError as error:
            self._report(self._note_results([(index, batch)], _without_frames(error)))
            return
        self._open[index] = prepared
        size = len(prepared.document) + _COMMA_BYTES
        if self._group and (len(self._group) == MAX_BATCHES or self._bytes + size > MAX_REQUEST_BYTES):
            self._full = self.last_group()
        self._bytes += size if self._group else size - _COMMA_BYTES
        self._group.append(prepared)

    def _note(self, group: Group, error: APIError | None) -> list[BatchResult]:
        batches = error.batches if error else [one.batch for one in group]
        return self._note_results(list(zip([one.index for one in group], batches, strict=True)), error)

    def _note_results(self, batches: list[tuple[int, AnyBatch]], error: MParticleError | None) -> list[BatchResult]:
        results = [BatchResult(index, batch, error) for index, batch in batches if index in self._open]
        if error is not None and results:
            self._log(error, results)
        for result in results:
            if error is not None:
                self._failed[1][result.index] = result
            self._open.pop(result.index, None)
        return results

    def _log(self, error: MParticleError, failed: list[BatchResult]) -> None:
        """Log the first failed batch of each kind. A long run must not fill the log."""
        outcome = error.outcome if isinstance(error, APIError) else Outcome.REFUSED
        kind = outcome.value, label(error)
        if kind not in self._lost:
            LOG.error("upload_all: batches[%d] not delivered, outcome %s: %s", failed[0].index, *kind)
        self._lost[kind] += len(failed)

    def _report(self, results: list[BatchResult]) -> None:
        for result in results:
            if self._on_result is not None:
                require_plain(self._on_result(result), "on_result")
            if self._on_failed is not None and result.error is not None:
                require_plain(self._on_failed(result), "on_failed")
                reported, kept = self._failed  # replaced in one step, which an interrupt cannot split
                self._failed = reported + 1, {index: one for index, one in kept.items() if one is not result}

    def _raise_if_hopeless(self, error: MParticleError | None) -> None:
        if error is None or is_about_batches(error):
            self._failures_in_a_row = 0
            return
        self._failures_in_a_row += 1
        is_refused = isinstance(error, APIError) and error.outcome is Outcome.REFUSED
        if is_refused or self._failures_in_a_row >= self._max_failures:
            raise error


def _stopped(group: Group) -> UploadStoppedError:
    error = UploadStoppedError("stopped before the response came")
    error.repeatable = all(one.repeatable for one in group)
    error.batches = [one.sent() for one in group]
    return error


def _without_frames(error: ErrorT) -> ErrorT:
    """Remove the frames of an error, which would keep its group in memory."""
    error.__traceback__ = error.__context__ = None
    return error


def is_about_batches(error: BaseException | None) -> bool:
    """Whether a request was refused because of its content, so that a part of it can be accepted."""
    return isinstance(error, (BadRequestError, PayloadTooLargeError)) or (
        isinstance(error, APIStatusError) and error.status_code == _UNPROCESSABLE
    )
