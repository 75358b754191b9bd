"""What is told of an upload that was handed over, and of how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from ._errors import APIStatusError, MParticleError
from ._upload import AnyBatch

if TYPE_CHECKING:
    import httpx

Callback: TypeAlias = "Callable[[MParticleError | None, None, httpx.Response | None], object]"
"""Called once for an upload, with its error or None, None, and the response where there was one."""

Awaited = TypeVar("Awaited")


class Pending(Struct, Generic[Awaited], frozen=True, eq=False):
    """An upload with a callback that is still on its way.

    Attributes:
        batches: What was handed over.
        future: What the upload's call gave back: a future, or from asyncio a task.
    """

    batches: Sequence[AnyBatch]
    future: Awaited

    def __repr__(self) -> str:
        return f"Pending(future={self.future!r})"


def answer_in(failure: MParticleError | None, response: httpx.Response | None) -> httpx.Response | None:
    """The response that a callback gets: also the one that refused."""
    return failure.response if isinstance(failure, APIStatusError) else response


def named(function: Any) -> str:
    """A function's name, for a log. Not its repr: what it is bound to may be someone's data."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
