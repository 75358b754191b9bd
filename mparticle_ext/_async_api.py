"""The asyncio client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._configuration import Configuration
from ._errors import ClosedError
from ._upload import (
    AnyBatch,
    Upload,
    require_batch,
    require_batches,
    require_callback,
    require_iterable,
    require_timeout,
)

if TYPE_CHECKING:
    import httpx

    from ._async_engine import LoopEngine
    from ._pending import Callback, Pending
    from ._results import BatchResult, UploadResult


class AsyncEventsApi:
    """Uploads batches to mParticle, from asyncio. `EventsApi` with `await`.

    Without a callback an upload is awaited until its answer. With `callback(error, data, response)`, a function or a
    coroutine function, it gives back a task at once and calls the callback once.

    Close it, or use it in an `async with` block, when all is uploaded; what was handed over is sent before. What is
    still on its way when the loop ends is cancelled with the loop's other tasks.
    """

    def __init__(self, configuration: Configuration) -> None:
        from ._async_engine import AsyncEngine  # here, so that a program that only builds batches does not load httpx

        self._engine = AsyncEngine(configuration, "AsyncEventsApi")
        self._configuration = configuration
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
        return await self._upload([body], partial(self._engine.prepare.one, body), callback)

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

    async def upload_all(
        self,
        batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch],
        *,
        historical: bool = False,
        on_result: Callable[[BatchResult], object] | None = None,
    ) -> UploadResult:
        """Upload any number of batches, also out of an async iterable, and account for each of them.

        As `EventsApi.upload_all`; the requests that are on their way when its task is cancelled are cancelled too. An
        iterable that is not async holds up the loop while it makes its next batch.
        """
        from ._async_upload_all import AsyncUploadAll

        self._refuse_when_closed()
        given = require_iterable(batches, asynchronous=True)
        here = await self._engine.here()
        prepare, configuration = self._engine.prepare, self._configuration
        run = AsyncUploadAll(here, prepare, configuration, historical=historical, on_result=on_result)
        return await run.run(given)

    @property
    def rate_limit_used(self) -> float | None:
        """How much of its tightest rate limit the service last said to be used, in percent; None before it did."""
        return self._engine.pace.rate_limit_used

    async def flush(self, timeout: float | None = None) -> list[Pending[asyncio.Task[httpx.Response]]]:
        """Wait until what was handed over with a callback is finished, in a callback until it is answered.

        Args:
            timeout: Seconds to wait at most. None waits as long as it takes, which `Configuration.deadline` bounds.

        Returns:
            What is not finished.
        """
        require_timeout(timeout)
        return await (await self._engine.here()).flush(timeout)

    async def close(self, timeout: float | None = None) -> list[Pending[asyncio.Task[httpx.Response]]]:
        """Finish what was handed over, with its retries, and close the connections. A later upload is refused.

        It waits for the callbacks too, but in a callback for the answers alone.

        Args:
            timeout: Seconds to wait at most. What waits for its next attempt then is tried once more at once, or fails
                where the service asked to wait; what is being sent goes on, as long as the loop runs.

        Returns:
            What is not finished.
        """
        require_timeout(timeout)
        self._closed = True
        return await (await self._engine.here()).close(timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        body = require_batches(batches)
        prepare = partial(self._engine.prepare.several, body, historical=historical)
        return await self._upload(body, prepare, callback)

    async def _upload(
        self, batches: Sequence[AnyBatch], prepare: Callable[[], Upload], callback: Callback | None
    ) -> httpx.Response | asyncio.Task[httpx.Response]:
        self._refuse_when_closed()
        if callback is not None:
            require_callback(callback)
        here = await self._engine.here()
        if callback is None:
            return await here.delivery.deliver(prepare())
        return await here.submit(batches, _handed_over(here, prepare), callback)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClosedError("this AsyncEventsApi is closed: make a new one")


def _handed_over(here: LoopEngine, prepare: Callable[[], Upload]) -> Callable[[], Awaitable[httpx.Response]]:
    """The upload of what the batches are now: a later change of them is not sent."""
    try:
        upload = prepare()
    except Exception as error:
        return partial(_raise, error)
    return partial(here.delivery.deliver, upload)


async def _raise(error: Exception) -> httpx.Response:
    raise error
