"""`upload_all` of the blocking client: threads that send groups, and a caller that reads and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

from ._account import Account, Group, Settled, halves, is_of_the_batch
from ._configuration import Configuration
from ._errors import ClosedError, unexpected
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
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
    ) -> None:
        self._engine = engine
        self._account = Account(configuration, historical, on_result)
        self._size = configuration.max_in_flight
        self._pending: dict[Future[list[Settled]], Group] = {}
        self._begun: Group = ()  # the latest, which Ctrl-C may have kept out of the others

    def run(self, batches: Iterable[AnyBatch]) -> UploadResult:
        """Send them all.

        Raises:
            BaseException: What stopped it, with the result.
        """
        account = self._account
        pool = ThreadPoolExecutor(self._size, thread_name_prefix="mparticle-upload-all")
        with self._engine.stoppable() as stop:
            self._stop = stop
            try:
                for group in account.groups(batches):
                    self._send(pool, group)
                while self._pending:
                    self._collect()
                account.raise_if_broken()
            except BaseException as error:
                self._end()
                account.result.go_with(error)
                raise
            finally:
                pool.shutdown(wait=False)
        return account.result

    def _send(self, pool: ThreadPoolExecutor, group: Group) -> None:
        while len(self._pending) >= self._size:
            self._collect()
        self._stop.wait(self._engine.delivery.pace.seconds_before(len(group)))
        if self._stop.is_set():
            raise ClosedError("this EventsApi was closed while upload_all was at work")
        self._begun = group
        self._pending[pool.submit(self._deliver, group)] = group

    def _deliver(self, group: Group) -> list[Settled]:
        try:
            self._engine.delivery.deliver(self._account.request(group), self._stop)
        except BaseException as error:
            if is_of_the_batch(error) and len(group) > 1:
                return [settled for half in halves(group) for settled in self._deliver(half)]
            return [(group, unexpected(error))]
        return [(group, None)]

    def _collect(self) -> None:
        for done in wait(self._pending, return_when=FIRST_COMPLETED).done:
            self._account.settle(done.result())
            del self._pending[done]

    def _end(self) -> None:
        """Let what is being sent come to its end; who interrupts this too does not wait for it."""
        self._stop.set()
        with suppress(KeyboardInterrupt):
            wait(self._pending)
        settled = [part for future in self._pending if future.done() for part in future.result()]
        begun = [group for future, group in self._pending.items() if not future.done()]
        self._account.stop(settled, [*begun, self._begun])
