"""Uploads that go on while the caller does: a few threads, and no more uploads than their number."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ._delivery import LOG
from ._errors import ClosedError, MParticleError, unexpected
from ._pending import Callback, Pending, answer_in, named
from ._record import Record
from ._upload import AnyBatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    import httpx

    Handed: TypeAlias = Pending[Future[httpx.Response]]


class _HandedOver(Record):
    """An upload that was handed over. It is run once, by whoever begins it."""

    work: Callable[[], httpx.Response]
    callback: Callback
    holds_room: bool
    pending: Handed
    root: object  # shared with what its callback hands over
    begun: threading.Lock = msgspec.field(default_factory=threading.Lock)


class Background:
    """Runs uploads in threads that the interpreter waits for before it exits."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor: ThreadPoolExecutor | None = None
        self._room = threading.Semaphore(size)
        self._unfinished: dict[_HandedOver, None] = {}  # in the order they came
        self._changed = threading.Condition()
        self._here = threading.local()
        self._closed = False

    def submit(
        self, batches: Sequence[AnyBatch], work: Callable[[], httpx.Response], callback: Callback
    ) -> Future[httpx.Response]:
        """Start an upload once fewer than `size` are on their way, and give back its future."""
        from concurrent.futures import Future  # only for who hands over

        waits = not self._in_callback()  # a callback that waited would hold the thread that it waits for
        if waits:
            self._room.acquire()
            if self._closed:
                self._room.release()
                raise ClosedError("this EventsApi was closed while the upload waited for its turn")
        future: Future[httpx.Response] = Future()
        future.set_running_or_notify_cancel()  # it cannot be cancelled: what was handed over is sent
        outer: _HandedOver | None = getattr(self._here, "upload", None)
        upload = _HandedOver(work, callback, waits, Pending(batches, future), outer.root if outer else object())
        with self._changed:
            self._unfinished[upload] = None
        try:
            self._threads().submit(self._run, upload)
        except RuntimeError:  # no thread can be started, as when the interpreter is on its way out
            self._run(upload)
        except BaseException:  # Ctrl-C
            if upload.begun.acquire(blocking=False):
                self._release(upload)
                self._forget(upload)
            raise
        return future

    def flush(self, timeout: float | None) -> list[Handed]:
        """Wait until what was handed over is finished, and return what is not. In a callback it does not wait.

        What its callbacks hand over belongs to it; what others hand over meanwhile does not.
        """
        with self._changed:
            roots = {upload.root for upload in self._unfinished}
            if not self._in_callback():
                self._changed.wait_for(lambda: not self._unfinished_of(roots), timeout)
            return [upload.pending for upload in self._unfinished_of(roots)]

    def close(self, timeout: float | None) -> list[Handed]:
        """The same, and take nothing more."""
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

    def _unfinished_of(self, roots: set[object]) -> list[_HandedOver]:
        return [upload for upload in self._unfinished if upload.root in roots]

    def _in_callback(self) -> bool:
        return getattr(self._here, "upload", None) is not None

    def _run(self, upload: _HandedOver) -> None:
        if not upload.begun.acquire(blocking=False):
            return
        response: httpx.Response | None = None
        failure: MParticleError | None = None
        try:
            response = upload.work()
        except BaseException as error:
            failure = unexpected(error)
        self._release(upload)
        outer = getattr(self._here, "upload", None)  # whose callback this runs in, because no thread can be started
        self._here.upload = upload
        _tell(upload, failure, response)
        self._here.upload = outer
        self._forget(upload)

    def _release(self, upload: _HandedOver) -> None:
        if upload.holds_room:
            self._room.release()

    def _forget(self, upload: _HandedOver) -> None:
        with self._changed:
            del self._unfinished[upload]
            self._changed.notify_all()


def _tell(upload: _HandedOver, failure: MParticleError | None, response: httpx.Response | None) -> None:
    try:
        upload.callback(failure, None, answer_in(failure, response))
    except BaseException:  # also a sys.exit(): it would end this thread, and with it the uploads that wait for it
        LOG.exception("the callback %s raised", named(upload.callback))
    if response is None:
        upload.pending.future.set_exception(failure)
    else:
        upload.pending.future.set_result(response)
