"""The results of uploads: attempts, results of batches, and uploads that are not finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from .errors import APIError, MParticleError, Outcome, chain

if TYPE_CHECKING:
    from concurrent.futures import Future

    import httpx

    from .batch import AnyBatch

Operation: TypeAlias = Literal["upload_events", "bulk_upload_events", "bulk_upload_historical_events"]
"""A method of the API."""
Callback: TypeAlias = "Callable[[MParticleError | None, None, httpx.Response | None], object]"
"""A function of (error, data, response). `data` is always None, because a 202 has no body."""

_ATTRIBUTE = "_mparticle_upload_result"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt to send a request, for metrics and logs. It holds nothing of the request's content.

    Attributes:
        upload_id: The same for all attempts of an upload, and in its log lines.
        operation: The method of the API.
        batches: The number of batches in the request.
        body_bytes: The size of the request body in bytes.
        number: The number of the attempt, from 1.
        seconds: The duration in seconds.
        outcome: The outcome.
        status_code: The HTTP status; None if there was no response.
        error: The error; None if the request was accepted.
        next_in_seconds: Seconds until the next attempt; None if there is none.
    """

    upload_id: str
    operation: Operation
    batches: int
    body_bytes: int
    number: int
    seconds: float
    outcome: Outcome
    status_code: int | None
    error: APIError | None
    next_in_seconds: float | None


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The result of one batch of an `upload_all`.

    Attributes:
        index: The index in the iterable, from 0.
        batch: The batch as it was sent, with its `source_request_id`: an object, or a document in bytes if a document
            was given. A copy if it was sent and not delivered, as it was given if it was invalid. To send it again,
            upload this one: mParticle drops what it already has.
        error: The reason why it was not delivered; None if it was delivered.
    """

    index: int
    batch: AnyBatch = field(repr=False)
    error: MParticleError | None = None


@dataclass(eq=False)
class UploadResult:
    """The result of an `upload_all`. Each batch that was read is counted once.

    Attributes:
        delivered: The number of batches that were delivered.
        failed: The batches that were not delivered, in the order in which that was known; without those that
            `on_failed` got.
        reported: The number of failed batches that `on_failed` got.
    """

    delivered: int = 0
    failed: list[BatchResult] = field(default_factory=list)
    reported: int = 0

    def __repr__(self) -> str:
        return f"UploadResult(delivered={self.delivered}, failed={self.total - self.delivered})"

    @property
    def total(self) -> int:
        """The number of batches that were read."""
        return self.delivered + self.reported + len(self.failed)

    @classmethod
    def of(cls, error: BaseException) -> Self | None:
        """The result of the `upload_all` that raised this exception; None if another call raised it."""
        for one in chain(error):
            attached = getattr(one, _ATTRIBUTE, None)
            if isinstance(attached, _Attached) and isinstance(attached.result, cls):
                return attached.result
        return None

    def attach_to(self, error: BaseException) -> None:
        """Attach this result to an exception, so that `of` finds it."""
        object.__setattr__(error, _ATTRIBUTE, _Attached(self))  # an exception's own __setattr__ may refuse
        with suppress(Exception):
            failed = self.total - self.delivered
            error.add_note(f"upload_all stopped after {self.total} batches: {self.delivered} delivered, {failed} not")


@dataclass(frozen=True, eq=False)
class _Attached:
    """The result on an exception. A pickle of it has the numbers only, because the batches have users' data."""

    result: UploadResult

    def __reduce__(self) -> tuple[object, ...]:
        failed = self.result.total - self.result.delivered
        return _Attached, (UploadResult(self.result.delivered, reported=failed),)


@dataclass(frozen=True, eq=False)
class Pending:
    """An upload with a callback that is not finished.

    Attributes:
        batches: The batches as they are sent, with their ids.
        future: The future that the upload returned.
    """

    batches: Sequence[AnyBatch] = field(repr=False)
    future: Future[httpx.Response]
