"""The blocking client, and its form with a callback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._checks import require_batch
from ._delivery.requests import (
    UploadRequest,
    require_batches,
    require_callback,
    require_iterable,
    require_timeout,
)
from .batch import AnyBatch
from .configuration import Configuration
from .errors import ClosedError, hides_locals

if TYPE_CHECKING:
    from concurrent.futures import Future

    import httpx

    from .results import BatchResult, Callback, Pending, UploadResult

_LAST_ATTEMPT_SECONDS = 0.5  # for the last attempts at close()


class EventsApi:
    """Uploads batches to mParticle.

    Each upload has two forms. Without a callback it waits, returns the response, and raises an `MParticleError`. With
    `callback(error, data, response)` it returns a future at once, and a background thread calls the callback once.
    The future is done after the callback has returned.

    It can be shared by threads. A forked child gets its own connections and threads. Close it, or use it in a `with`
    block: `close()` and the exit of the interpreter wait for the uploads in the background. A callback can start
    uploads, but must not wait for them.
    """

    @hides_locals
    def __init__(self, configuration: Configuration) -> None:
        from ._delivery.threads.sending import Engine  # here, so that building batches does not load httpx

        self._engine = Engine(configuration, "EventsApi")
        self._configuration = configuration
        self._closed = False

    @overload
    def upload_events(self, batch: AnyBatch, callback: None = None) -> httpx.Response: ...
    @overload
    def upload_events(self, batch: AnyBatch, callback: Callback) -> Future[httpx.Response]: ...
    def upload_events(
        self, batch: AnyBatch, callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload one batch.

        Args:
            batch: A `Batch`, a dict in the JSON form of the API, or its JSON as str or bytes.
            callback: Called once with (error or None, None, response or None).

        Returns:
            The response; with a callback a future of it.

        Raises:
            WrongCallError: The argument is not a batch, or the callback does not take three arguments. Raised at once
                in both forms; the other errors go to the callback, if there is one.
            ValidationError: mParticle would refuse the batch. Nothing was sent.
            APIConnectionError: There was no complete response.
            APIStatusError: mParticle did not accept the request.
        """
        body = require_batch(batch)
        return self._upload([body], partial(self._engine.requests.single, body), callback)

    @overload
    def bulk_upload_events(self, batches: Iterable[AnyBatch], callback: None = None) -> httpx.Response: ...
    @overload
    def bulk_upload_events(self, batches: Iterable[AnyBatch], callback: Callback) -> Future[httpx.Response]: ...
    def bulk_upload_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload 1 to 100 batches, of up to 100 users, in one request.

        The callback, the return value and the errors are those of `upload_events`. If one batch is invalid, nothing is
        sent.
        """
        return self._bulk(batches, callback, historical=False)

    @overload
    def bulk_upload_historical_events(self, batches: Iterable[AnyBatch], callback: None = None) -> httpx.Response: ...
    @overload
    def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback
    ) -> Future[httpx.Response]: ...
    def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload 1 to 100 batches of old events: each has a timestamp, 72 hours ago or more.

        mParticle does not forward historical data to event and warehouse outputs. The arguments, the return value and
        the errors are those of `bulk_upload_events`.
        """
        return self._bulk(batches, callback, historical=True)

    uploadEvents = upload_events  # noqa: N815  # the Node SDK's spelling
    bulkUploadEvents = bulk_upload_events  # noqa: N815  # the Node SDK's spelling
    bulkUploadHistoricalEvents = bulk_upload_historical_events  # noqa: N815  # in the same spelling

    def upload_all(
        self,
        batches: Iterable[AnyBatch],
        *,
        historical: bool = False,
        on_result: Callable[[BatchResult], object] | None = None,
        on_failed: Callable[[BatchResult], object] | None = None,
    ) -> UploadResult:
        """Upload any number of batches, with a result for each.

        The iterable can be larger than memory: it is read as the batches are sent, in as few requests as the limits
        allow, `Configuration.max_in_flight` at once. The pace adapts to mParticle's rate limit. An invalid batch is
        skipped. If mParticle refuses a request, it is split until the bad batch is found.

        Args:
            batches: Batches, dicts in the JSON form of the API, or their JSON as str or bytes: one document a batch.
                A document is sent as it is, unless it has other forms of values, or line breaks.
            historical: Upload as `bulk_upload_historical_events` does.
            on_result: A plain function, called in this thread with each `BatchResult`, until an error stops the upload.
                It is called between two batches of the iterable, so not while the iterable waits for its next one.
            on_failed: A function like `on_result`, called with each `BatchResult` that has an error. Then
                `UploadResult.failed` does not have that one, and many failed batches need no memory.

        Returns:
            The number of delivered batches, and each failed batch with its error.

        Raises:
            WrongCallError: The argument is not an iterable, or another one has the wrong type.
            APIError: mParticle refuses everything, as with wrong credentials; or `max_in_flight` requests, at least
                5, failed in a row. Nothing more is read.
            BaseException: An exception of the iterable, of a function that was given, of a hook or of a signal handler.
                `UploadResult.of(error)` is the result of the batches that were read.
        """
        from ._delivery.threads.upload_all import UploadAll

        self._require_open()
        given = require_iterable(batches)
        run = UploadAll(
            self._engine, self._configuration, historical=historical, on_result=on_result, on_failed=on_failed
        )
        return run.run(given)

    @property
    def rate_limit_used(self) -> float | None:
        """How much of the tightest rate limit is used, in percent; None before mParticle has said so."""
        return self._engine.pace.rate_limit_used

    def flush(self, timeout: float | None = None) -> list[Pending]:
        """Wait for the uploads with a callback, and for those that their callbacks start.

        Call it at the end of a task, or before the process is frozen. In a callback it does not wait.

        Args:
            timeout: Seconds to wait at most. None waits for all; `Configuration.deadline` limits each upload.

        Returns:
            The uploads that are not finished.
        """
        require_timeout(timeout)
        return self._engine.background.flush(timeout)

    def close(self, timeout: float | None = None) -> list[Pending]:
        """Finish the uploads with a callback, with their retries, and close the connections. Later uploads are refused.

        In a callback it does not wait: the connections are closed after the last response.

        Args:
            timeout: Seconds to wait at most. After that, an upload that waits for its next attempt makes a last one at
                once, or fails if mParticle asked to wait. A request in flight continues, and its callback is called.

        Returns:
            The uploads that are not finished.
        """
        require_timeout(timeout)
        self._closed = True
        left = self._engine.background.close(timeout)
        self._engine.stop()
        if left:
            left = self._engine.background.flush(_LAST_ATTEMPT_SECONDS)
        self._engine.close()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | Future[httpx.Response]:
        body = require_batches(batches)
        return self._upload(body, partial(self._engine.requests.bulk, body, historical=historical), callback)

    def _upload(
        self, batches: Sequence[AnyBatch], make_request: Callable[[], UploadRequest], callback: Callback | None
    ) -> httpx.Response | Future[httpx.Response]:
        self._require_open()
        if callback is None:
            return self._engine.send(make_request())
        require_callback(callback)
        try:
            request = make_request()  # now: later changes of the batches are not sent
        except Exception as error:
            return self._engine.background.submit(lambda: batches, partial(_raise, error), callback)
        return self._engine.background.submit(request.sent, partial(self._engine.send, request), callback)

    def _require_open(self) -> None:
        if self._closed:
            raise ClosedError("this EventsApi is closed: create a new one")


def _raise(error: Exception) -> httpx.Response:
    raise error
