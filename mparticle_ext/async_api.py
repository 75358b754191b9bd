"""The asyncio client."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Self

from ._checks import require_batch
from ._delivery.requests import UploadRequest, require_batches, require_iterable
from .batch import AnyBatch
from .configuration import Configuration
from .errors import ClosedError, WrongCallError, hides_locals

if TYPE_CHECKING:
    import httpx

    from .results import BatchResult, UploadResult


class AsyncEventsApi:
    """Uploads batches to mParticle from asyncio. It has the methods of `EventsApi`, with `await` and without callbacks.

    Close it, or use it in an `async with` block. It can be used in several event loops.
    """

    @hides_locals
    def __init__(self, configuration: Configuration) -> None:
        from ._delivery.tasks.sending import AsyncEngine  # here, so that building batches does not load httpx

        self._engine = AsyncEngine(configuration, "AsyncEventsApi")
        self._configuration = configuration
        self._closed = False

    def upload_events(self, batch: AnyBatch, callback: None = None) -> Coroutine[Any, Any, httpx.Response]:
        """Upload one batch: `await` it. The arguments and errors are those of `EventsApi.upload_events`.

        Raises:
            WrongCallError: A callback was given, or the argument is not a batch. Raised by the call itself.
        """
        _refuse_callback(callback)
        body = require_batch(batch)
        return self._upload(lambda: self._engine.requests.single(body))

    def bulk_upload_events(
        self, batches: Iterable[AnyBatch], callback: None = None
    ) -> Coroutine[Any, Any, httpx.Response]:
        """Upload 1 to 100 batches in one request: `await` it. As `EventsApi.bulk_upload_events`."""
        return self._bulk(batches, callback, historical=False)

    def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: None = None
    ) -> Coroutine[Any, Any, httpx.Response]:
        """Upload 1 to 100 batches of old events: `await` it. As `EventsApi.bulk_upload_historical_events`."""
        return self._bulk(batches, callback, historical=True)

    uploadEvents = upload_events  # noqa: N815  # the Node SDK's spelling
    bulkUploadEvents = bulk_upload_events  # noqa: N815  # the Node SDK's spelling
    bulkUploadHistoricalEvents = bulk_upload_historical_events  # noqa: N815  # in the same spelling

    async def upload_all(
        self,
        batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch],
        *,
        historical: bool = False,
        on_result: Callable[[BatchResult], object] | None = None,
        on_failed: Callable[[BatchResult], object] | None = None,
    ) -> UploadResult:
        """Upload any number of batches, with a result for each. As `EventsApi.upload_all`; also of an async iterable.

        If its task is cancelled, so are the requests in flight. An iterable that is not async blocks the event loop
        while it makes its next batch.
        """
        from ._delivery.tasks.upload_all import AsyncUploadAll

        self._require_open()
        given = require_iterable(batches, asynchronous=True)
        sender = await self._engine.sender()
        requests, configuration = self._engine.requests, self._configuration
        run = AsyncUploadAll(
            sender, requests, configuration, historical=historical, on_result=on_result, on_failed=on_failed
        )
        return await run.run(given)

    @property
    def rate_limit_used(self) -> float | None:
        """How much of the tightest rate limit is used, in percent; None before mParticle has said so."""
        return self._engine.pace.rate_limit_used

    async def close(self) -> None:
        """Refuse later uploads, wait for those in progress, with their retries, and close the connections.

        An `upload_all` in another task ends with a `ClosedError`. `Configuration.deadline` limits the wait. To wait for
        less, use `asyncio.wait_for(api.close(), 5)`: after that, an upload that waits for its next attempt makes a last
        one at once, or fails if mParticle asked to wait.
        """
        self._closed = True
        await (await self._engine.sender()).close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _bulk(
        self, batches: Iterable[AnyBatch], callback: None, *, historical: bool
    ) -> Coroutine[Any, Any, httpx.Response]:
        _refuse_callback(callback)
        body = require_batches(batches)
        return self._upload(lambda: self._engine.requests.bulk(body, historical=historical))

    async def _upload(self, make_request: Callable[[], UploadRequest]) -> httpx.Response:
        self._require_open()
        sender = await self._engine.sender()
        return await sender.send(make_request())

    def _require_open(self) -> None:
        if self._closed:
            raise ClosedError("this AsyncEventsApi is closed: create a new one")


def _refuse_callback(callback: object) -> None:
    if callback is not None:
        raise WrongCallError("AsyncEventsApi takes no callback: await the upload, or use EventsApi")
