"""The asyncio client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._background import LOG, Callback, answer_in
from ._configuration import Configuration
from ._errors import ClosedError, ConfigurationError
from ._upload import AnyBatch, Upload, one, prepare_one, prepare_several, several

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

        if configuration.transport is not None and not isinstance(configuration.transport, httpx.AsyncBaseTransport):
            raise ConfigurationError("transport is not for asyncio: AsyncEventsApi takes an httpx.AsyncBaseTransport")
        self._configuration = configuration
        self._client = client_of(configuration)
        self._deliver = deliver_async
        self._on_their_way: set[asyncio.Task[httpx.Response]] = set()
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
        body = one(batch)
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

    async def close(self) -> None:
        """Wait until all that was handed over is answered, and close the connections. A later upload is refused."""
        self._closed = True
        others = self._on_their_way - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        body = several(batches)
        validate = self._configuration.validate
        return await self._upload(partial(prepare_several, body, validate=validate, historical=historical), callback)

    async def _upload(
        self, prepare: Callable[[], Upload], callback: Callback | None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        if self._closed:
            raise ClosedError("this AsyncEventsApi is closed: make a new one")
        if callback is None:
            return await self._deliver(self._client, prepare())
        sending = self._handed_over(prepare)
        await self._wait_for_room()
        task = asyncio.create_task(_answered(sending, callback))
        self._on_their_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _handed_over(self, prepare: Callable[[], Upload]) -> Callable[[], Awaitable[httpx.Response]]:
        """The upload of what the batches are now: a later change of them is not sent."""
        try:
            upload = prepare()
        except Exception as error:
            return partial(_raise, error)
        return partial(self._deliver, self._client, upload)

    async def _wait_for_room(self) -> None:
        """Wait until an upload may start. One that a callback starts does not wait: it would wait for itself."""
        if asyncio.current_task() in self._on_their_way:
            return
        while len(self._on_their_way) >= self._configuration.max_in_flight:
            await asyncio.wait(self._on_their_way, return_when=asyncio.FIRST_COMPLETED)

    def _done(self, task: asyncio.Task[httpx.Response]) -> None:
        self._on_their_way.discard(task)
        if not task.cancelled():
            task.exception()  # the callback was told: asyncio need not log it as never retrieved


async def _answered(send: Callable[[], Awaitable[httpx.Response]], callback: Callback) -> httpx.Response:
    try:
        response = await send()
    except asyncio.CancelledError:
        await _call_back(
            callback, ClosedError("cancelled before the answer came: whether it was taken is not known"), None
        )
        raise
    except Exception as error:
        await _call_back(callback, error, None)
        raise
    await _call_back(callback, None, response)
    return response


async def _call_back(callback: Callback, failure: Exception | None, response: httpx.Response | None) -> None:
    try:
        result = callback(failure, None, answer_in(failure, response))
        if inspect.isawaitable(result):
            await result
    except Exception:
        LOG.exception("the callback %r raised", callback)


async def _raise(error: Exception) -> httpx.Response:
    raise error
