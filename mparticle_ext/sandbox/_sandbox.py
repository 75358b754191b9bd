"""The sandbox: a server, what it took, and what it was told to do wrong."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from starlette.types import Receive, Scope, Send

from ..batch import Batch
from ..configuration import Configuration
from .._delivery.requests import require_timeout
from ._api import Api
from ._arrivals import Arrival, Dropped, Request
from ._faults import After, Faults
from ._guard import no_pages
from ._journal import Counts, Journal, View
from ._page import page
from ._server import Server
from ._stream import Stream

_DEFAULT_KEYS = ("sandbox-key", "sandbox-secret")  # they open nothing but a sandbox
_REASONS = 3  # in an error


class Sandbox:
    """A local Events API on a free port of the loopback interface, from `start()` to `stop()`, or for a `with` block.

    It answers as mParticle does: 401 without credentials, 403 with others than its own, 413 for a request that is too
    large, 400 with a body that says what is wrong, else 202. It takes a `source_request_id` once. A bad batch of a bulk
    request is dropped and the request accepted. At its root, `page_url`, is a page that shows all of it.

    Args:
        api_key: The key that it takes.
        api_secret: The secret beside it.
        port: The port to listen at; 0 for a free one.
        latency: Seconds that each answer waits; may be set later, too.
        rate_limit: Batches a second that are taken; with more, nothing of a request is, and the answer is 429. None for
            no limit. May be set later, too.
        keep: How many of the newest batches are kept, and with them the requests that they came in; None for all. A
            request that was refused counts as a batch. What is counted, and which `source_request_id` was taken,
            stays known.

    Raises:
        ValueError: A value that cannot work.
    """

    def __init__(
        self,
        *,
        api_key: str = _DEFAULT_KEYS[0],
        api_secret: str = _DEFAULT_KEYS[1],
        port: int = 0,
        latency: float = 0.0,
        rate_limit: float | None = None,
        keep: int | None = None,
    ) -> None:
        if keep is not None and (type(keep) is not int or keep < 0):
            raise ValueError(f"keep is {keep!r:.40}: give how many of the newest are kept, or None for all")
        self._api_key, self._api_secret = api_key, api_secret
        self._faults = Faults(latency, rate_limit)
        self._journal = Journal(keep)
        self._stopping = threading.Event()
        credentials = f"{api_key}:{api_secret}".encode()
        self._api = no_pages(Api(self._journal, self._faults, credentials, self._stopping))
        default_keys = (api_key, api_secret) == _DEFAULT_KEYS
        stream = Stream(self._journal, self._faults, self._stopping, default_keys=default_keys)
        self._page = page(self._journal, self._faults, stream)
        self._server = Server(self._application, port)

    @property
    def url(self) -> str:
        """The base URL to upload to, while it runs."""
        return f"{self.page_url}v2"

    @property
    def page_url(self) -> str:
        """The page that shows what arrives, while it runs."""
        if self._server.port is None:
            raise RuntimeError("the sandbox does not run: use it in a with block, or start() it")
        return f"http://127.0.0.1:{self._server.port}/"

    @property
    def configuration(self) -> Configuration:
        """A Configuration that uploads to it."""
        return Configuration(self._api_key, self._api_secret, base_url=self.url)

    @property
    def batches(self) -> Sequence[Batch]:
        """The batches it took, in the order of their arrival. Each is made anew when it is asked for."""
        return View(self._journal.taken, lambda taken: Batch.from_json(bytes(taken.document)), self._journal.changing)

    @property
    def dropped(self) -> Sequence[Dropped]:
        """The batches it accepted and dropped, each with the reason that mParticle keeps to itself."""
        return View(self._journal.dropped, _dropped, self._journal.changing)

    @property
    def requests(self) -> Sequence[Request]:
        """The requests that arrived, in their order."""
        return View(self._journal.requests, lambda request: request, self._journal.changing)

    @property
    def counts(self) -> Counts:
        """How much arrived, kept or not."""
        with self._journal.changing:
            return self._journal.counts

    @property
    def latency(self) -> float:
        """Seconds that each answer waits, after its request is settled."""
        return self._faults.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._faults.latency = seconds

    @property
    def rate_limit(self) -> float | None:
        """Batches a second that are taken; None for no limit."""
        return self._faults.rate_limit

    @rate_limit.setter
    def rate_limit(self, batches: float | None) -> None:
        self._faults.rate_limit = batches

    def fail(self, status: int, *, times: int = 1, **headers: object) -> None:
        """Answer the next requests with a status and take nothing of them.

        Args:
            status: The HTTP status, such as 429 or 503.
            times: How many requests.
            headers: Headers of the answer, with `_` for `-`: `fail(429, retry_after="2")`.

        Raises:
            ValueError: The status is no failure, or HTTP cannot carry a header.
        """
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        with self._journal.changing:
            self._faults.fail(status, times, named)

    def drop_connection(self, after: After = "request", times: int = 1) -> None:
        """Close the connection of the next requests without an answer.

        Args:
            after: When: `headers`, before the body is read; `request`, when all of it is read and nothing taken; or
                `taken`, when it is taken, which only a `source_request_id` can tell the client's next attempt.
            times: How many requests.

        Raises:
            ValueError: It is no such time.
        """
        with self._journal.changing:
            self._faults.drop(after, times)

    def wait_for(self, n: int, timeout: float = 5.0) -> list[Batch]:
        """Wait until so many batches were taken, since the start or the last `clear()`.

        Args:
            n: How many.
            timeout: The seconds to wait at most.

        Returns:
            The first n, as far as they are kept.

        Raises:
            TimeoutError: Fewer were taken in that time. It says what became of the others.
        """
        require_timeout(timeout)
        with self._journal.changing:
            if not self._journal.changing.wait_for(lambda: self._journal.taken.count >= n, timeout):
                raise TimeoutError(self._shortfall(n, timeout))
            gone = self._journal.taken.count - len(self._journal.taken)
            return list(self.batches[: max(0, n - gone)])

    def clear(self) -> None:
        """Forget what arrived, and which failures are still to come. Latency and rate limit stay."""
        with self._journal.changing:
            self._journal.clear()
            self._faults.pending.clear()

    def start(self) -> Self:
        """Start to answer.

        Raises:
            OSError: The port is taken.
            RuntimeError: It runs already.
        """
        self._stopping.clear()
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop to answer. What arrived stays readable."""
        self._stopping.set()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._api if scope["path"].startswith("/v2/") else self._page)(scope, receive, send)

    def _shortfall(self, n: int, timeout: float) -> str:
        counts = self._journal.counts
        lost = [*self._journal.dropped, *self._journal.refused][-_REASONS:]
        reasons = "".join(f"\n  {one.request.path}: {one.fate.reason}" for one in lost)
        others = f"{counts.dropped} were dropped, {counts.refused} requests refused"
        return f"{counts.taken} of {n} batches were taken in {timeout:g} seconds; {others}{reasons}"


def _dropped(arrival: Arrival) -> Dropped:
    return Dropped(bytes(arrival.document), str(arrival.fate.reason))
