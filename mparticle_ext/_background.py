"""Uploads that go on while the caller does: a few threads, and no more uploads than their number."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from ._errors import APIStatusError, MParticleError, unexpected

if TYPE_CHECKING:
    import httpx

Callback: TypeAlias = "Callable[[MParticleError | None, None, httpx.Response | None], object]"
"""Called once for an upload, with its error or None, None, and the response where there was one."""

LOG = logging.getLogger("mparticle_ext")


@frozen
class _HandedOver:
    """An upload that was handed over. It is run once, by whoever begins it."""

    work: Callable[[], httpx.Response]
    callback: Callback
    holds_room: bool
    begun: threading.Lock = field(factory=threading.Lock)
    future: Future[httpx.Response] = field(factory=Future)


class Background:
    """Runs uploads in threads that the interpreter waits for before it exits."""

    def __init__(self, size: int) -> None:
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="mparticle-upload")
        self._room = threading.Semaphore(size)
        self._counting = threading.Lock()
        self._unfinished = 0
        self._at_last: Callable[[], None] | None = None
        self._here = threading.local()

    def submit(self, work: Callable[[], httpx.Response], callback: Callback) -> Future[httpx.Response]:
        """Start an upload once fewer than `size` are on their way, and give back its future."""
        waits = not self._in_callback()  # a callback that waited would hold the thread that it waits for
        if waits:
            self._room.acquire()
        upload = _HandedOver(work, callback, holds_room=waits)
        upload.future.set_running_or_notify_cancel()  # it cannot be cancelled: what was handed over is sent
        with self._counting:
            self._unfinished += 1
        try:
            self._executor.submit(self._run, upload)
        except RuntimeError:  # no thread can be started, as when the interpreter is on its way out
            self._run(upload)
        return upload.future

    def close(self, at_last: Callable[[], None]) -> None:
        """Wait until all is finished, then call `at_last`. From within a callback, leave both to the last upload."""
        if not self._in_callback():
            self._executor.shutdown(wait=True)
            at_last()
            return
        with self._counting:
            self._at_last = at_last
        self._executor.shutdown(wait=False)

    def _in_callback(self) -> bool:
        return getattr(self._here, "in_callback", False)

    def _run(self, upload: _HandedOver) -> None:
        if not upload.begun.acquire(blocking=False):
            return
        response: httpx.Response | None = None
        failure: MParticleError | None = None
        try:
            response = upload.work()
        except BaseException as error:
            failure = unexpected(error)
        if upload.holds_room:
            self._room.release()
        self._here.in_callback = True
        _tell(upload, failure, response)
        self._here.in_callback = False
        self._finished()

    def _finished(self) -> None:
        with self._counting:
            self._unfinished -= 1
            at_last = self._at_last if self._unfinished == 0 else None
        if at_last is not None:
            at_last()


def _tell(upload: _HandedOver, failure: MParticleError | None, response: httpx.Response | None) -> None:
    try:
        upload.callback(failure, None, answer_in(failure, response))
    except BaseException:  # also a sys.exit(): it would end this thread, and with it the uploads that wait for it
        LOG.exception("the callback %r raised", upload.callback)
    if response is None:
        upload.future.set_exception(failure)
    else:
        upload.future.set_result(response)


def answer_in(failure: MParticleError | None, response: httpx.Response | None) -> httpx.Response | None:
    """The response that a callback gets: also the one that refused."""
    return failure.response if isinstance(failure, APIStatusError) else response
