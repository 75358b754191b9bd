"""`upload_all` of the asyncio client: tasks that send groups. `_upload_all` with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable

from ._account import Account, Group, Shipment
from ._async_delivery import sleep
from ._async_engine import LoopEngine
from ._configuration import Configuration
from ._errors import ClosedError
from ._prepare import Preparation
from ._results import BatchResult, UploadResult
from ._upload import AnyBatch


class AsyncUploadAll:
    """One run of `upload_all`."""

    def __init__(
        self,
        engine: LoopEngine,
        preparation: Preparation,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
    ) -> None:
        self._delivery = engine.delivery
        self._account = Account(preparation, configuration, historical=historical, on_result=on_result)
        self._in_flight = configuration.max_in_flight
        self._pending: dict[asyncio.Task[None], Shipment] = {}

    async def run(self, batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch]) -> UploadResult:
        """Send them all.

        Raises:
            BaseException: What stopped it, with the result.
        """
        account = self._account
        with self._delivery.stops.own() as stop:
            self._stop = stop
            try:
                await (self._read_async(batches) if isinstance(batches, AsyncIterable) else self._read(batches))
                if last := account.rest():
                    await self._send(last)
                while self._pending:
                    await self._collect()
                account.raise_if_broken()
            except BaseException as error:
                raise await self._end(error)  # noqa: B904  # most often that very error
        return account.result()

    async def _read(self, batches: Iterable[AnyBatch]) -> None:
        numbered = enumerate(batches)
        while self._account.read_next(numbered):
            if full := self._account.full():
                await self._send(full)

    async def _read_async(self, batches: AsyncIterable[AnyBatch]) -> None:
        iterator = aiter(batches)
        while True:
            try:
                batch = await anext(iterator)
            except StopAsyncIteration:
                return
            except Exception as error:
                self._account.broke(error)
                return
            self._account.read(batch)
            if full := self._account.full():
                await self._send(full)

    async def _send(self, group: Group) -> None:
        while len(self._pending) >= self._in_flight:
            await self._collect()
        await sleep(self._stop, self._delivery.pace.seconds_before(len(group)))
        if self._stop.is_set():
            raise ClosedError("this AsyncEventsApi was closed while upload_all was at work")
        shipment = Shipment(group)
        self._pending[asyncio.create_task(self._deliver(shipment))] = shipment
        await asyncio.sleep(0)  # so that it begins, also when the batches come without a pause

    async def _deliver(self, shipment: Shipment) -> None:
        if not shipment.begin():
            return
        while part := shipment.part():
            try:
                await self._delivery.deliver(self._account.request(part), self._stop, of_many=True)
            except Exception as error:
                shipment.came(error)
            else:
                shipment.came(None)

    async def _collect(self) -> None:
        done, _ = await asyncio.wait(self._pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            self._account.settle(self._pending[task])
            del self._pending[task]

    async def _end(self, error: BaseException) -> BaseException:
        """Let what is being sent come to its end, unless it is cancelled, and return what is to be raised."""
        self._stop.set()
        for task, shipment in list(self._pending.items()):
            if shipment.begin():
                task.cancel()
                del self._pending[task]
        if not isinstance(error, Exception):
            self._cancel()
        while under_way := [task for task in self._pending if not task.done()]:
            try:
                await asyncio.wait(under_way)
            except asyncio.CancelledError as cancelled:
                error = cancelled
                self._cancel()
        self._account.stop(self._pending.values())
        self._account.result().go_with(error)
        return error

    def _cancel(self) -> None:
        for task in self._pending:
            task.cancel()
