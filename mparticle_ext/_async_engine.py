"""What runs of an AsyncEventsApi in one loop: its connections, and its tasks."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextvars import ContextVar

import httpx
import msgspec

from ._async_delivery import AsyncDelivery
from ._async_transport import AsyncBorrowed, AsyncTransport
from ._budget import budget_of
from ._client import outside_of
from ._configuration import Configuration
from ._delivery import LOG
from ._errors import ClosedError, MParticleError, UploadStoppedError, unexpected
from ._fork import start_anew_after_fork
from ._pace import Pace
from ._pending import Callback, Pending, answer_in, named
from ._prepare import Preparation
from ._record import Record
from ._route import Route
from ._upload import LAST_WORD_SECONDS, AnyBatch, repeatable

Task = asyncio.Task[httpx.Response]

_IN_CALLBACK: ContextVar[bool] = ContextVar("in a callback, which cannot wait for itself", default=False)


class AsyncEngine:
    """The engines of an AsyncEventsApi, one for each loop it is used in: connections and tasks belong to their loop.

    Attributes:
        prepare: Makes requests of batches.
        pace: How fast all of them may send.
    """

    def __init__(self, configuration: Configuration, owner: str) -> None:
        self._outside = outside_of(configuration, owner, httpx.AsyncBaseTransport)
        self._configuration = configuration
        self.start()
        start_anew_after_fork(self)

    def start(self) -> None:
        """Begin with no loop. What is kept over the loops is made here: how fast, and how often again."""
        self.prepare = Preparation(self._configuration)
        self.pace = Pace(self._configuration.rate)
        self._budget = budget_of(self._configuration)
        self._here: dict[asyncio.AbstractEventLoop, LoopEngine] = {}
        self._changing = threading.Lock()

    async def here(self) -> LoopEngine:
        """The engine of the loop that runs."""
        loop = asyncio.get_running_loop()
        engine = self._here.get(loop)
        if engine is None:
            delivery = AsyncDelivery(
                self._configuration, self._outside.address, self._transport(), self.pace, self._budget
            )
            engine = LoopEngine(delivery, self._configuration.max_in_flight)
            with self._changing:
                for other in [other for other in self._here if other.is_closed()]:
                    del self._here[other]
                self._here[loop] = engine
            if isinstance(self._outside.way, Route):  # a transport of the user's stays open for the next loop
                await engine.close_with_loop()
        return engine

    def _transport(self) -> httpx.AsyncBaseTransport:
        way = self._outside.way
        return AsyncTransport(way) if isinstance(way, Route) else AsyncBorrowed(way, self._outside.authorization)


class _HandedOver(Record):
    """An upload that was handed over; `answered` is done when its callback is to be called."""

    batches: Sequence[AnyBatch]
    answered: asyncio.Future[None] = msgspec.field(default_factory=lambda: asyncio.get_running_loop().create_future())


class LoopEngine:
    """Sends, and keeps the tasks of what was handed over.

    Attributes:
        delivery: Sends.
    """

    def __init__(self, delivery: AsyncDelivery, size: int) -> None:
        self.delivery = delivery
        self._size = size
        self._tasks: dict[Task, _HandedOver] = {}
        self._unanswered: set[asyncio.Future[None]] = set()
        self._end: AsyncGenerator[None, None] | None = None
        self._closing = False

    async def close_with_loop(self) -> None:
        """Close the connections when the loop ends: asyncio.run() ends the async generators that were begun in it."""
        self._end = self._until_loop_ends()
        await anext(self._end)

    async def _until_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.delivery.close()

    async def submit(
        self, batches: Sequence[AnyBatch], send: Callable[[], Awaitable[httpx.Response]], callback: Callback
    ) -> Task:
        """Start an upload once fewer than `max_in_flight` are on their way, and give back its task."""
        while len(self._unanswered) >= self._size:
            await asyncio.wait(self._unanswered, return_when=asyncio.FIRST_COMPLETED)
        if self._closing:
            raise ClosedError("this AsyncEventsApi was closed while the upload waited for its turn")
        upload = _HandedOver(batches)
        self._unanswered.add(upload.answered)
        task = asyncio.create_task(self._send(send, callback, upload))
        self._tasks[task] = upload
        task.add_done_callback(self._done)
        await asyncio.sleep(0)  # so that it has begun: a task that is cancelled before never calls back
        return task

    async def flush(self, timeout: float | None) -> list[Pending[Task]]:
        """Wait until what was handed over is finished, in a callback until it is answered; return what is not."""
        these = dict(self._tasks)
        in_callback = _IN_CALLBACK.get()
        awaited: list[asyncio.Future[None]] | list[Task] = (
            [upload.answered for upload in these.values()] if in_callback else list(these)
        )
        if awaited:
            await asyncio.wait(awaited, timeout=timeout)
        return [
            Pending(upload.batches, task)
            for task, upload in these.items()
            if not (upload.answered if in_callback else task).done()
        ]

    async def close(self, timeout: float | None) -> list[Pending[Task]]:
        """The same, and close the connections, when all is finished."""
        self._closing = True
        left = await self.flush(timeout)
        self.delivery.stops.set_all()
        if left:
            left = await self.flush(LAST_WORD_SECONDS)
        await self.delivery.close()
        return left

    async def _send(
        self, send: Callable[[], Awaitable[httpx.Response]], callback: Callback, upload: _HandedOver
    ) -> httpx.Response:
        response: httpx.Response | None = None
        failure: MParticleError | None = None
        try:
            response = await send()
        except asyncio.CancelledError:
            failure = UploadStoppedError("the upload's task was cancelled before its answer came")
            failure.repeatable = repeatable(upload.batches)
            LOG.error("%d batch(es) not known to be delivered: the upload's task was cancelled", len(upload.batches))
            raise
        except BaseException as error:
            failure = unexpected(error)
            raise failure from failure.__cause__
        else:
            return response
        finally:
            self._unanswered.discard(upload.answered)
            upload.answered.set_result(None)
            await _tell(callback, failure, response)

    def _done(self, task: Task) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.exception()  # the callback was told: asyncio need not log it as never retrieved


async def _tell(callback: Callback, failure: MParticleError | None, response: httpx.Response | None) -> None:
    _IN_CALLBACK.set(True)  # for the rest of this task, and for what the callback starts
    try:
        result = callback(failure, None, answer_in(failure, response))
        if inspect.isawaitable(result):
            await result
    except Exception:
        LOG.exception("the callback %s raised", named(callback))
