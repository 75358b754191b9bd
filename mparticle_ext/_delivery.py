"""Deliver a request: attempts by a generated operation, what became of each, and whether another one follows.

What both clients share, and nothing that waits; `_blocking_delivery` and `_async_delivery` are the shells around it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from os import urandom
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
from mparticle_events.api.events import bulk_upload_events, bulk_upload_historical_events, upload_events
from mparticle_events.models import ApiErrorResponse
from mparticle_events.types import Response

from ._budget import Budget
from ._configuration import Configuration
from ._errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    RateLimitError,
    error_for_status,
    label,
)
from ._limits import StaleConnectionError
from ._outcome import Outcome
from ._pace import Pace
from ._retry import wait_before_next
from ._retry_after import retry_after_seconds
from ._upload import Operation, Upload

if TYPE_CHECKING:
    from ._attempt import Attempt

LOG = logging.getLogger("mparticle_ext")

OPERATIONS: dict[Operation, ModuleType] = {
    "upload_events": upload_events,
    "bulk_upload_events": bulk_upload_events,
    "bulk_upload_historical_events": bulk_upload_historical_events,
}
NO_ANSWER = (httpx.HTTPError, OSError)
"""What an operation raises where no whole answer came."""

_RANDOM = random.SystemRandom()  # neither a user's seed nor a fork makes two clients wait alike
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CANNOT_BE_SENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class Course:
    """One upload on its way: what was tried, and whether there is a next attempt."""

    def __init__(self, upload: Upload, deadline: float, *, of_many: bool) -> None:
        self.upload = upload
        self.of_many = of_many
        self.id = urandom(4).hex()
        self.started = time.monotonic()
        self.deadline = self.started + deadline
        self.attempts = 0
        self.failures: list[APIError] = []
        self.wait: float | None = None
        self.told_to_wait = False

    def seconds_left(self) -> float:
        """What is left of the deadline."""
        return self.deadline - time.monotonic()

    def finished(self, error: APIError) -> APIError:
        """The error that the caller gets, with all that went before it."""
        if any(failure.outcome is Outcome.UNKNOWN for failure in self.failures):
            error.outcome = Outcome.UNKNOWN  # an earlier attempt may have been taken, whatever became of the last
        error.repeatable = self.upload.repeatable
        error.attempts = self.attempts
        error.elapsed_seconds = time.monotonic() - self.started
        error.earlier = tuple(failure for failure in self.failures if failure is not error)
        for failure in error.earlier:
            failure.__traceback__ = failure.__context__ = None  # whose frames would keep the request alive
        if not self.of_many:  # or upload_all says it, which may send the batches again in parts
            LOG.error(
                "upload %s: %d batch(es) not delivered, outcome %s, after %d attempt(s) in %.1f s: %s",
                self.id, len(self.upload.batches), error.outcome.value,
                self.attempts, error.elapsed_seconds, label(error),
            )  # fmt: skip
        return error


class Delivery:
    """What the uploads of one EventsApi share, and what is decided after each attempt. Nothing here waits."""

    def __init__(self, configuration: Configuration, address: str, pace: Pace, budget: Budget | None) -> None:
        self.configuration = configuration
        self._address = address
        self.pace = pace
        self._budget = budget

    def begin(self, upload: Upload, *, of_many: bool) -> Course:
        """Set out with an upload, which may be one of an `upload_all`."""
        return Course(upload, self.configuration.deadline, of_many=of_many)

    def held_seconds(self, course: Course, *, stopping: bool) -> float:
        """How long an earlier 429 holds back the next attempt.

        Raises:
            RateLimitError: Longer than there is time.
        """
        course.wait = None
        if stopping and course.told_to_wait:
            raise course.finished(course.failures.pop())
        held = self.pace.held_seconds()
        if held and (stopping or held >= course.seconds_left()):
            raise course.finished(self.pace.refusal())
        return held

    def settled(
        self, course: Course, began: float, result: Response[ApiErrorResponse] | Exception, *, stopping: bool
    ) -> httpx.Response:
        """What an attempt came to; `course.wait` says when the next one follows.

        Raises:
            APIError: It was not accepted.
        """
        course.attempts += 1
        if isinstance(result, Response):
            self.pace.note(result.http)
            if result.parsed is None:
                if self._budget is not None:
                    self._budget.earn(retried=course.attempts > 1)
                self._tell(course, began, result.status_code, None)
                return result.http
            error: APIError = error_for_status(result.status_code)(result.http, result.parsed.errors or ())
        else:
            error = _no_answer(self._address, result)
        course.wait = self._wait_after(course, error, stopping=stopping)
        self._tell(course, began, getattr(error, "status_code", None), error)
        course.failures.append(error)
        if course.wait is None:
            course.finished(error)
        raise error

    def _wait_after(self, course: Course, error: APIError, *, stopping: bool) -> float | None:
        response = error.response if isinstance(error, APIStatusError) else None
        asked = retry_after_seconds(response.headers) if response is not None else None
        course.told_to_wait = asked is not None
        wait = wait_before_next(
            error.outcome,
            policy=self.configuration.retry,
            attempts=course.attempts,
            repeatable=course.upload.repeatable,
            retry_after=asked,
            seconds_left=course.seconds_left(),
            drawn=_RANDOM.random(),
        )
        if isinstance(error, RateLimitError) and self.configuration.retry is not None:
            self.pace.hold(wait or asked or 0.0, error)
        if wait is None or stopping:
            return None
        if isinstance(error.__cause__, StaleConnectionError) and not course.failures:
            return 0.0  # no sign of trouble
        return wait if self._budget is None or self._budget.spend() else None

    def _tell(self, course: Course, began: float, status: int | None, error: APIError | None) -> None:
        seconds = time.monotonic() - began
        upload = course.upload
        LOG.debug(
            "upload %s: attempt %d, %s of %d batch(es), %d bytes: %s in %.3f s",
            course.id, course.attempts, upload.operation, len(upload.batches), len(upload.body),
            f"HTTP {status}" if error is None else label(error), seconds,
        )  # fmt: skip
        if error is not None and course.wait is not None:
            LOG.info("upload %s: %s, tried again in %.2f s", course.id, label(error), course.wait)
        if self.configuration.on_attempt is not None:
            self._tell_hook(self.configuration.on_attempt, course, seconds, status, error)

    def _tell_hook(
        self,
        hook: Callable[[Attempt], object],
        course: Course,
        seconds: float,
        status: int | None,
        error: APIError | None,
    ) -> None:
        from ._attempt import Attempt  # only for who asks

        attempt = Attempt(
            upload_id=course.id,
            operation=course.upload.operation,
            batches=len(course.upload.batches),
            body_bytes=len(course.upload.body),
            number=course.attempts,
            seconds=seconds,
            outcome=Outcome.TAKEN if error is None else error.outcome,
            status_code=status,
            error=error,
            next_in_seconds=course.wait,
        )
        try:
            hook(attempt)
        except (Exception, SystemExit):
            LOG.exception("on_attempt raised")


def _no_answer(address: str, error: Exception) -> APIConnectionError:
    if isinstance(error, _NO_CONNECTION):
        outcome = Outcome.NOT_TAKEN
    elif isinstance(error, _CANNOT_BE_SENT):
        outcome = Outcome.REFUSED
    else:
        outcome = Outcome.UNKNOWN
    kind = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    _without_frames(error)
    went_wrong = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    missing = "connection to" if outcome is Outcome.NOT_TAKEN else "whole answer from"
    ours = kind(f"no {missing} {address} ({went_wrong})", outcome)
    ours.__cause__ = error
    return ours


def _without_frames(error: BaseException) -> None:
    """Take from a cause the frames, whose variables reporters show: what was sent is in them."""
    inner: BaseException | None = error
    seen: set[int] = set()  # one may be its own cause, or its cause's
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        inner.__traceback__ = None
        inner = inner.__cause__ or inner.__context__
