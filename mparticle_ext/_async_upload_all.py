"""`upload_all` of the asyncio client: tasks that send groups. `_upload_all` with `await`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import aclosing

from ._account import Account, Group, Settled, halves, is_of_the_batch
from ._async_delivery import sleep
from ._async_engine import LoopEngine
from ._configuration import Configuration
from ._errors import ClosedError, unexpected
from ._results import BatchResult, UploadResult
from ._upload import AnyBatch


class AsyncUploadAll:
    """One run of `upload_all`."""

    def __init__(
        self,
        engine: LoopEngine,
        configuration: Configuration,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
    ) -> None:
        self._engine = engine
        self._account = Account(configuration, historical, on_result)
        self._size = configuration.max_in_flight
        self._pending: dict[asyncio.Task[list[Settled]], Group] = {}

    async def run(self, batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch]) -> UploadResult:
        """Send them all.

        Raises:
            BaseException: What stopped it, with the result.
        """
        account = self._account
        with self._engine.delivery.stoppable() as stop:
            self._stop = stop
            try:
                async with aclosing(self._groups(batches)) as groups:
                    async for group in groups:
                        await self._send(group)
                while self._pending:
                    await self._collect()
                account.raise_if_broken()
            except BaseException as error:
                await self._end(error)
                account.result.go_with(error)
                raise
        return account.result

    async def _groups(self, batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch]) -> AsyncGenerator[Group]:
        account = self._account
        if not isinstance(batches, AsyncIterable):
            for group in account.groups(batches):
                yield group
            return
        try:
            async for batch in batches:
                if full := account.read(batch):
                    yield full
        except Exception as error:
            account.broken = error
        if last := account.rest():
            yield last

    async def _send(self, group: Group) -> None:
        while len(self._pending) >= self._size:
            await self._collect()
        await sleep(self._stop, self._engine.delivery.pace.seconds_before(len(group)))
        if self._stop.is_set():
            raise ClosedError("this AsyncEventsApi was closed while upload_all was at work")
        self._pending[asyncio.create_task(self._deliver(group))] = group
        await asyncio.sleep(0)  # so that it begins, also when the batches come without a pause

    async def _deliver(self, group: Group) -> list[Settled]:
        try:
            await self._engine.delivery.deliver(self._account.request(group), self._stop)
        except Exception as error:
            if is_of_the_batch(error) and len(group) > 1:
                return [settled for half in halves(group) for settled in await self._deliver(half)]
            return [(group, unexpected(error))]
        return [(group, None)]

    async def _collect(self) -> None:
        done, _ = await asyncio.wait(self._pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            self._account.settle(task.result())
            del self._pending[task]

    async def _end(self, error: BaseException) -> None:
        """Let what is being sent come to its end; what is cancelled does not wait for it."""
        self._stop.set()
        cancelled = not isinstance(error, Exception)
        for task in self._pending if cancelled else ():
            task.cancel()
        if self._pending:
            await asyncio.wait(self._pending)
        settled = [part for task in self._pending if not task.cancelled() for part in task.result()]
        self._account.stop(settled, [group for task, group in self._pending.items() if task.cancelled()])
