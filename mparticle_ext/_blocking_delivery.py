"""The blocking shell around `Delivery`: it sends and waits."""

from __future__ import annotations

import threading
import time

import httpx
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ._budget import budget_of
from ._configuration import Configuration
from ._delivery import NO_ANSWER, OPERATIONS, Course, Delivery
from ._errors import APIError, unexpected
from ._limits import DEADLINE
from ._pace import Pace
from ._sender import Sender
from ._stops import Stops
from ._upload import Upload


class BlockingDelivery(Delivery):
    """Delivers in the caller's thread.

    Attributes:
        stops: What ends the waiting for a next attempt.
    """

    def __init__(self, configuration: Configuration, address: str, transport: httpx.BaseTransport) -> None:
        super().__init__(configuration, address, Pace(configuration.rate), budget_of(configuration))
        self._sender = Sender(configuration, transport)
        self.stops = Stops(threading.Event)
        self._under_way = 0
        self._closing = False
        self._counting = threading.RLock()  # a signal handler may close() in the middle of it

    def deliver(self, upload: Upload, stop: threading.Event | None = None, *, of_many: bool = False) -> httpx.Response:
        """Send a request until it is settled, and return its answer. Waits for no next attempt once `stop` is set.

        Raises:
            APIConnectionError: No answer came.
            APIStatusError: The answer is no acceptance.
            MParticleError: What a transport raises that is no error of a network.
        """
        course = self.begin(upload, of_many=of_many)
        until = self.stops.common if stop is None else stop
        with self._counting:
            self._under_way += 1
        try:
            try:
                return self._attempt(course, until)
            except APIError:
                if course.wait is None:
                    raise
            from ._again import again  # only where something failed

            return again(lambda: self._attempt(course, until), course, until.wait)
        finally:
            with self._counting:
                self._under_way -= 1
                last = self._closing and not self._under_way
            if last:
                self._sender.close()

    def close(self) -> None:
        """Close the connections, when no upload is under way any more."""
        with self._counting:
            self._closing = True
            now = not self._under_way
        if now:
            self._sender.close()

    def _attempt(self, course: Course, stop: threading.Event) -> httpx.Response:
        while held := self.held_seconds(course, stopping=stop.is_set()):
            stop.wait(held)
        began = time.monotonic()
        result: Response[ApiErrorResponse] | Exception
        DEADLINE.set(course.deadline)
        try:
            result = OPERATIONS[course.upload.operation].sync_detailed(client=self._sender, body=course.upload.body)
        except NO_ANSWER as error:
            result = error
        except Exception as error:
            raise unexpected(error) from error
        return self.settled(course, began, result, stopping=stop.is_set())
