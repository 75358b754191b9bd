"""Uploads that go on while the caller does: a few threads, and no more uploads than their number."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from ._errors import APIStatusError

if TYPE_CHECKING:
    import httpx

Callback: TypeAlias = "Callable[[Exception | None, None, httpx.Response | None], object]"
"""Called once for an upload, with its error or None, None, and the response where there was one."""

LOG = logging.getLogger("mparticle_ext")


class Background:
    """Runs uploads in threads that the interpreter waits for before it exits."""

    def __init__(self, size: int) -> None:
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="mparticle-upload")
        self._free = threading.Semaphore(size)
        self._here = threading.local()

    def submit(self, work: Callable[[], httpx.Response], callback: Callback) -> Future[httpx.Response]:
        """Start an upload once fewer than `size` are on their way, and give back its future."""
        future: Future[httpx.Response] = Future()
        future.set_running_or_notify_cancel()  # so that it cannot be cancelled: what was handed over is sent
        nested = self._in_callback()
        if not nested:  # a callback that waited here would hold the thread that it waits for
            self._free.acquire()
        try:
            self._executor.submit(self._run, work, callback, future, counted=not nested)
        except RuntimeError:  # the interpreter is on its way out and starts no more work: do it here
            self._run(work, callback, future, counted=not nested)
        return future

    def close(self) -> None:
        """Wait until all is answered; from within a callback, until all but that one is started."""
        self._executor.shutdown(wait=not self._in_callback())

    def _in_callback(self) -> bool:
        return getattr(self._here, "in_callback", False)

    def _run(
        self, work: Callable[[], httpx.Response], callback: Callback, future: Future[httpx.Response], *, counted: bool
    ) -> None:
        response: httpx.Response | None = None
        failure: Exception | None = None
        try:
            response = work()
        except Exception as error:
            failure = error
        if counted:
            self._free.release()
        self._here.in_callback = True
        _call_back(callback, failure, response)
        self._here.in_callback = False
        if failure is None and response is not None:
            future.set_result(response)
        else:
            future.set_exception(failure)


def answer_in(failure: Exception | None, response: httpx.Response | None) -> httpx.Response | None:
    """The response that a callback gets: also the one that refused."""
    return failure.response if isinstance(failure, APIStatusError) else response


def _call_back(callback: Callback, failure: Exception | None, response: httpx.Response | None) -> None:
    try:
        callback(failure, None, answer_in(failure, response))
    except Exception:
        LOG.exception("the callback %r raised", callback)
