"""The books of an `upload_all`: batches into groups, groups into results. Nothing here sends or waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from attrs import field, frozen
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES

from ._check import encoded
from ._configuration import Configuration
from ._errors import (
    APIStatusError,
    BadRequestError,
    MParticleError,
    PayloadTooLargeError,
    UploadStoppedError,
)
from ._outcome import Outcome
from ._results import BatchResult, UploadResult
from ._upload import (
    AnyBatch,
    Upload,
    bulk,
    check_one_of_several,
    identified,
    refuse_too_large,
    repeatable,
    require_batch,
    require_callback,
)

_UNPROCESSABLE = 422
_BRACKETS_BYTES = len("[]")
_COMMA_BYTES = len(",")


@frozen(eq=False)
class Item:
    """A batch that was read, checked and encoded."""

    index: int
    batch: AnyBatch = field(repr=False)
    document: bytes = field(repr=False)


Group: TypeAlias = Sequence[Item]
"""Batches that fit into one request."""

Settled: TypeAlias = tuple[Group, MParticleError | None]
"""Batches with what became of them."""


class Account:
    """Counts every batch of an `upload_all` from when it is read until it is settled.

    Attributes:
        result: What became of the batches that are settled.
        broken: What the iterable raised.
    """

    def __init__(
        self, configuration: Configuration, historical: bool, on_result: Callable[[BatchResult], object] | None
    ) -> None:
        if on_result is not None:
            require_callback(on_result, "on_result is a function of one argument")
        self.result = UploadResult()
        self.broken: Exception | None = None
        self._configuration = configuration
        self._historical = historical
        self._on_result = on_result
        self._read = 0
        self._open: dict[int, AnyBatch] = {}
        self._group: list[Item] = []
        self._bytes = _BRACKETS_BYTES
        self._failures_in_a_row = 0

    def read(self, batch: AnyBatch) -> Group | None:
        """Take the next batch; the group before it, where that is full."""
        index = self._read
        self._open[index] = batch
        self._read += 1
        try:
            item = self._item(index, batch)
        except MParticleError as error:
            self._tell(self._write_down([index], error))
            return None
        size = len(item.document) + (_COMMA_BYTES if self._group else 0)
        full = None
        if len(self._group) == MAX_BATCHES or self._bytes + size > MAX_REQUEST_BYTES:
            full = self.rest()
            size = len(item.document)
        self._group.append(item)
        self._bytes += size
        return full

    def rest(self) -> Group | None:
        """The group that is being filled, where there is one."""
        group, self._group, self._bytes = self._group, [], _BRACKETS_BYTES
        return group or None

    def groups(self, batches: Iterable[AnyBatch]) -> Iterable[Group]:
        """Read the batches into groups, to the end or to what the iterable raises."""
        iterator = iter(batches)
        while True:
            try:
                batch = next(iterator)
            except StopIteration:
                break
            except Exception as error:
                self.broken = error
                break
            if full := self.read(batch):
                yield full
        if last := self.rest():
            yield last

    def raise_if_broken(self) -> None:
        """Pass on what the iterable raised.

        Raises:
            Exception: That.
        """
        if self.broken is not None:
            raise self.broken

    def request(self, group: Group) -> Upload:
        """The request for a group."""
        documents = [item.document for item in group]
        return bulk([item.batch for item in group], documents, historical=self._historical)

    def settle(self, settled: Iterable[Settled]) -> None:
        """Write down what became of some batches.

        Raises:
            APIError: There is no point in going on.
            Exception: What `on_result` raises.
        """
        parts = list(settled)
        for results in [self._write_down(_indexes(group), error) for group, error in parts]:
            self._tell(results)
        for _, error in parts:
            self._raise_if_hopeless(error)

    def stop(self, settled: Iterable[Settled], begun: Iterable[Group]) -> None:
        """Write down what is left: groups that were settled meanwhile, those whose request was begun, and the rest."""
        for group, error in settled:
            self._write_down(_indexes(group), error)
        for group in begun:
            unknown = UploadStoppedError("stopped before the answer came")
            unknown.repeatable = repeatable(item.batch for item in group)
            self._write_down(_indexes(group), unknown)
        never = UploadStoppedError("stopped before it was sent", Outcome.NOT_TAKEN)
        never.attempts = 0
        self._write_down(list(self._open), never)

    def _item(self, index: int, batch: AnyBatch) -> Item:
        require_batch(batch, f"batches[{index}]: ")
        batch = identified(batch, self._configuration)
        document = encoded(batch, index)
        if self._configuration.validate:
            check_one_of_several(document, index, historical=self._historical)
        refuse_too_large(document, index)
        return Item(index, batch, document)

    def _write_down(self, indexes: Sequence[int], error: MParticleError | None) -> list[BatchResult]:
        results = [BatchResult(index, self._open.pop(index), error) for index in indexes if index in self._open]
        if error is None:
            self.result.delivered += len(results)
        else:
            self.result.failed += results
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
        if refused or self._failures_in_a_row >= self._configuration.max_in_flight:
            raise error


def _indexes(group: Group) -> list[int]:
    return [item.index for item in group]


def is_of_the_batch(error: BaseException) -> bool:
    """Whether a refusal is for what was sent, so that a part of it may well be accepted."""
    return isinstance(error, (BadRequestError, PayloadTooLargeError)) or (
        isinstance(error, APIStatusError) and error.status_code == _UNPROCESSABLE
    )


def halves(group: Group) -> tuple[Group, Group]:
    """A refused group, taken apart."""
    middle = len(group) // 2
    return group[:middle], group[middle:]
