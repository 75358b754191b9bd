"""The asyncio shell around `Delivery`: it sends and waits."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial

import httpx
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ._budget import Budget
from ._configuration import Configuration
from ._delivery import NO_ANSWER, OPERATIONS, Course, Delivery
from ._errors import APIError, unexpected
from ._limits import DEADLINE
from ._pace import Pace
from ._sender import AsyncSender
from ._stops import Stops
from ._upload import Upload


class AsyncDelivery(Delivery):
    """Delivers in the loop that it was made in.

    Attributes:
        stops: What ends the waiting for a next attempt.
    """

    def __init__(
        self,
        configuration: Configuration,
        address: str,
        transport: httpx.AsyncBaseTransport,
        pace: Pace,
        budget: Budget | None,
    ) -> None:
        super().__init__(configuration, address, pace, budget)
        self._sender = AsyncSender(configuration, transport)
        self.stops = Stops(asyncio.Event)
        self._under_way = 0
        self._closing = False

    async def deliver(
        self, upload: Upload, stop: asyncio.Event | None = None, *, of_many: bool = False
    ) -> httpx.Response:
        """Send a request until it is settled, and return its answer. Waits for no next attempt once `stop` is set.

        Raises:
            APIConnectionError: No answer came.
            APIStatusError: The answer is no acceptance.
            MParticleError: What a transport raises that is no error of a network.
        """
        course = self.begin(upload, of_many=of_many)
        until = self.stops.common if stop is None else stop
        self._under_way += 1
        try:
            try:
                return await self._attempt(course, until)
            except APIError:
                if course.wait is None:
                    raise
            from ._again import again_async  # only where something failed

            return await again_async(lambda: self._attempt(course, until), course, partial(sleep, until))
        finally:
            self._under_way -= 1
            if self._closing and not self._under_way:
                await self._sender.aclose()

    async def close(self) -> None:
        """Close the connections, when no upload is under way any more."""
        self._closing = True
        if not self._under_way:
            await self._sender.aclose()

    async def _attempt(self, course: Course, stop: asyncio.Event) -> httpx.Response:
        while held := self.held_seconds(course, stopping=stop.is_set()):
            await sleep(stop, held)
        began = time.monotonic()
        result: Response[ApiErrorResponse] | Exception
        DEADLINE.set(course.deadline)
        try:
            result = await OPERATIONS[course.upload.operation].asyncio_detailed(
                client=self._sender, body=course.upload.body
            )
        except NO_ANSWER as error:
            result = error
        except Exception as error:
            raise unexpected(error) from error
        return self.settled(course, began, result, stopping=stop.is_set())


async def sleep(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not past `stop`."""
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
