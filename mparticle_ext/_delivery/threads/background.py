"""Uploads with a callback: a few threads, and no more uploads in flight than threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...batch import AnyBatch
from ...errors import APIStatusError, ClosedError, MParticleError, require_plain, wrapped
from ...results import Callback, Pending

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    import httpx

LOG = logging.getLogger("mparticle_ext")


@dataclass(slots=True, eq=False, repr=False)
class _Job:
    """An upload with a callback. The thread that gets `started` runs it."""

    send: Callable[[], httpx.Response]
    callback: Callback
    has_slot: bool
    batches: Callable[[], Sequence[AnyBatch]]
    future: Future[httpx.Response]
    number: int  # a job that a callback submits has the number of the callback's own job
    started: threading.Lock = field(default_factory=threading.Lock)


class Background:
    """Runs uploads in threads. The interpreter waits for them before it exits."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor: ThreadPoolExecutor | None = None
        self._slots = threading.Semaphore(size)
        self._jobs: dict[_Job, None] = {}  # not finished, in order
        self._count = 0
        self._changed = threading.Condition()
        self._local = threading.local()  # `job`: the job whose callback this thread runs
        self._closed = False

    def submit(
        self, batches: Callable[[], Sequence[AnyBatch]], send: Callable[[], httpx.Response], callback: Callback
    ) -> Future[httpx.Response]:
        """Start an upload when fewer than `size` are in flight, and return its future."""
        from concurrent.futures import Future  # loaded at first use

        outer = self._current_job()
        if outer is None:  # a callback must not wait: its thread may be the one that it would wait for
            self._slots.acquire()
            if self._closed:
                self._slots.release()
                raise ClosedError("this EventsApi was closed while the upload waited for a free slot")
        future: Future[httpx.Response] = Future()
        future.set_running_or_notify_cancel()  # so that it cannot be cancelled
        with self._changed:
            self._count += 1
            number = self._count if outer is None else outer.number
            job = _Job(send, callback, outer is None, batches, future, number)
            self._jobs[job] = None
        try:
            self._threads().submit(self._run, job)
        except RuntimeError:  # no thread can be started, as when the interpreter exits
            self._run(job)
        except BaseException:  # Ctrl-C
            if job.started.acquire(blocking=False):
                self._release(job)
                self._remove(job)
            raise
        return future

    def flush(self, timeout: float | None) -> list[Pending]:
        """Wait for the uploads so far, and those that their callbacks submit. Returns those that are not finished."""
        with self._changed:
            last = self._count
            if self._current_job() is None:
                self._changed.wait_for(lambda: not self._unfinished(last), timeout)
            return [Pending(job.batches(), job.future) for job in self._unfinished(last)]

    def close(self, timeout: float | None) -> list[Pending]:
        """Refuse new uploads, and flush."""
        self._closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        return self.flush(timeout)

    def _threads(self) -> ThreadPoolExecutor:
        with self._changed:
            if self._executor is None:
                from concurrent.futures import ThreadPoolExecutor

                self._executor = ThreadPoolExecutor(self._size, thread_name_prefix="mparticle-upload")
            return self._executor

    def _unfinished(self, last: int) -> list[_Job]:
        return [job for job in self._jobs if job.number <= last]

    def _current_job(self) -> _Job | None:
        return getattr(self._local, "job", None)

    def _run(self, job: _Job) -> None:
        if not job.started.acquire(blocking=False):
            return
        response: httpx.Response | None = None
        failure: MParticleError | None = None
        try:
            response = job.send()
        except BaseException as error:
            failure = wrapped(error)
        self._release(job)
        outer = self._current_job()  # if no thread can be started, this runs inside another callback
        self._local.job = job
        _finish(job, failure, response)
        self._local.job = outer
        self._remove(job)

    def _release(self, job: _Job) -> None:
        if job.has_slot:
            self._slots.release()

    def _remove(self, job: _Job) -> None:
        with self._changed:
            del self._jobs[job]
            self._changed.notify_all()


def _finish(job: _Job, failure: MParticleError | None, response: httpx.Response | None) -> None:
    """Call the callback, and settle the future."""
    try:
        got = failure.response if isinstance(failure, APIStatusError) else response
        require_plain(job.callback(failure, None, got), "callback")
    except BaseException:  # a sys.exit() too, because it would end the thread
        callback = job.callback  # its repr could show personal data
        name = getattr(callback, "__qualname__", None) or type(callback).__qualname__
        LOG.exception("the callback %s raised an exception", name)
    if response is None:
        job.future.set_exception(failure)
    else:
        job.future.set_result(response)
