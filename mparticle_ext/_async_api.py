"""The asyncio client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._background import LOG, Callback, answer_in
from ._configuration import Configuration
from ._errors import APIConnectionError, ClosedError, MParticleError, unexpected
from ._upload import AnyBatch, Upload, prepare_one, prepare_several, require_batch, require_batches, require_callback

if TYPE_CHECKING:
    import httpx


class AsyncEventsApi:
    """Uploads batches to mParticle, from asyncio. `EventsApi` with `await`.

    Without a callback an upload is awaited until its answer. With `callback(error, data, response)`, a function or a
    coroutine function, it gives back a task at once and calls the callback once.

    Close it, or use it in an `async with` block, when all is uploaded; what was handed over is sent before.
    """

    def __init__(self, configuration: Configuration) -> None:
        import httpx  # here, so that a program that only builds batches does not load it

        from ._delivery import client_of, deliver_async

        self._client = client_of(configuration, "AsyncEventsApi", httpx.AsyncBaseTransport)
        self._configuration = configuration
        self._deliver = deliver_async
        self._on_their_way: set[asyncio.Task[httpx.Response]] = set()
        self._unanswered: set[asyncio.Future[None]] = set()  # of those the ones whose callback is not called yet
        self._closed = False

    @overload
    async def upload_events(self, batch: AnyBatch) -> httpx.Response: ...
    @overload
    async def upload_events(self, batch: AnyBatch, callback: None) -> httpx.Response: ...
    @overload
    async def upload_events(self, batch: AnyBatch, callback: Callback) -> asyncio.Task[httpx.Response]: ...
    async def upload_events(
        self, batch: AnyBatch, callback: Callback | None = None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        """Upload one batch. Arguments and errors are those of `EventsApi.upload_events`.

        Returns:
            The response; with a callback a task of it.
        """
        body = require_batch(batch)
        return await self._upload(partial(prepare_one, body, validate=self._configuration.validate), callback)

    @overload
    async def bulk_upload_events(self, batches: Iterable[AnyBatch]) -> httpx.Response: ...
    @overload
    async def bulk_upload_events(self, batches: Iterable[AnyBatch], callback: None) -> httpx.Response: ...
    @overload
    async def bulk_upload_events(
        self, batches: Iterable[AnyBatch], callback: Callback
    ) -> asyncio.Task[httpx.Response]: ...
    async def bulk_upload_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        """Upload 1 to 100 batches in one request. Arguments and errors are those of `EventsApi.bulk_upload_events`.

        Returns:
            The response; with a callback a task of it.
        """
        return await self._bulk(batches, callback, historical=False)

    @overload
    async def bulk_upload_historical_events(self, batches: Iterable[AnyBatch]) -> httpx.Response: ...
    @overload
    async def bulk_upload_historical_events(self, batches: Iterable[AnyBatch], callback: None) -> httpx.Response: ...
    @overload
    async def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback
    ) -> asyncio.Task[httpx.Response]: ...
    async def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        """Upload 1 to 100 batches of old data. As `EventsApi.bulk_upload_historical_events`.

        Returns:
            The response; with a callback a task of it.
        """
        return await self._bulk(batches, callback, historical=True)

    uploadEvents = upload_events  # noqa: N815  # as the Node SDK spells it
    bulkUploadEvents = bulk_upload_events  # noqa: N815  # as the Node SDK spells it
    bulkUploadHistoricalEvents = bulk_upload_historical_events  # noqa: N815  # in the same spelling

    async def close(self) -> None:
        """Wait until all that was handed over is answered, and close the connections. A later upload is refused.

        It waits for the callbacks too, but in a callback for the answers alone.
        """
        self._closed = True
        in_callback = asyncio.current_task() in self._on_their_way
        waits_for = self._unanswered if in_callback else self._on_their_way
        if waits_for:
            await asyncio.wait(waits_for)
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        body = require_batches(batches)
        validate = self._configuration.validate
        return await self._upload(partial(prepare_several, body, validate=validate, historical=historical), callback)

    async def _upload(
        self, prepare: Callable[[], Upload], callback: Callback | None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        self._refuse_when_closed()
        if callback is None:
            return await self._deliver(self._client, prepare())
        require_callback(callback)
        sending = self._handed_over(prepare)
        while len(self._unanswered) >= self._configuration.max_in_flight:
            await asyncio.wait(self._unanswered, return_when=asyncio.FIRST_COMPLETED)
        self._refuse_when_closed()
        answered = asyncio.get_running_loop().create_future()
        self._unanswered.add(answered)
        task = asyncio.create_task(self._send(sending, callback, answered))
        self._on_their_way.add(task)
        task.add_done_callback(self._done)
        await asyncio.sleep(0)  # so that it has begun: a task that is cancelled before never calls back
        return task

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClosedError("this AsyncEventsApi is closed: make a new one")

    def _handed_over(self, prepare: Callable[[], Upload]) -> Callable[[], Awaitable[httpx.Response]]:
        """The upload of what the batches are now: a later change of them is not sent."""
        try:
            upload = prepare()
        except Exception as error:
            return partial(_raise, error)
        return partial(self._deliver, self._client, upload)

    async def _send(
        self, send: Callable[[], Awaitable[httpx.Response]], callback: Callback, answered: asyncio.Future[None]
    ) -> httpx.Response:
        response: httpx.Response | None = None
        failure: MParticleError | None = None
        try:
            response = await send()
        except asyncio.CancelledError:
            failure = APIConnectionError("cancelled before the answer came: whether it was taken is not known")
            raise
        except BaseException as error:
            failure = unexpected(error)
            raise failure from failure.__cause__
        else:
            return response
        finally:
            self._unanswered.discard(answered)
            answered.set_result(None)
            await _tell(callback, failure, response)

    def _done(self, task: asyncio.Task[httpx.Response]) -> None:
        self._on_their_way.discard(task)
        if not task.cancelled():
            task.exception()  # the callback was told: asyncio need not log it as never retrieved


async def _tell(callback: Callback, failure: MParticleError | None, response: httpx.Response | None) -> None:
    try:
        result = callback(failure, None, answer_in(failure, response))
        if inspect.isawaitable(result):
            await result
    except Exception:
        LOG.exception("the callback %r raised", callback)


async def _raise(error: Exception) -> httpx.Response:
    raise error
