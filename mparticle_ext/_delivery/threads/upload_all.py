"""`upload_all` of the blocking client: threads send groups, and the caller's thread reads and counts.

They exchange groups through queues that are implemented in C. A Python lock could stay locked for ever if Ctrl-C
interrupts the caller's thread while it holds the lock.
"""

from __future__ import annotations

import threading
from _thread import start_new_thread
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ...batch import AnyBatch
from ...configuration import Configuration
from ...errors import ClosedError
from ...results import BatchResult, UploadResult
from ..account import Account, Group, GroupUpload

if TYPE_CHECKING:
    from .sending import Engine

_MAX_SIGNALS = 1000


class UploadAll:
    """One run of `upload_all`."""

    def __init__(
        self,
        engine: Engine,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
        on_failed: Callable[[BatchResult], object] | None,
    ) -> None:
        self._engine = engine
        self._account = Account(
            engine.requests, configuration, historical=historical, on_result=on_result, on_failed=on_failed
        )
        self._max_in_flight = configuration.max_in_flight
        self._stop = engine.new_stop()
        self._to_send: SimpleQueue[GroupUpload | None] = SimpleQueue()
        self._sent: SimpleQueue[GroupUpload] = SimpleQueue()
        self._in_flight: dict[GroupUpload, None] = {}
        self._started: SimpleQueue[int] = SimpleQueue()
        self._threads = 0

    def run(self, batches: Iterable[AnyBatch]) -> UploadResult:
        """Send all batches.

        Raises:
            BaseException: The reason why it stopped, with the result attached.
        """
        try:
            self._start_threads()
            self._read_and_send(batches)
            self._end_threads()
            return self._account.result()
        except BaseException as error:
            try:
                last = self._end(error)
            except BaseException as another:  # a second signal, before `_end` can catch it
                last = self._end(another, patient=False)
            raise last  # noqa: B904  # most often the same exception

    def _read_and_send(self, batches: Iterable[AnyBatch]) -> None:
        account = self._account
        numbered = enumerate(batches)
        while account.read_next(numbered):
            if full := account.full_group():
                self._send(full)
            while not self._sent.empty():
                self._collect()
        if last := account.last_group():
            self._send(last)
        while self._in_flight:
            self._collect()
        account.raise_iterable_error()

    def _start_threads(self) -> None:
        """Start them in another thread, because a signal can leave `Thread.start` half done."""
        threads = [
            threading.Thread(target=self._work, name=f"mparticle-upload-all-{number}")
            for number in range(self._max_in_flight)
        ]
        try:
            start_new_thread(self._start_each, (threads,))
        except RuntimeError:  # no thread can be started, as when the interpreter exits
            return
        self._threads = self._started.get()

    def _start_each(self, threads: list[threading.Thread]) -> None:
        started = 0
        with suppress(RuntimeError):  # no more threads can be started
            for thread in threads:
                thread.start()
                started += 1
        self._started.put(started)

    def _end_threads(self) -> None:
        self._engine.stops.discard(self._stop)
        for _ in range(self._max_in_flight):  # one can be started and not counted
            self._to_send.put(None)

    def _work(self) -> None:
        while upload := self._to_send.get():
            self._deliver(upload)

    def _send(self, group: Group) -> None:
        while len(self._in_flight) >= min(self._max_in_flight, self._engine.pace.window):
            self._collect()
        self._raise_if_closed()
        upload = GroupUpload(group)
        self._in_flight[upload] = None
        if self._threads:
            self._to_send.put(upload)
        else:
            self._deliver(upload)

    def _deliver(self, upload: GroupUpload) -> None:
        if not upload.start():
            return
        while part := upload.next():
            request = self._account.request(part)
            try:
                self._engine.send(request, self._stop)
            except BaseException as error:
                upload.fail(error, request)
            else:
                upload.finish()
        self._sent.put(upload)

    def _collect(self) -> None:
        upload = self._sent.get()
        self._raise_if_closed()
        self._account.settle(upload)
        del self._in_flight[upload]

    def _raise_if_closed(self) -> None:
        if self._stop.is_set():
            raise ClosedError("this EventsApi was closed during upload_all")

    def _end(self, error: BaseException, *, patient: bool = True) -> BaseException:
        """Wait for the requests in flight, but not after a second signal. Returns the exception to raise."""
        patient = patient and bool(self._threads)  # without threads nobody finishes what was interrupted
        for _ in range(_MAX_SIGNALS):
            try:
                self._stop.set()
                self._cancel_waiting()
                while patient and not all(upload.is_done for upload in self._in_flight):
                    self._sent.get()
                self._account.stop(self._in_flight)
                self._account.result().attach_to(error)
                self._end_threads()
                break
            except BaseException as another:
                error, patient = another, False
        return error

    def _cancel_waiting(self) -> None:
        """Take back the groups that no thread has started."""
        for upload in list(self._in_flight):
            if upload.start():
                del self._in_flight[upload]
