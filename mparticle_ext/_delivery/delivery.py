"""The attempts of an upload: the outcome of each, and whether another one follows.

Both clients share this. Nothing here waits; `threads/sending` and `tasks/sending` do.
"""

from __future__ import annotations

import logging
import random
import ssl
import time
from math import inf
from os import urandom
from types import ModuleType
from weakref import WeakSet

import httpx
from mparticle_events.api.events import bulk_upload_events, bulk_upload_historical_events, upload_events
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ..configuration import Configuration, Retry
from ..errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    Outcome,
    RateLimitError,
    UploadStoppedError,
    chain,
    error_for_status,
    label,
)
from ..results import Attempt, Operation
from .http import HttpAttempt, HttpClient
from .pace import Pace
from .requests import UploadRequest
from .retry import Budget, retry_after_seconds, wait_before_next

LOG = logging.getLogger("mparticle_ext")

OPERATIONS: dict[Operation, ModuleType] = {
    "upload_events": upload_events,
    "bulk_upload_events": bulk_upload_events,
    "bulk_upload_historical_events": bulk_upload_historical_events,
}

SILENCE_SECONDS = 2.0  # after which a wait for a response is logged
_RANDOM = random.SystemRandom()  # two processes with the same seed must not retry together
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_INVALID = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_PROXY_AUTHENTICATION = "407"
_WELL_MAPPED = {"ClientHttpProxyError", "ServerTimeoutError"}  # by httpx-aiohttp


class Upload:
    """One upload in progress.

    Attributes:
        request: The request.
        call: The `upload_all` that it belongs to, which logs its losses itself; None for a call of its own.
        id: Identifies the upload in log lines.
        attempt: The attempt that is being made, if there is one.
        deadline: When it must end, by `time.monotonic()`.
        free_attempts: The attempts that do not count, because of a 429.
        wait: Seconds until the next attempt.
        told_to_wait: Whether the last response had a `Retry-After`.
        place: The place of the next attempt in the pace.
    """

    def __init__(self, request: UploadRequest, deadline_seconds: float, call: object | None) -> None:
        self.request = request
        self.call = call
        self.id = urandom(4).hex()
        self.deadline_seconds = deadline_seconds
        self.started = time.monotonic()
        self.deadline = self.started + deadline_seconds
        self.attempts = self.free_attempts = 0
        self.failures: list[APIError] = []
        self.wait = 0.0
        self.told_to_wait = False
        self.place: float | None = None
        self.attempt: HttpAttempt | None = None

    @property
    def is_part(self) -> bool:
        """Whether it belongs to an `upload_all`."""
        return self.call is not None

    def seconds_left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def failed(self, error: APIError) -> APIError:
        """The error for the caller, with the history of the upload."""
        if any(failure.outcome is Outcome.UNKNOWN for failure in self.failures):
            error.outcome = Outcome.UNKNOWN  # an earlier attempt may have been accepted
        error.repeatable = self.request.repeatable
        self.request.failure = id(error)  # a reference would be a cycle
        error.attempts = self.attempts
        error.elapsed_seconds = time.monotonic() - self.started
        error.earlier = tuple(failure for failure in self.failures if failure is not error)
        for failure in error.earlier:
            failure.__traceback__ = failure.__context__ = None  # their frames would keep the requests in memory
        if not self.is_part:
            error.batches = self.request.sent()
            LOG.error(
                "upload %s: %d batch(es) not delivered, outcome %s, after %d attempt(s) in %.1f s: %s",
                self.id, len(self.request.parts), error.outcome.value,
                self.attempts, error.elapsed_seconds, label(error),
            )  # fmt: skip
        return error


class Delivery:
    """The state that the uploads of one API object share, and the decision after each attempt."""

    def __init__(self, configuration: Configuration, client: HttpClient, pace: Pace, budget: Budget) -> None:
        self.configuration = configuration
        self.client = client
        self.pace = pace
        self._budget = budget
        self._warned: WeakSet[object] = WeakSet()  # the calls whose first wait is logged
        self._silent: WeakSet[object] = WeakSet()  # the calls whose first silence is logged

    def start_attempt(self, upload: Upload, *, stopping: bool) -> HttpAttempt | float:
        """The next attempt; or the seconds to wait before the next call, after a 429 of any upload or for the pace.

        Raises:
            RateLimitError: The wait is longer than the deadline, or the API object is closing.
            UploadStoppedError: It belongs to an `upload_all` that stops, and nothing was sent.
        """
        if stopping and upload.told_to_wait:
            raise upload.failed(upload.failures.pop())
        if stopping and upload.is_part and not upload.attempts:
            raise upload.failed(UploadStoppedError("stopped before it was sent", Outcome.NOT_TAKEN))
        held = self.pace.held_seconds()
        if held and upload.is_part and not stopping and self.pace.accepts():
            upload.deadline += held
        if held and (stopping or held >= upload.seconds_left()):
            raise upload.failed(self.pace.refusal(is_sent=upload.attempts > 0))
        if held and not upload.attempts:
            self._log_wait(upload, "an earlier upload was over a rate limit", held)
        if not held and upload.is_part and not stopping:
            batches = len(upload.request.parts)
            if upload.place is None:
                upload.place = self.pace.reserve(batches)
            held = self.pace.seconds_before(upload.place, batches)
            upload.deadline += held
        if held:
            return held
        upload.place = None
        upload.attempt = HttpAttempt(self.client, upload.deadline)
        return upload.attempt

    def finish_attempt(
        self,
        upload: Upload,
        attempt: HttpAttempt,
        result: Response[ApiErrorResponse] | httpx.HTTPError,
        *,
        stopping: bool,
    ) -> httpx.Response | None:
        """The response if the request was accepted; None if another attempt follows after `upload.wait` seconds.

        Raises:
            APIError: It was not accepted, and no attempt follows.
        """
        upload.attempts += 1
        upload.attempt = None
        if isinstance(result, Response) and result.parsed is None:
            upload.request.accepted = True
            self.pace.accepted(len(upload.request.parts), result.http)
            self._budget.earn(retried=upload.attempts > 1)
            if self._silent:
                self._silent.discard(upload.call or upload)
            self._report(upload, attempt, result.status_code, None, None)
            return result.http
        error = _status_error(result) if isinstance(result, Response) else _no_response(self.client, result, attempt)
        wait = self._wait_after(upload, error, attempt, stopping=stopping)
        self._report(upload, attempt, getattr(error, "status_code", None), error, wait)
        upload.failures.append(error)
        if wait is None:
            raise upload.failed(error)
        upload.wait = wait
        return None

    def _wait_after(self, upload: Upload, error: APIError, attempt: HttpAttempt, *, stopping: bool) -> float | None:
        asked = retry_after_seconds(error.response.headers) if isinstance(error, APIStatusError) else None
        upload.told_to_wait = asked is not None
        if isinstance(error, RateLimitError) and self.configuration.retry is not None:
            return self._wait_after_429(upload, error, asked, self.configuration.retry, stopping=stopping)
        wait = self._next_wait(upload, error, asked, upload.seconds_left())
        if wait is None or stopping:
            return None
        is_stale = attempt.sent and not attempt.connecting and not attempt.answered
        if is_stale and not isinstance(error, APITimeoutError) and not upload.failures:
            return 0.0  # the server closed an idle connection
        return wait if self._budget.spend() else None

    def _wait_after_429(
        self, upload: Upload, error: RateLimitError, asked: float | None, retry: Retry, *, stopping: bool
    ) -> float | None:
        """In an `upload_all` a 429 costs no attempt, no retry of the budget and no time while others are accepted."""
        free = upload.is_part and self.pace.accepts()
        if free:
            upload.free_attempts += 1
            asked = asked and min(asked, upload.deadline_seconds)
        wait = self._next_wait(upload, error, asked, inf if free else upload.seconds_left())
        if free and wait is not None:
            if asked is None:
                wait = min(retry.backoff(upload.attempts, _RANDOM.random()), upload.deadline_seconds / 2)
            upload.deadline = time.monotonic() + wait + upload.deadline_seconds
        self.pace.limited(wait or asked or retry.backoff(1, 1.0), error)
        return wait if wait is not None and not stopping and (free or self._budget.spend()) else None

    def _next_wait(self, upload: Upload, error: APIError, asked: float | None, seconds_left: float) -> float | None:
        return wait_before_next(
            error.outcome,
            policy=self.configuration.retry,
            attempts=max(1, upload.attempts - upload.free_attempts),
            repeatable=upload.request.repeatable,
            retry_after=asked,
            seconds_left=seconds_left,
            random=_RANDOM.random(),
        )

    def log_silence(self, upload: Upload) -> None:
        """Log that an attempt takes long: once for a call, and again after it was accepted in between."""
        call, attempt = upload.call or upload, upload.attempt
        if attempt is None or attempt.seconds() < SILENCE_SECONDS or call in self._silent:
            return
        self._silent.add(call)
        LOG.warning(
            "upload %s: no %s %s for %.0f s, gives up in %.0f s",
            upload.id, "connection to" if attempt.connecting and not attempt.sent else "response from",
            self.client.address, attempt.seconds(), upload.seconds_left(),
        )  # fmt: skip

    def _log_wait(self, upload: Upload, reason: str, seconds: float) -> None:
        """Log a wait: the first one of a call as a warning, so that a person at a terminal sees it."""
        call = upload.call or upload
        is_first = seconds > 0 and call not in self._warned
        if is_first:
            self._warned.add(call)
        LOG.log(
            logging.WARNING if is_first else logging.INFO,
            "upload %s: %s, next attempt in %.2f s, gives up in %.0f s",
            upload.id, reason, seconds, upload.seconds_left(),
        )  # fmt: skip

    def _report(
        self, upload: Upload, attempt: HttpAttempt, status: int | None, error: APIError | None, wait: float | None
    ) -> None:
        request, seconds = upload.request, attempt.seconds()
        result = f"HTTP {status}" if error is None else label(error)
        LOG.debug(
            "upload %s: attempt %d, %s of %d batch(es), %d bytes: %s in %.3f s",
            upload.id, upload.attempts, request.operation, len(request.parts), len(request.body), result, seconds,
        )  # fmt: skip
        if wait is not None:
            self._log_wait(upload, result, wait)
        if self.configuration.on_attempt is not None:
            self.configuration.on_attempt(
                Attempt(
                    upload_id=upload.id,
                    operation=request.operation,
                    batches=len(request.parts),
                    body_bytes=len(request.body),
                    number=upload.attempts,
                    seconds=seconds,
                    outcome=Outcome.TAKEN if error is None else error.outcome,
                    status_code=status,
                    error=error,
                    next_in_seconds=wait,
                )
            )


def _status_error(result: Response[ApiErrorResponse]) -> APIStatusError:
    response, kind = result.http, error_for_status(result.status_code)
    errors = (result.parsed.errors if result.parsed is not None else None) or ()
    if kind is RateLimitError:
        return RateLimitError(response, errors, retry_after_seconds(response.headers))
    return kind(response, errors)


def _no_response(client: HttpClient, error: httpx.HTTPError, attempt: HttpAttempt) -> APIError:
    outcome = _connection_outcome(error, attempt)
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    for one in chain(error, attempt.handled):
        one.__traceback__ = None  # its frames would keep the request in memory
    details = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    missing = "complete response from" if outcome is Outcome.UNKNOWN else "connection to"
    ours = kind(f"no {missing} {client.address} ({details})", outcome)
    ours.__cause__ = error
    return ours


def as_http_error(error: BaseException) -> httpx.HTTPError:
    """The error as httpx's; any other exception is raised unchanged.

    httpx lets errors of socksio and h2 through, httpx-aiohttp some of aiohttp. It makes others a ConnectTimeout.
    """
    original = error.__cause__ if isinstance(error, httpx.HTTPError) else error
    package, names = type(original).__module__.partition(".")[0], {base.__name__ for base in type(original).__mro__}
    if package in ("aiohttp", "socksio", "h2") and not names & _WELL_MAPPED:
        kind = httpx.ProxyError if package == "socksio" else httpx.ReadError
        mapped = (httpx.ConnectError if "ClientConnectorError" in names else kind)(str(original))
        mapped.__cause__ = original
        return mapped
    if isinstance(error, httpx.HTTPError):
        return error
    raise error


def _connection_outcome(error: httpx.HTTPError, attempt: HttpAttempt) -> Outcome:
    causes = chain(error, attempt.handled)
    if (isinstance(error, _INVALID) and not attempt.sent) or any(
        isinstance(one, ssl.SSLCertVerificationError) for one in causes
    ):
        return Outcome.REFUSED
    if isinstance(error, httpx.ProxyError) and str(error).startswith(_PROXY_AUTHENTICATION):
        return Outcome.REFUSED
    if attempt.connecting and not attempt.sent:
        return Outcome.NOT_TAKEN
    return Outcome.NOT_TAKEN if isinstance(error, _NO_CONNECTION) else Outcome.UNKNOWN
