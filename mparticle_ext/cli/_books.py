"""The books of an upload: what became of each batch, on the disk in an order that no kill can turn into a loss."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from .._outcome import Outcome
from ._exits import LocalError
from ._failures import FailedFile, Failure
from ._journal import Journal

INVALID = "invalid"
_FLUSH_SECONDS = 0.25
_SHOWN = 10


class Books:
    """What is settled goes to the journal, after what was not delivered has gone to the failed file.

    Attributes:
        journal: The journal; None for a stream, which cannot be read again.
        failed: The failed file, if one is wanted.
        outcomes: How many batches came to which outcome.
        first: The first failures, where there is no file for them.
        to_be_mended: How many could not be delivered as they are.
        unsettled: How many were not delivered, and would be sent again by a further run.
    """

    def __init__(self, journal: Journal | None, failed: FailedFile | None) -> None:
        self.journal = journal
        self.failed = failed
        self.outcomes: Counter[str] = Counter()
        self.first: list[Failure] = []
        self.to_be_mended = self.unsettled = 0
        self._broken = False
        self._next_flush = time.monotonic() + _FLUSH_SECONDS

    @property
    def delivered(self) -> int:
        """How many batches were."""
        return self.outcomes[Outcome.TAKEN.value]

    @property
    def not_delivered(self) -> int:
        """How many were tried, and were not."""
        return self.outcomes.total() - self.delivered

    @property
    def failed_before(self) -> int:
        """How many a run before left in the failed file."""
        return self.failed.before if self.failed else 0

    @property
    def failed_path(self) -> str | None:
        """The failed file, where there is something in it."""
        return str(self.failed.path) if self.failed and (self.not_delivered or self.failed.before) else None

    def note_delivered(self, index: int) -> None:
        """Settle a batch that was delivered."""
        self.outcomes[Outcome.TAKEN.value] += 1
        self._settle(index)

    def note_failed(self, failure: Failure, *, for_good: bool) -> None:
        """Note a batch that was not; `for_good` settles it where there is a file for it."""
        self.outcomes[failure.outcome] += 1
        self.to_be_mended += for_good
        if self.failed is None:
            if len(self.first) < _SHOWN:
                self.first.append(failure)
        elif not self._broken:
            with self._writing():
                self.failed.write(failure)
        if for_good and self.failed is not None:
            self._settle(failure.index)
        else:
            self.unsettled += 1

    def flush(self) -> None:
        """Write everything down. What could not be written once is not tried again, and nothing after it is settled.

        Raises:
            LocalError: It cannot be written.
        """
        if self._broken:
            return
        with self._writing():
            if self.failed is not None:
                self.failed.flush()
            if self.journal is not None:
                self.journal.flush()
        self._next_flush = time.monotonic() + _FLUSH_SECONDS

    def close(self, *, done: bool) -> None:
        """Close what is open; `done` where all that was given is settled."""
        if self.failed is not None:
            self.failed.close()
        if self.journal is not None:
            self.journal.close(done=done and not self._broken)

    def _settle(self, index: int) -> None:
        if self.journal is not None:
            self.journal.settle(index)
        if time.monotonic() >= self._next_flush:
            self.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except LocalError:
            self._broken = True
            raise
