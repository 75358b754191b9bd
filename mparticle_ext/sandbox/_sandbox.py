"""The sandbox: a local server, its request log, and its faults."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from starlette.types import Receive, Scope, Send

from .. import Batch, Configuration, WrongCallError
from ..batch import EventT
from ..errors import type_name
from ._access import no_cross_site
from ._event_stream import EventStream
from ._events_api import EventsApiApp
from ._faults import After, Faults
from ._page import page_app
from ._request_log import Counts, Dropped, ReceivedBatch, Request, RequestLog, View
from ._server import Server

if TYPE_CHECKING:
    from .. import DataPlan, Violation

_MAX_REASONS = 3  # in an error message


class Sandbox:
    """A local Events API on a port of the loopback interface. It runs from `start()` to `stop()`, or in a `with` block.

    It answers like mParticle: 401 without credentials, 403 with wrong credentials, 413 if the request is too large, 400
    with a body that names the error, else 202. A second batch with the same `source_request_id` is dropped. An invalid
    batch of a bulk request is dropped too, and the request accepted. `page_url` is a page that shows all of it.

    Args:
        api_key: The API key that it accepts.
        api_secret: The API secret that it accepts.
        port: The port; 0 for a free one.
        latency: The delay of each response in seconds. Can be set later, too.
        rate_limit: The batches per second that it accepts, over all connections; a request above it gets a 429 with
            `Retry-After`. Unused capacity of one second can be used at once. None for no limit. Can be set later, too.
        keep: How many of the newest batches of each outcome are stored, with their requests; None for no such limit. A
            refused request counts as one batch. At most 64 MiB of request bodies and headers are stored in any case.
            `counts` and the check for a repeated `source_request_id` include what is no longer stored.
        data_plan: The data plan that the batches are checked against. They are taken in any case, as mParticle does;
            `violations` and the page have what is not as the plan says.

    Raises:
        ValueError: An argument is not valid.
        WrongCallError: `data_plan` is not a `DataPlan`.
    """

    def __init__(
        self,
        *,
        api_key: str = "sandbox-key",
        api_secret: str = "sandbox-secret",  # noqa: S107  # valid only for a sandbox
        port: int = 0,
        latency: float = 0.0,
        rate_limit: float | None = None,
        keep: int | None = None,
        data_plan: DataPlan | None = None,
    ) -> None:
        if type(port) is not int or not 0 <= port < 1 << 16:
            raise ValueError(f"port is {port!r:.40}: give a number up to 65535, or 0 for any free port")
        if keep is not None and (type(keep) is not int or keep < 0):
            raise ValueError(f"keep is {keep!r:.40}: give a number of batches, 0 or more, or None for all")
        if data_plan is not None and not hasattr(data_plan, "violations"):
            raise WrongCallError(f"data_plan takes what DataPlan.load returns, not {type_name(data_plan)}")
        self._data_plan = data_plan
        self._api_key, self._api_secret = api_key, api_secret
        self._faults = Faults(latency, rate_limit)
        self._log = RequestLog(keep)
        self._stopping = threading.Event()
        credentials = f"{api_key}:{api_secret}".encode()
        self._events_api = no_cross_site(EventsApiApp(self._log, self._faults, credentials, self._stopping))
        default_keys = (api_key, api_secret) == ("sandbox-key", "sandbox-secret")
        stream = EventStream(self._log, self._faults, self._stopping, default_keys=default_keys, plan=data_plan)
        self._page = page_app(self._log, self._faults, stream, data_plan)
        self._server = Server(self._app, port)

    @property
    def url(self) -> str:
        """The base URL for uploads. Raises a RuntimeError if the sandbox is not running."""
        return f"{self.page_url}v2"

    @property
    def page_url(self) -> str:
        """The URL of the page. Raises a RuntimeError if the sandbox is not running."""
        if self._server.port is None:
            raise RuntimeError("the sandbox is not running: use it in a with block, or call start()")
        return f"http://127.0.0.1:{self._server.port}/"

    @property
    def configuration(self) -> Configuration:
        """A Configuration with the URL and the credentials of the sandbox."""
        return Configuration(self._api_key, self._api_secret, base_url=self.url)

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables with which `Configuration.from_env()` and the command send to the sandbox."""
        configuration = self.configuration
        return {
            "MPARTICLE_BASE_URL": configuration.url,
            "MPARTICLE_API_KEY": configuration.api_key,
            "MPARTICLE_API_SECRET": configuration.api_secret,
        }

    @property
    def batches(self) -> Sequence[Batch]:
        """The batches that were taken, in the order of arrival. Each access creates a new Batch."""
        return View(self._log.taken, lambda batch: Batch.from_json(bytes(batch.document)), self._log.condition)

    def events(self, kind: type[EventT]) -> list[EventT]:
        """The events of a class such as `CommerceEvent`, of all batches that were taken.

        Raises:
            WrongCallError: The argument is not a class of events.
        """
        return [event for batch in self.batches for event in batch.events_of(kind)]

    @property
    def dropped(self) -> Sequence[Dropped]:
        """The batches that were dropped although their request was accepted, each with the reason."""
        return View(self._log.dropped, _dropped, self._log.condition)

    @property
    def violations(self) -> list[Violation]:
        """The violations of the data plan in all accepted batches. Empty without a plan."""
        if self._data_plan is None:
            return []
        with self._log.condition:
            documents = [bytes(batch.document) for batch in self._log.taken]
        return [violation for document in documents for violation in self._data_plan.violations(document)]

    @property
    def requests(self) -> Sequence[Request]:
        """The requests in the order of arrival."""
        return View(self._log.requests, lambda request: request, self._log.condition)

    @property
    def counts(self) -> Counts:
        """How many requests and batches were received, stored or not."""
        with self._log.condition:
            return self._log.counts

    @property
    def latency(self) -> float:
        """The delay of each response in seconds. Batches are taken before the delay."""
        return self._faults.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._faults.latency = seconds

    @property
    def rate_limit(self) -> float | None:
        """The accepted batches per second; None for no limit."""
        return self._faults.rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: float | None) -> None:
        self._faults.rate_limit = limit

    def fail(self, status: int, *, times: int = 1, **headers: object) -> None:
        """Answer the next requests with an error status. No batch of them is taken.

        Args:
            status: The HTTP status, from 300 to 599.
            times: The number of requests.
            headers: Headers of the response, with `_` for `-`: `fail(429, retry_after=2)`.

        Raises:
            ValueError: An argument is not valid.
        """
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        with self._log.condition:
            self._faults.fail(status, times, named)

    def drop_connection(self, after: After = "request", times: int = 1) -> None:
        """Close the connections of the next requests without a response.

        Args:
            after: When: `headers`, before the body is read; `request`, after it is read, and no batch is taken; or
                `taken`, after the batches are taken. Then the client's retry is dropped if it has the same
                `source_request_id`, else it counts twice.
            times: The number of requests.

        Raises:
            ValueError: An argument is not valid.
        """
        with self._log.condition:
            self._faults.drop(after, times)

    def wait_for(self, n: int, timeout: float | None = 5.0) -> list[Batch]:
        """Wait until n batches were taken since the start or the last `clear()`.

        Args:
            n: The number of batches.
            timeout: The maximum wait in seconds; None for no maximum.

        Returns:
            The first n batches, without those that are no longer stored.

        Raises:
            TimeoutError: Fewer batches were taken in that time. The message says why others were not.
            WrongCallError: The timeout is not valid.
        """
        is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if timeout is not None and not (is_number and timeout >= 0):
            raise WrongCallError(
                f"timeout is {timeout!r:.40}: give seconds, 0 or more, or None to wait without a limit"
            )
        with self._log.condition:
            if not self._log.condition.wait_for(lambda: self._log.taken.count >= n, timeout):
                raise TimeoutError(f"{self._received(n)} in {timeout:g} seconds{self._last_reasons()}")
            removed = self._log.taken.count - len(self._log.taken)
            return list(self.batches[: max(0, n - removed)])

    def clear(self) -> None:
        """Delete all received requests and pending faults. The latency and the rate limit do not change."""
        with self._log.condition:
            self._log.clear()
            self._faults.pending.clear()

    def start(self) -> Self:
        """Start the server.

        Raises:
            OSError: The port is in use.
            RuntimeError: The sandbox is already running.
        """
        self._stopping.clear()
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop the server. The received requests stay readable."""
        self._stopping.set()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._events_api if scope["path"].startswith("/v2/") else self._page)(scope, receive, send)

    def _received(self, n: int) -> str:
        counts = self._log.counts
        return f"{counts.taken} of {n} batches taken, {counts.dropped} dropped, {counts.refused} requests refused"

    def _last_reasons(self) -> str:
        batches = sorted([*self._log.dropped, *self._log.refused], key=lambda batch: batch.number)[-_MAX_REASONS:]
        return "".join(f"\n  {batch.request.path}: {batch.fate.reason}" for batch in batches)


def _dropped(batch: ReceivedBatch) -> Dropped:
    return Dropped(bytes(batch.document), str(batch.fate.reason))
