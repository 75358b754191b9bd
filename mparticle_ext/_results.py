"""What `upload_all` tells of each batch, and of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from ._errors import MParticleError
from ._upload import AnyBatch


@dataclass(frozen=True, eq=False)
class BatchResult:
    """What became of one batch.

    Attributes:
        index: Where it stood in what was given, from 0.
        batch: The batch, as it was given.
        error: Why it was not delivered; None where it was.
    """

    index: int
    batch: AnyBatch = field(repr=False)
    error: MParticleError | None = None


@dataclass(eq=False)
class UploadResult:
    """What became of the batches of an `upload_all`. Each one that was read is counted here once.

    Attributes:
        delivered: How many were.
        failed: Each that was not, in the order they were settled.
    """

    delivered: int = 0
    failed: list[BatchResult] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"UploadResult(delivered={self.delivered}, failed={len(self.failed)})"

    @property
    def total(self) -> int:
        """How many were read."""
        return self.delivered + len(self.failed)

    @classmethod
    def of(cls, error: BaseException) -> Self | None:
        """The result of the `upload_all` that this exception came out of; None where it came from elsewhere."""
        for one in _chain(error):
            result = getattr(one, _KEPT, None)
            if isinstance(result, cls):
                return result
        return None

    def go_with(self, error: BaseException) -> None:
        """Travel with an exception to whoever catches it."""
        object.__setattr__(error, _KEPT, self)  # its own may refuse, as a frozen exception's does
        with suppress(Exception):
            error.add_note(f"upload_all: of {self.total} batches that were read, {self.delivered} were delivered")


_KEPT = "_mparticle_upload_result"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and where it is a group what is in it."""
    seen: set[int] = set()
    ahead: list[BaseException | None] = [error]
    while ahead:
        one = ahead.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        ahead += [*getattr(one, "exceptions", ()), one.__context__, one.__cause__]
