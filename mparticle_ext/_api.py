"""The blocking client, and its callback form."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._configuration import Configuration
from ._errors import ClosedError, WrongCallError
from ._upload import (
    LAST_WORD_SECONDS,
    AnyBatch,
    Upload,
    require_batch,
    require_batches,
    require_callback,
    require_iterable,
    require_timeout,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

    import httpx

    from ._pending import Callback, Pending
    from ._results import BatchResult, UploadResult


class EventsApi:
    """Uploads batches to mParticle.

    Each upload has two forms. Without a callback it waits, returns the response, and raises a `MParticleError`. With
    `callback(error, data, response)` it returns a future at once and calls the callback once, from a background
    thread; the future is done when the callback has returned.

    Safe to share between threads, and with forked children, which get connections and threads of their own. Close it,
    or use it in a `with` block, when all is uploaded; what was handed over is sent before `close()` returns, and before
    the interpreter exits. A callback may hand over more, but not wait for it: its thread may be the one that sends it.
    """

    def __init__(self, configuration: Configuration) -> None:
        from ._engine import Engine  # here, so that a program that only builds batches does not load httpx

        self._engine = Engine(configuration, "EventsApi")
        self._configuration = configuration
        self._closed = False

    @overload
    def upload_events(self, batch: AnyBatch) -> httpx.Response: ...
    @overload
    def upload_events(self, batch: AnyBatch, callback: None) -> httpx.Response: ...
    @overload
    def upload_events(self, batch: AnyBatch, callback: Callback) -> Future[httpx.Response]: ...
    def upload_events(
        self, batch: AnyBatch, callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload one batch.

        Args:
            batch: A `Batch`, or a dict in the wire's form.
            callback: Called once, with the error or None, None, and the response or None.

        Returns:
            The response; with a callback a future of it.

        Raises:
            WrongCallError: It is no batch. Raised at once, in both forms; the others go to the callback, if any.
            ValidationError: The service would refuse it. Nothing was sent.
            APIConnectionError: No answer came.
            APIStatusError: The service did not accept.
        """
        body = require_batch(batch)
        return self._upload([body], partial(self._engine.prepare.one, body), callback)

    @overload
    def bulk_upload_events(self, batches: Iterable[AnyBatch]) -> httpx.Response: ...
    @overload
    def bulk_upload_events(self, batches: Iterable[AnyBatch], callback: None) -> httpx.Response: ...
    @overload
    def bulk_upload_events(self, batches: Iterable[AnyBatch], callback: Callback) -> Future[httpx.Response]: ...
    def bulk_upload_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload 1 to 100 batches, for up to 100 users, in one request.

        Args:
            batches: Batches, or dicts in the wire's form.
            callback: As for `upload_events`.

        Returns:
            The response; with a callback a future of it.

        Raises:
            WrongCallError: It is no list of batches. Raised at once, in both forms.
            ValidationError: The service would refuse the request, or drop a batch of it. Nothing was sent.
            APIConnectionError: No answer came.
            APIStatusError: The service did not accept.
        """
        return self._bulk(batches, callback, historical=False)

    @overload
    def bulk_upload_historical_events(self, batches: Iterable[AnyBatch]) -> httpx.Response: ...
    @overload
    def bulk_upload_historical_events(self, batches: Iterable[AnyBatch], callback: None) -> httpx.Response: ...
    @overload
    def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback
    ) -> Future[httpx.Response]: ...
    def bulk_upload_historical_events(
        self, batches: Iterable[AnyBatch], callback: Callback | None = None
    ) -> httpx.Response | Future[httpx.Response]:
        """Upload 1 to 100 batches of data that is old: each event with a timestamp, and more than 72 hours ago.

        Such data is not forwarded to event and warehouse outputs. Arguments, returns and errors are those of
        `bulk_upload_events`.
        """
        return self._bulk(batches, callback, historical=True)

    uploadEvents = upload_events  # noqa: N815  # as the Node SDK spells it
    bulkUploadEvents = bulk_upload_events  # noqa: N815  # as the Node SDK spells it
    bulkUploadHistoricalEvents = bulk_upload_historical_events  # noqa: N815  # in the same spelling

    def upload_all(
        self,
        batches: Iterable[AnyBatch],
        *,
        historical: bool = False,
        on_result: Callable[[BatchResult], object] | None = None,
    ) -> UploadResult:
        """Upload any number of batches, and account for each of them.

        They are read as they can be sent, so an iterable may be longer than memory, and sent in as few requests as the
        limits allow, `Configuration.max_in_flight` of them at once. A request goes out when it is full, the last one
        when the iterable ends. A batch that is invalid is set aside, and one that the service refuses is found.

        Args:
            batches: Batches, or dicts in the wire's form.
            historical: Upload as `bulk_upload_historical_events` does.
            on_result: A plain function, called in this thread with each batch when it is settled; no more once
                something stopped it.

        Returns:
            How many were delivered, and each that was not, with its index and its error.

        Raises:
            WrongCallError: It is no iterable, or on_result no function.
            APIStatusError: The service refuses everything, as with wrong credentials. Nothing more is read.
            APIError: As many requests in a row failed as go out at once, at least 5: the service is down. Nothing more
                is read.
            BaseException: What the iterable or `on_result` raises, or Ctrl-C. `UploadResult.of(error)` is what came
                of the batches that were read; those of an iterable that raises are all sent before.
        """
        from ._upload_all import UploadAll

        self._refuse_when_closed()
        given = require_iterable(batches, asynchronous=False)
        run = UploadAll(self._engine, self._configuration, historical=historical, on_result=on_result)
        return run.run(given)

    @property
    def rate_limit_used(self) -> float | None:
        """How much of its tightest rate limit the service last said to be used, in percent; None before it did."""
        return self._engine.delivery.pace.rate_limit_used

    def flush(self, timeout: float | None = None) -> list[Pending[Future[httpx.Response]]]:
        """Wait until what was handed over with a callback is finished: at the end of a task, before a freeze.

        Args:
            timeout: Seconds to wait at most. None waits as long as it takes, which `Configuration.deadline` bounds for
                each upload.

        Returns:
            What is not finished, with what its callbacks handed over in turn. In a callback it does not wait, and this
            is not empty.
        """
        require_timeout(timeout)
        return self._engine.background.flush(timeout)

    def close(self, timeout: float | None = None) -> list[Pending[Future[httpx.Response]]]:
        """Finish what was handed over, with its retries, and close the connections. A later upload is refused.

        In a callback it does not wait: the connections are closed when the last upload is answered.

        Args:
            timeout: Seconds to wait at most. What waits for its next attempt then is tried once more at once, or fails
                where the service asked to wait; what is being sent goes on, and calls back.

        Returns:
            What is not finished.
        """
        require_timeout(timeout)
        self._closed = True
        engine = self._engine
        left = engine.background.close(timeout)
        engine.delivery.stops.set_all()
        if left:
            left = engine.background.flush(LAST_WORD_SECONDS)
        engine.delivery.close()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | Future[httpx.Response]:
        body = require_batches(batches)
        return self._upload(body, partial(self._engine.prepare.several, body, historical=historical), callback)

    def _upload(
        self, batches: Sequence[AnyBatch], prepare: Callable[[], Upload], callback: Callback | None
    ) -> httpx.Response | Future[httpx.Response]:
        self._refuse_when_closed()
        if callback is None:
            return self._engine.delivery.deliver(prepare())
        require_callback(callback)
        if inspect.iscoroutinefunction(callback):
            raise WrongCallError("callback is a coroutine function, which only AsyncEventsApi awaits")
        return self._engine.background.submit(batches, self._handed_over(prepare), callback)

    def _handed_over(self, prepare: Callable[[], Upload]) -> Callable[[], httpx.Response]:
        """The upload of what the batches are now: a later change of them is not sent."""
        try:
            upload = prepare()
        except Exception as error:
            return partial(_raise, error)
        return partial(self._engine.delivery.deliver, upload)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClosedError("this EventsApi is closed: make a new one")


def _raise(error: Exception) -> httpx.Response:
    raise error
