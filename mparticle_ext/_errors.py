"""The errors of this package.

MParticleError
├── ConfigurationError        a Configuration that cannot work; nothing was sent
├── ClosedError               an upload after close(); nothing was sent
├── ValidationError           a batch the service would refuse or drop; nothing of the request was sent
├── WrongCallError            an argument of the wrong kind; nothing was sent
├── APIConnectionError        no answer came; the cause is chained
│   └── APITimeoutError       no answer came in time
└── APIStatusError            an answer that is no acceptance
    ├── BadRequestError           400
    ├── AuthenticationError       401
    ├── PermissionDeniedError     403
    ├── PayloadTooLargeError      413
    ├── RateLimitError            429
    └── ServerError               5xx
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from mparticle_events.models import ApiError


class MParticleError(Exception):
    """The base of every error that this package raises."""


class ConfigurationError(MParticleError, ValueError):
    """A Configuration that cannot work. The text names the argument, never a secret."""


class ClosedError(MParticleError, RuntimeError):
    """The EventsApi was closed before this call."""


class WrongCallError(MParticleError, TypeError):
    """An argument of a kind that the call does not take."""


class ValidationError(MParticleError, ValueError):
    """A batch that the service would refuse, or drop in silence. Nothing of its request was sent.

    Attributes:
        batch_index: Where the batch stands in its request, from 0; None for a batch alone or the whole request.
        path: Where the fault is in the batch, as in `events[3].data.event_name`; empty for the whole batch.
    """

    def __init__(self, problem: str, *, path: str = "", batch_index: int | None = None) -> None:
        batch = "batch" if batch_index is None else f"batches[{batch_index}]"
        super().__init__(f"{batch}: {path + ': ' if path else ''}{problem}")
        self.problem = problem
        self.path = path
        self.batch_index = batch_index

    def __reduce__(self) -> tuple[object, ...]:
        return _validation_error, (self.problem, self.path, self.batch_index)


def _validation_error(problem: str, path: str, batch_index: int | None) -> ValidationError:
    return ValidationError(problem, path=path, batch_index=batch_index)


class APIConnectionError(MParticleError):
    """No answer came: no connection, or one that broke. Whether the batches were taken is not known."""


class APITimeoutError(APIConnectionError, TimeoutError):
    """No answer came within `Configuration.timeout` seconds. Whether the batches were taken is not known."""


class APIStatusError(MParticleError):
    """The service answered, and did not accept.

    Attributes:
        status_code: The HTTP status.
        errors: What mParticle says of it, a code and a message each; empty where it says nothing.
        response: The answer.
    """

    hint = "mParticle did not accept the request"

    def __init__(self, response: httpx.Response, errors: Sequence[ApiError] = ()) -> None:
        said = "; ".join(f"{error.code or 'error'}: {error.message or 'no message'}" for error in errors)
        super().__init__(f"HTTP {response.status_code}: {self.hint}{' (' + said + ')' if said else ''}")
        self.status_code = response.status_code
        self.errors = tuple(errors)
        self.response = response

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.response, self.errors)


class BadRequestError(APIStatusError):
    """400: the JSON is malformed or a required field is missing."""

    hint = "mParticle cannot read the request"


class AuthenticationError(APIStatusError):
    """401: the request came without credentials."""

    hint = "no credentials arrived: is something between here and mParticle taking the Authorization header away?"


class PermissionDeniedError(APIStatusError):
    """403: the credentials are wrong for this service."""

    hint = "the API key and secret are not accepted: check them, and that the pod is theirs"


class PayloadTooLargeError(APIStatusError):
    """413: the request is over the size limit."""

    hint = "the request is too large: send fewer batches at once"


class RateLimitError(APIStatusError):
    """429: over a rate limit. Nothing of the request was taken.

    Attributes:
        retry_after: Seconds to wait before the next request, where the service says.
        limit: The limit that was exceeded (`org`, `account`, `app`, ...), where the service says.
    """

    hint = "over a rate limit, nothing was taken: wait and send again"

    def __init__(self, response: httpx.Response, errors: Sequence[ApiError] = ()) -> None:
        super().__init__(response, errors)
        wait = response.headers.get("Retry-After", "").strip()
        self.retry_after: float | None = float(wait) if wait.isascii() and wait.isdigit() else None
        self.limit: str | None = response.headers.get("X-mp-rate-limit-exceeded")


class ServerError(APIStatusError):
    """5xx: the service has trouble. Whether the batches were taken is not known, but for 503, where they were not."""

    hint = "the service has trouble: send again later"


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    413: PayloadTooLargeError,
    429: RateLimitError,
}


def error_for_status(status_code: int) -> type[APIStatusError]:
    """The class of error that an answer with this status becomes."""
    if 500 <= status_code <= 599:
        return ServerError
    return _BY_STATUS.get(status_code, APIStatusError)
