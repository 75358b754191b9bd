"""The books of an `upload_all`: batches into groups, groups into results. Nothing here sends or waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import iscoroutinefunction
from itertools import islice
from typing import TypeAlias

from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES

from ._configuration import Configuration
from ._delivery import LOG
from ._errors import (
    APIError,
    APIStatusError,
    BadRequestError,
    MParticleError,
    PayloadTooLargeError,
    UploadStoppedError,
    WrongCallError,
    label,
    unexpected,
)
from ._outcome import Outcome
from ._prepare import Preparation, Prepared, bulk
from ._record import Record
from ._results import BatchResult, UploadResult
from ._upload import AnyBatch, Upload, require_batch, require_callback

_UNPROCESSABLE = 422
_BRACKETS_BYTES = len("[]")
_COMMA_BYTES = len(",")
_FEWEST_FAILURES = 5  # in a row, before a service counts as down: one bad answer is no outage


class Item(Record):
    """A batch that was read and prepared."""

    index: int
    prepared: Prepared


Group: TypeAlias = Sequence[Item]
"""Batches that fit into one request."""


class Shipment:
    """A group on its way: as one request, or where that is refused in halves, until the culprit is alone.

    Attributes:
        settled: The parts that were answered, each with its error or None.
    """

    def __init__(self, group: Group) -> None:
        self.settled: list[tuple[Group, MParticleError | None]] = []
        self._parts = [group]
        self._begun = threading.Lock()

    def begin(self) -> bool:
        """Whether it is the caller's to send, or to call off: one may begin it."""
        return self._begun.acquire(blocking=False)

    def part(self) -> Group:
        """What is to be sent now, or is being sent; nothing at the end."""
        return self._parts[0] if self._parts else ()

    def came(self, error: BaseException | None) -> None:
        """Go on to the next part, after the answer to this one."""
        part = self._parts[0]
        if is_of_the_batch(error) and len(part) > 1:
            middle = len(part) // 2
            self._parts[:1] = [part[:middle], part[middle:]]
        else:
            self.settled.append((part, None if error is None else _bare(unexpected(error))))
            del self._parts[0]


class Account:
    """Counts every batch of an `upload_all` from when it is read until it is settled.

    What Ctrl-C can interrupt here can be done again: a batch is open until its result is written down.
    """

    def __init__(
        self,
        preparation: Preparation,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
    ) -> None:
        if on_result is not None:
            require_callback(on_result, "on_result is a function of one argument")
            if iscoroutinefunction(on_result):
                raise WrongCallError("on_result is a plain function: nobody would await a coroutine")
        self._preparation = preparation
        self._historical = historical
        self._most_batches = max(1, min(MAX_BATCHES, int(configuration.rate or MAX_BATCHES)))
        self._most_failures = max(_FEWEST_FAILURES, configuration.max_in_flight)
        self._on_result = on_result
        self._broken: Exception | None = None
        self._read = 0
        self._open: dict[int, AnyBatch] = {}
        self._failed: dict[int, BatchResult] = {}
        self._group: list[Item] = []
        self._bytes = _BRACKETS_BYTES
        self._full: Group | None = None
        self._failures_in_a_row = 0

    def read_next(self, numbered: Iterator[tuple[int, AnyBatch]]) -> bool:
        """Read a batch; False where there is none, or the iterable raised."""
        try:
            self._open.update(islice(numbered, 1))  # from the iterable into the books in one step, whatever Ctrl-C does
        except Exception as error:
            self.broke(error)
            return False
        if self._read not in self._open:
            return False
        self._take()
        return True

    def read(self, batch: AnyBatch) -> None:
        """Read this batch."""
        self._open[self._read] = batch
        self._take()

    def broke(self, error: Exception) -> None:
        """Note what the iterable raised."""
        self._broken = error

    def full(self) -> Group | None:
        """A group that is full, where reading has just filled one."""
        full, self._full = self._full, None
        return full

    def rest(self) -> Group | None:
        """The group that was being filled, where there is one."""
        group, self._group, self._bytes = self._group, [], _BRACKETS_BYTES
        return group or None

    def request(self, group: Group) -> Upload:
        """The request for a group."""
        return bulk([item.prepared for item in group], historical=self._historical)

    def settle(self, shipment: Shipment) -> None:
        """Write down what became of a shipment, and tell it.

        Raises:
            APIError: There is no point in going on.
            Exception: What `on_result` raises.
        """
        for results in [self._write_down(_indexes(group), error) for group, error in shipment.settled]:
            self._tell(results)
        for _, error in shipment.settled:
            self._raise_if_hopeless(error)

    def stop(self, shipments: Iterable[Shipment]) -> None:
        """Write down what is left: what was settled meanwhile, what was being sent, and what never was."""
        self._read = max([self._read, *(index + 1 for index in self._open)])  # one may be in the books, but not counted
        for shipment in shipments:
            being_sent = shipment.part()  # looked at first: it may become settled
            for group, error in list(shipment.settled):
                self._write_down(_indexes(group), error)
            self._write_down(_indexes(being_sent), _stopped(being_sent))
        never = UploadStoppedError("stopped before it was sent", Outcome.NOT_TAKEN)
        never.attempts = 0
        self._write_down(list(self._open), never)

    def result(self) -> UploadResult:
        """What became of the batches that were read."""
        delivered = self._read - len(self._failed) - len(self._open)
        return UploadResult(delivered, list(self._failed.values()))

    def raise_if_broken(self) -> None:
        """Pass on what the iterable raised.

        Raises:
            Exception: That.
        """
        if self._broken is not None:
            raise self._broken

    def _take(self) -> None:
        index = self._read
        self._read += 1
        batch = self._open[index]
        try:
            require_batch(batch, f"batches[{index}]: ")
            prepared = self._preparation.one_of_many(batch, index, historical=self._historical)
        except MParticleError as error:
            self._tell(self._write_down([index], _bare(error)))
            return
        size = len(prepared.document) + _COMMA_BYTES
        if self._group and (len(self._group) == self._most_batches or self._bytes + size > MAX_REQUEST_BYTES):
            self._full = self.rest()
        self._bytes += size if self._group else size - _COMMA_BYTES
        self._group.append(Item(index, prepared))

    def _write_down(self, indexes: Sequence[int], error: MParticleError | None) -> list[BatchResult]:
        results = [BatchResult(index, self._open[index], error) for index in indexes if index in self._open]
        if error is not None and results:
            outcome = error.outcome.value if isinstance(error, APIError) else Outcome.REFUSED.value
            LOG.error(
                "upload_all: %d batch(es) from batches[%d] on not delivered, outcome %s: %s",
                len(results), results[0].index, outcome, label(error),
            )  # fmt: skip
        for result in results:
            if error is not None:
                self._failed[result.index] = result
            self._open.pop(result.index, None)
        return results

    def _tell(self, results: list[BatchResult]) -> None:
        if self._on_result is not None:
            for result in results:
                self._on_result(result)

    def _raise_if_hopeless(self, error: MParticleError | None) -> None:
        if error is None or is_of_the_batch(error):
            self._failures_in_a_row = 0
            return
        self._failures_in_a_row += 1
        refused = isinstance(error, APIStatusError) and error.outcome is Outcome.REFUSED
        if refused or self._failures_in_a_row >= self._most_failures:
            raise error


def _indexes(group: Group) -> list[int]:
    return [item.index for item in group]


def _stopped(group: Group) -> UploadStoppedError:
    error = UploadStoppedError("stopped before the answer came")
    error.repeatable = all(item.prepared.repeatable for item in group)
    return error


def _bare(error: MParticleError) -> MParticleError:
    """An error without its frames, which would keep a group of batches alive for each that failed."""
    error.__traceback__ = error.__context__ = None
    return error


def is_of_the_batch(error: BaseException | None) -> bool:
    """Whether a refusal is for what was sent, so that a part of it may well be accepted."""
    return isinstance(error, (BadRequestError, PayloadTooLargeError)) or (
        isinstance(error, APIStatusError) and error.status_code == _UNPROCESSABLE
    )
