"""Sends from asyncio: makes attempts and waits between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from weakref import WeakKeyDictionary

import httpx

from ...configuration import Configuration, Retry
from ...errors import WrongCallError
from ..delivery import OPERATIONS, SILENCE_SECONDS, Delivery, Upload, as_http_error
from ..fork import restart_after_fork
from ..http import HttpAttempt, HttpClient
from ..pace import Pace
from ..requests import RequestBuilder, UploadRequest
from ..retry import Budget


class AsyncEngine:
    """The connections of an AsyncEventsApi: one pool for each event loop that uses it.

    Attributes:
        requests: Makes requests of batches.
        pace: How fast it sends.
    """

    def __init__(self, configuration: Configuration, owner: str) -> None:
        self._configuration = configuration
        self._owner = owner
        self.start()
        restart_after_fork(self)

    def start(self) -> None:
        """Begin without an event loop; in a forked child again."""
        self._client: HttpClient | None = self._new_client()  # a wrong setting fails here
        self.requests = RequestBuilder(self._configuration)
        self.pace = Pace(self._configuration)
        self._budget = Budget((self._configuration.retry or Retry()).budget)
        self._senders: WeakKeyDictionary[asyncio.AbstractEventLoop, Sender] = WeakKeyDictionary()

    async def sender(self) -> Sender:
        """The connections of the running event loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise WrongCallError(
                "AsyncEventsApi needs asyncio: in trio, call EventsApi through trio.to_thread.run_sync"
            ) from None
        if loop not in self._senders:
            client, self._client = self._client or self._new_client(), None
            delivery = Delivery(self._configuration, client, self.pace, self._budget)
            self._senders[loop] = sender = Sender(delivery)
            if self._configuration.transport in (None, "aiohttp"):  # a user's own transport can serve the next loop
                await sender.close_with_loop()
        return self._senders[loop]

    def _new_client(self) -> HttpClient:
        return HttpClient(self._configuration, self._owner, httpx.AsyncBaseTransport)


class Sender:
    """Sends in one event loop.

    Attributes:
        pace: How fast it sends.
        stops: End the waits of each `upload_all` for a next attempt.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self.pace = delivery.pace
        self.stops: set[asyncio.Event] = set()
        self._stop = asyncio.Event()
        self._in_progress = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._end: AsyncGenerator[None, None] | None = None

    async def close_with_loop(self) -> None:
        """Close the connections when the loop ends: asyncio.run() then closes async generators."""
        self._end = self._until_loop_ends()
        await anext(self._end)

    async def _until_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.close()

    def new_stop(self) -> asyncio.Event:
        """An event that ends waits; `close` sets it too."""
        event = asyncio.Event()
        self.stops.add(event)
        return event

    async def send(self, request: UploadRequest, stop: asyncio.Event | None = None) -> httpx.Response:
        """Send a request with its retries; one with a `stop` belongs to an `upload_all`. A set stop ends the waits.

        Raises:
            APIError: It was not accepted.
        """
        upload = Upload(request, self._delivery.configuration.deadline, call=stop)
        self._in_progress += 1
        self._idle.clear()
        try:
            return await self._send(upload, stop or self._stop)
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._idle.set()

    async def close(self) -> None:
        """Stop each `upload_all`, wait for the uploads in progress, and close the connections.

        If it is cancelled, as by a timeout, it ends the waits for a next attempt.
        """
        for event in list(self.stops):
            event.set()
        try:
            await self._idle.wait()
        except asyncio.CancelledError:
            self._stop.set()
            raise
        await self._delivery.client.transport.aclose()

    async def _send(self, upload: Upload, stop: asyncio.Event) -> httpx.Response:
        operation = OPERATIONS[upload.request.operation]
        while True:
            attempt = self._delivery.start_attempt(upload, stopping=stop.is_set())
            if not isinstance(attempt, HttpAttempt):
                await wait(stop, attempt)
                continue
            silence = asyncio.get_running_loop().call_later(SILENCE_SECONDS, self._delivery.log_silence, upload)
            try:
                result = await operation.asyncio_detailed(client=attempt, body=upload.request.body)
            except Exception as error:
                if attempt.foreign is not None:
                    self._delivery.client.renew()
                result = as_http_error(attempt.foreign or error)
            finally:
                silence.cancel()
            response = self._delivery.finish_attempt(upload, attempt, result, stopping=stop.is_set())
            if response is not None:
                return response
            await wait(stop, upload.wait)


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait some seconds, or until the stop is set."""
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
