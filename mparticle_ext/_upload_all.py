"""`upload_all` of the blocking client: threads that send groups, and a caller that reads and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

from ._account import Account, Group, Shipment
from ._errors import ClosedError
from ._results import BatchResult, UploadResult
from ._upload import AnyBatch

if TYPE_CHECKING:
    from ._engine import Engine


class UploadAll:
    """One run of `upload_all`."""

    def __init__(
        self, engine: Engine, *, historical: bool, in_flight: int, on_result: Callable[[BatchResult], object] | None
    ) -> None:
        self._engine = engine
        self._account = Account(engine.prepare, historical=historical, in_flight=in_flight, on_result=on_result)
        self._in_flight = in_flight
        self._pending: dict[Future[None], Shipment] = {}

    def run(self, batches: Iterable[AnyBatch]) -> UploadResult:
        """Send them all.

        Raises:
            BaseException: What stopped it, with the result.
        """
        account = self._account
        self._pool = ThreadPoolExecutor(self._in_flight, thread_name_prefix="mparticle-upload-all")
        with self._engine.delivery.stops.own() as stop:
            self._stop = stop
            try:
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
                self._pool.shutdown(wait=False)
        return account.result()

    def _send(self, group: Group) -> None:
        while len(self._pending) >= self._in_flight:
            self._collect()
        if pause := self._engine.delivery.pace.seconds_before(len(group)):
            self._stop.wait(pause)
        if self._stop.is_set():
            raise ClosedError("this EventsApi was closed while upload_all was at work")
        shipment, sent = Shipment(group), Future[None]()
        self._pending[sent] = shipment
        try:
            self._pool.submit(self._deliver, shipment, sent)
        except RuntimeError:  # no thread can be started, as when the interpreter is on its way out
            self._deliver(shipment, sent)

    def _deliver(self, shipment: Shipment, sent: Future[None]) -> None:
        if not shipment.begin():
            return
        while part := shipment.part():
            try:
                self._engine.delivery.deliver(self._account.request(part), self._stop, of_many=True)
            except BaseException as error:
                shipment.came(error)
            else:
                shipment.came(None)
        sent.set_result(None)

    def _collect(self) -> None:
        for sent in wait(self._pending, return_when=FIRST_COMPLETED).done:
            self._account.settle(self._pending[sent])
            del self._pending[sent]

    def _end(self, error: BaseException) -> None:
        """Let what is being sent come to its end; who presses Ctrl-C again does not wait for it."""
        self._stop.set()
        patient = True
        while True:
            with suppress(KeyboardInterrupt):
                self._call_off()
                if patient:
                    patient = False
                    wait(self._pending)
                self._account.stop(self._pending.values())
                self._account.result().go_with(error)
                return

    def _call_off(self) -> None:
        """Take back what no thread has begun."""
        for sent, shipment in list(self._pending.items()):
            if shipment.begin():
                del self._pending[sent]
