"""The attempts after the first, made by tenacity. Loaded when something has failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tenacity import AsyncRetrying, RetryCallState, Retrying, retry_if_exception

if TYPE_CHECKING:
    import httpx

    from ._delivery import Course


def again(attempt: Callable[[], httpx.Response], course: Course, sleep: Callable[[float], Any]) -> httpx.Response:
    """Go on with an upload whose first attempt failed, as `course.wait` says after each one."""
    sleep(course.wait or 0.0)
    return Retrying(sleep=sleep, **_as(course))(attempt)


async def again_async(
    attempt: Callable[[], Awaitable[httpx.Response]], course: Course, sleep: Callable[[float], Awaitable[None]]
) -> httpx.Response:
    """The same, for asyncio."""

    async def one_more() -> httpx.Response:  # what tenacity awaits must be a coroutine function
        return await attempt()

    await sleep(course.wait or 0.0)
    return await AsyncRetrying(sleep=sleep, **_as(course))(one_more)


def _as(course: Course) -> dict[str, Any]:
    def wait(_: RetryCallState) -> float:
        return course.wait or 0.0

    return {"retry": retry_if_exception(lambda _: course.wait is not None), "wait": wait, "reraise": True}
