"""Sends in threads: makes attempts and waits between them."""

from __future__ import annotations

import time
from _thread import start_new_thread
from contextlib import suppress
from queue import Empty, SimpleQueue

import httpx
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ...configuration import Configuration, Retry
from ..delivery import OPERATIONS, SILENCE_SECONDS, Delivery, Upload, as_http_error
from ..fork import restart_after_fork
from ..http import HttpAttempt, HttpClient
from ..pace import Pace
from ..requests import RequestBuilder, UploadRequest
from ..retry import Budget
from .background import Background


class Stop:
    """An event for threads. A signal cannot leave its lock locked, as it can in `threading.Event`."""

    def __init__(self) -> None:
        self._is_set = False
        self._tokens: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and end all waits."""
        self._is_set = True
        self._tokens.put(None)

    def wait(self, seconds: float) -> None:
        """Wait some seconds, or until it is set."""
        with suppress(Empty):
            self._tokens.get(timeout=seconds)
            self._tokens.put(None)  # for the other waits


class Watch:
    """Logs the attempts that take long: one thread for all API objects, as long as there are uploads."""

    def __init__(self) -> None:
        self.start()
        restart_after_fork(self)

    def start(self) -> None:
        """Begin without uploads; in a forked child again."""
        self._uploads: dict[Upload, Delivery] = {}
        self._is_running = False

    def add(self, upload: Upload, delivery: Delivery) -> None:
        """Watch an upload."""
        self._uploads[upload] = delivery
        if not self._is_running:
            self._is_running = True
            try:
                start_new_thread(self._run, ())
            except RuntimeError:  # no thread can be started, as when the interpreter exits
                self._is_running = False

    def discard(self, upload: Upload) -> None:
        """Do not watch this upload any more."""
        self._uploads.pop(upload, None)

    def _run(self) -> None:
        try:
            while self._uploads:
                time.sleep(SILENCE_SECONDS / 2)
                self._log()
        finally:  # an exception of a logging filter can end it
            self._is_running = False
        for upload, delivery in list(self._uploads.items()):  # begun since the last look
            self.add(upload, delivery)

    def _log(self) -> None:
        for upload, delivery in list(self._uploads.items()):
            delivery.log_silence(upload)


_WATCH = Watch()


class Engine:
    """The connections and threads of an EventsApi.

    Attributes:
        requests: Makes requests of batches.
        pace: How fast it sends.
        background: Runs the uploads that have a callback.
        stops: Ends the waits for a next attempt, for all uploads; each `upload_all` adds its own.
    """

    def __init__(self, configuration: Configuration, owner: str) -> None:
        self._configuration = configuration
        self._owner = owner
        self.start()
        restart_after_fork(self)

    def start(self) -> None:
        """Make connections, threads and locks; in a forked child, make its own."""
        configuration = self._configuration
        self._client = HttpClient(configuration, self._owner, httpx.BaseTransport)
        self.pace = Pace(configuration)
        self._delivery = Delivery(
            configuration, self._client, self.pace, Budget((configuration.retry or Retry()).budget)
        )
        self.requests = RequestBuilder(configuration)
        self.background = Background(configuration.max_in_flight)
        self.stops: set[Stop] = set()
        self._stop = self.new_stop()
        self._in_progress: set[Upload] = set()
        self._closing = False

    def new_stop(self) -> Stop:
        """A stop that ends waits; `stop` sets it too."""
        stop = Stop()
        self.stops.add(stop)
        return stop

    def send(self, request: UploadRequest, stop: Stop | None = None) -> httpx.Response:
        """Send a request with its retries; one with a `stop` belongs to an `upload_all`. A set stop ends the waits.

        Raises:
            APIError: It was not accepted.
        """
        upload = Upload(request, self._configuration.deadline, call=stop)
        try:
            self._in_progress.add(upload)
            _WATCH.add(upload, self._delivery)
            return self._send(upload, stop or self._stop)
        finally:
            _WATCH.discard(upload)
            self._in_progress.discard(upload)
            if self._closing and not self._in_progress:
                self._client.transport.close()

    def stop(self) -> None:
        """End all waits for a next attempt."""
        for stop in list(self.stops):
            stop.set()

    def close(self) -> None:
        """Close the connections when no upload is in progress."""
        self._closing = True
        if not self._in_progress:
            self._client.transport.close()

    def _send(self, upload: Upload, stop: Stop) -> httpx.Response:
        while True:
            attempt = self._delivery.start_attempt(upload, stopping=stop.is_set())
            if not isinstance(attempt, HttpAttempt):
                stop.wait(attempt)
                continue
            result = self._result(upload.request, attempt)
            response = self._delivery.finish_attempt(upload, attempt, result, stopping=stop.is_set())
            if response is not None:
                return response
            stop.wait(upload.wait)

    def _result(self, request: UploadRequest, attempt: HttpAttempt) -> Response[ApiErrorResponse] | httpx.HTTPError:
        try:
            return OPERATIONS[request.operation].sync_detailed(client=attempt, body=request.body)  # type: ignore[no-any-return]
        except BaseException as error:
            caught = error
        if attempt.foreign is not None or not isinstance(caught, httpx.HTTPError):
            self._client.renew()
        return as_http_error(attempt.foreign or caught)
