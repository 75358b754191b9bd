"""`upload_all` of the blocking client: threads that send groups, and a caller that reads and counts.

The two sides speak through queues that are made in C: a lock of `concurrent.futures` or `threading.Condition` that
Ctrl-C interrupts in the caller can stay shut for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ._account import Account, Group, Shipment
from ._configuration import Configuration
from ._errors import ClosedError
from ._results import BatchResult, UploadResult
from ._upload import AnyBatch

if TYPE_CHECKING:
    from ._engine import Engine


class UploadAll:
    """One run of `upload_all`."""

    def __init__(
        self,
        engine: Engine,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
    ) -> None:
        self._delivery = engine.delivery
        self._account = Account(engine.prepare, configuration, historical=historical, on_result=on_result)
        self._in_flight = configuration.max_in_flight
        self._to_send: SimpleQueue[Shipment | None] = SimpleQueue()
        self._sent: SimpleQueue[Shipment] = SimpleQueue()
        self._pending: dict[Shipment, None] = {}
        self._threads = 0

    def run(self, batches: Iterable[AnyBatch]) -> UploadResult:
        """Send them all.

        Raises:
            BaseException: What stopped it, with the result.
        """
        account = self._account
        with self._delivery.stops.own() as stop:
            self._stop = stop
            try:
                self._start_threads()
                numbered = enumerate(batches)
                while account.read_next(numbered):
                    if full := account.full():
                        self._send(full)
                if last := account.rest():
                    self._send(last)
                while self._pending:
                    self._collect()
                account.raise_if_broken()
            except BaseException as error:
                self._end(error)
                raise
            finally:
                for _ in range(self._threads):
                    self._to_send.put(None)
        return account.result()

    def _start_threads(self) -> None:
        """Start all of them now, and none in the middle of it."""
        for number in range(self._in_flight):
            thread = threading.Thread(target=self._send_all, name=f"mparticle-upload-all-{number}")
            self._threads += 1
            try:
                thread.start()
            except RuntimeError:  # no more can be started, as when the interpreter is on its way out
                self._threads -= 1
                return

    def _send_all(self) -> None:
        while shipment := self._to_send.get():
            self._deliver(shipment)

    def _send(self, group: Group) -> None:
        while len(self._pending) >= self._in_flight:
            self._collect()
        if pause := self._delivery.pace.seconds_before(len(group)):
            self._stop.wait(pause)
        if self._stop.is_set():
            raise ClosedError("this EventsApi was closed while upload_all was at work")
        shipment = Shipment(group)
        self._pending[shipment] = None
        if self._threads:
            self._to_send.put(shipment)
        else:
            self._deliver(shipment)

    def _deliver(self, shipment: Shipment) -> None:
        if not shipment.begin():
            return
        while part := shipment.part():
            try:
                self._delivery.deliver(self._account.request(part), self._stop, of_many=True)
            except BaseException as error:
                shipment.came(error)
            else:
                shipment.came(None)
        self._sent.put(shipment)

    def _collect(self) -> None:
        shipment = self._sent.get()
        self._account.settle(shipment)
        del self._pending[shipment]

    def _end(self, error: BaseException) -> None:
        """Let what is being sent come to its end; who presses Ctrl-C again does not wait for it."""
        patient = True
        while True:
            with suppress(KeyboardInterrupt):
                self._stop.set()
                self._call_off()
                while patient and any(shipment.part() for shipment in self._pending):
                    self._sent.get()
                self._account.stop(self._pending)
                self._account.result().go_with(error)
                return
            patient = False

    def _call_off(self) -> None:
        """Take back what no thread has begun."""
        for shipment in list(self._pending):
            if shipment.begin():
                del self._pending[shipment]
