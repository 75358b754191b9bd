"""`upload_all` of the asyncio client: tasks send groups. Like `threads/upload_all`, with `await`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Iterable

from ...batch import AnyBatch
from ...configuration import Configuration
from ...errors import ClosedError
from ...results import BatchResult, UploadResult
from ..account import Account, Group, GroupUpload
from ..requests import RequestBuilder
from .sending import Sender

_PAUSE_SECONDS = 0.01


class AsyncUploadAll:
    """One run of `upload_all`."""

    def __init__(
        self,
        sender: Sender,
        requests: RequestBuilder,
        configuration: Configuration,
        *,
        historical: bool,
        on_result: Callable[[BatchResult], object] | None,
        on_failed: Callable[[BatchResult], object] | None,
    ) -> None:
        self._sender = sender
        self._account = Account(
            requests, configuration, historical=historical, on_result=on_result, on_failed=on_failed
        )
        self._max_in_flight = configuration.max_in_flight
        self._stop = sender.new_stop()
        self._in_flight: dict[asyncio.Task[None], GroupUpload] = {}

    async def run(self, batches: Iterable[AnyBatch] | AsyncIterable[AnyBatch]) -> UploadResult:
        """Send all batches.

        Raises:
            BaseException: The reason why it stopped, with the result attached.
        """
        try:
            await (self._read_async(batches) if isinstance(batches, AsyncIterable) else self._read(batches))
            if last := self._account.last_group():
                await self._send(last)
            while self._in_flight:
                await self._collect()
            self._account.raise_iterable_error()
        except BaseException as error:
            raise await self._end(error)  # noqa: B904  # most often the same exception
        finally:
            self._sender.stops.discard(self._stop)
        return self._account.result()

    async def _read(self, batches: Iterable[AnyBatch]) -> None:
        numbered, next_pause = enumerate(batches), time.monotonic() + _PAUSE_SECONDS
        while self._account.read_next(numbered):
            await self._send_and_settle()
            if time.monotonic() >= next_pause:  # so that requests proceed if the iterable is slow
                await asyncio.sleep(0)
                next_pause = time.monotonic() + _PAUSE_SECONDS

    async def _read_async(self, batches: AsyncIterable[AnyBatch]) -> None:
        iterator = aiter(batches)
        while True:
            try:
                batch = await anext(iterator)
            except StopAsyncIteration:
                return
            except Exception as error:
                self._account.iterable_failed(error)
                return
            self._account.read(batch)
            await self._send_and_settle()

    async def _send_and_settle(self) -> None:
        """Send the group that is full, and settle those that are done."""
        if full := self._account.full_group():
            await self._send(full)
        self._settle_done()

    async def _send(self, group: Group) -> None:
        while len(self._in_flight) >= min(self._max_in_flight, self._sender.pace.window):
            await self._collect()
        self._raise_if_closed()
        upload = GroupUpload(group)
        self._in_flight[asyncio.create_task(self._deliver(upload))] = upload
        await asyncio.sleep(0)  # so that it starts even if the batches come without a pause

    async def _deliver(self, upload: GroupUpload) -> None:
        if asyncio.current_task() not in self._in_flight or not upload.start():  # a signal came between the two steps
            return
        while part := upload.next():
            request = self._account.request(part)
            try:
                await self._sender.send(request, self._stop)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                upload.fail(error, request)
            else:
                upload.finish()

    async def _collect(self) -> None:
        await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
        self._settle_done()

    def _settle_done(self) -> None:
        for task in [task for task in self._in_flight if task.done()]:
            self._raise_if_closed()
            self._account.settle(self._in_flight[task])
            task.result()  # raises what ended it: it was cancelled, or a signal handler raised an exception
            del self._in_flight[task]

    def _raise_if_closed(self) -> None:
        if self._stop.is_set():
            raise ClosedError("this AsyncEventsApi was closed during upload_all")

    async def _end(self, error: BaseException) -> BaseException:
        """Wait for the requests in flight, unless cancelled. Returns the exception to raise."""
        self._stop.set()
        for task, upload in list(self._in_flight.items()):
            if upload.start():
                task.cancel()
                del self._in_flight[task]
        if not isinstance(error, Exception):
            self._cancel()
        while running := [task for task in self._in_flight if not task.done()]:
            try:
                await asyncio.wait(running)
            except asyncio.CancelledError as cancelled:
                error = cancelled
                self._cancel()
        self._account.stop(self._in_flight.values())
        self._account.result().attach_to(error)
        return error

    def _cancel(self) -> None:
        for task in self._in_flight:
            task.cancel()
