"""The blocking client, and its callback form."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Self, overload

from ._configuration import Configuration
from ._errors import ClosedError, WrongCallError
from ._upload import AnyBatch, Upload, prepare_one, prepare_several, require_batch, require_batches, require_callback

if TYPE_CHECKING:
    from concurrent.futures import Future

    import httpx

    from ._background import Callback


class EventsApi:
    """Uploads batches to mParticle.

    Each upload has two forms. Without a callback it waits, returns the response, and raises a `MParticleError`. With
    `callback(error, data, response)` it returns a future at once and calls the callback once, from a background
    thread; the future is done when the callback has returned.

    Safe to share between threads. Close it, or use it in a `with` block, when all is uploaded; what was handed over is
    sent before `close()` returns, and before the interpreter exits.
    """

    def __init__(self, configuration: Configuration) -> None:
        import httpx  # here, so that a program that only builds batches does not load it

        from ._background import Background
        from ._delivery import client_of, deliver

        self._client = client_of(configuration, "EventsApi", httpx.BaseTransport)
        self._configuration = configuration
        self._client.get_httpx_client()  # made now, once, and not by several threads at their first upload
        self._deliver = deliver
        self._background = Background(configuration.max_in_flight)
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
        return self._upload(partial(prepare_one, body, validate=self._configuration.validate), callback)

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

    def close(self) -> None:
        """Wait until all that was handed over is answered, and close the connections. A later upload is refused.

        In a callback it does not wait: the connections are closed when the last upload is answered.
        """
        self._closed = True
        self._background.close(self._client.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bulk(
        self, batches: Iterable[AnyBatch], callback: Callback | None, *, historical: bool
    ) -> httpx.Response | Future[httpx.Response]:
        body = require_batches(batches)
        validate = self._configuration.validate
        return self._upload(partial(prepare_several, body, validate=validate, historical=historical), callback)

    def _upload(
        self, prepare: Callable[[], Upload], callback: Callback | None
    ) -> httpx.Response | Future[httpx.Response]:
        if self._closed:
            raise ClosedError("this EventsApi is closed: make a new one")
        if callback is None:
            return self._deliver(self._client, prepare())
        require_callback(callback)
        if inspect.iscoroutinefunction(callback):
            raise WrongCallError("callback is a coroutine function, which only AsyncEventsApi awaits")
        return self._background.submit(self._handed_over(prepare), callback)

    def _handed_over(self, prepare: Callable[[], Upload]) -> Callable[[], httpx.Response]:
        """The upload of what the batches are now: a later change of them is not sent."""
        try:
            upload = prepare()
        except Exception as error:
            return partial(_raise, error)
        return partial(self._deliver, self._client, upload)


def _raise(error: Exception) -> httpx.Response:
    raise error
