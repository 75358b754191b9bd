"""What `upload_all` tells of each batch, and of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from attrs import define, field, frozen

from ._errors import MParticleError
from ._upload import AnyBatch


@frozen(eq=False)
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


@define(eq=False)
class UploadResult:
    """What became of the batches of an `upload_all`. Each one that was read is counted here once.

    Attributes:
        delivered: How many were.
        failed: Each that was not, in the order it was settled.
    """

    delivered: int = 0
    failed: list[BatchResult] = field(factory=list, repr=lambda failed: str(len(failed)))

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
        setattr(error, _KEPT, self)
        error.add_note(f"upload_all: of {self.total} batches that were read, {self.delivered} were delivered")


_KEPT = "_mparticle_upload_result"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
