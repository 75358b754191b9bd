"""The errors of this package.

MParticleError
├── ConfigurationError        a Configuration that cannot work; nothing was sent
├── ClosedError               an upload after close(); nothing was sent
├── ValidationError           a batch the service would refuse or drop; nothing of the request was sent
├── WrongCallError            an argument of the wrong kind; nothing was sent
└── APIError                  a request that was not accepted, or not known to be
    ├── APIConnectionError        no whole answer came; the cause is chained
    │   └── APITimeoutError       not in time
    ├── UploadStoppedError        it was stopped from here: close(), Ctrl-C, a cancelled task
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

from ._outcome import Outcome, outcome_of_status

if TYPE_CHECKING:
    import httpx
    from mparticle_events.models import ApiError


class MParticleError(Exception):
    """The base of every error that this package raises."""


def unexpected(error: BaseException) -> MParticleError:
    """The error itself where it is one of ours; one of ours around any other, such as a transport's own."""
    if isinstance(error, MParticleError):
        return error
    ours = MParticleError(f"unexpected {type(error).__name__}: {error}")
    ours.__cause__ = error
    return ours


def label(error: MParticleError) -> str:
    """What an error is, for a log: its text may quote what mParticle says of someone's data."""
    if isinstance(error, APIStatusError):
        return f"{type(error).__name__}, HTTP {error.status_code}"
    cause = f", {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{type(error).__name__}{cause}"


class ConfigurationError(MParticleError, ValueError):
    """A Configuration that cannot work. The text names the argument, never a secret."""


class ClosedError(MParticleError, RuntimeError):
    """The EventsApi was closed before this call."""


class WrongCallError(MParticleError, TypeError):
    """An argument of a kind that the call does not take."""


def kind_of(value: object) -> str:
    """What a value is, for a message: not the value, which may be personal."""
    return "None" if value is None else type(value).__name__


class ValidationError(MParticleError, ValueError):
    """A batch that the service would refuse, or drop in silence. Nothing of its request was sent.

    Attributes:
        problem: What is wrong and what to do, without the place.
        path: Where the fault is in the batch, as in `events[3].data.event_name`; empty for the whole batch.
        batch_index: Where the batch stands in its request, from 0; None for a batch alone or the whole request.
        subject: What the fault is in: a `batch`, or the `batches` of a request.
    """

    def __init__(self, problem: str, path: str = "", batch_index: int | None = None, subject: str = "batch") -> None:
        named = subject if batch_index is None else f"batches[{batch_index}]"
        super().__init__(f"{named}: {path + ': ' if path else ''}{problem}")
        self.problem = problem
        self.path = path
        self.batch_index = batch_index
        self.subject = subject

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problem, self.path, self.batch_index, self.subject)


class APIError(MParticleError):
    """A request that was not accepted, or not known to be.

    Attributes:
        outcome: What became of it: `NOT_TAKEN`, `UNKNOWN` or `REFUSED`.
        repeatable: Whether sending the same again is safe, because each batch has a `source_request_id`.
        attempts: How often it was sent.
        elapsed_seconds: From the call to this error, with the waiting.
        earlier: The errors of the attempts before the last, in their order.
    """

    outcome: Outcome = Outcome.UNKNOWN
    repeatable: bool = False
    attempts: int = 1
    elapsed_seconds: float = 0.0
    earlier: tuple[APIError, ...] = ()

    def __str__(self) -> str:
        tried = f" [{self.attempts} attempts, {self.elapsed_seconds:.1f} s]" if self.attempts > 1 else ""
        return f"{super().__str__()}; {self._what_became_of_it()}{tried}"

    def _what_became_of_it(self) -> str:
        if self.outcome is not Outcome.UNKNOWN:
            return "nothing was taken"
        if self.repeatable:
            return "whether it was taken is not known, and sending it again is safe: each batch has a source_request_id"
        return (
            "whether it was taken is not known: with a source_request_id on each batch, as "
            "Configuration(deduplicate=True) gives, it would be safe to send it again"
        )


class APIConnectionError(APIError):
    """No whole answer came: no connection, or one that broke. `outcome` says whether anything can have been taken."""

    def __init__(self, message: str, outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(message)
        self.outcome = outcome

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (*self.args, self.outcome), vars(self)


class APITimeoutError(APIConnectionError, TimeoutError):
    """No whole answer came within `Configuration.timeout` or what was left of the deadline."""


class UploadStoppedError(APIConnectionError):
    """The upload was stopped from here before its answer came: by Ctrl-C, a cancelled task, or another's error."""


class APIStatusError(APIError):
    """The service answered, and did not accept.

    Attributes:
        status_code: The HTTP status.
        errors: What mParticle says of it, a code and a message each; empty where it says nothing.
        response: The answer.
    """

    hint = "mParticle did not accept the request"

    def __init__(self, response: httpx.Response, errors: Sequence[ApiError] = ()) -> None:
        said = "; ".join(f"{error.code or 'error'}: {error.message or 'no message'}" for error in errors)
        hint = _HINTS.get(response.status_code, self.hint)
        super().__init__(f"HTTP {response.status_code}: {hint}{' (' + said + ')' if said else ''}")
        self.status_code = response.status_code
        self.outcome = outcome_of_status(response.status_code)
        self.errors = tuple(errors)
        self.response = response

    def __reduce__(self) -> tuple[object, ...]:
        return _status_error, (
            type(self),
            self.status_code,
            list(self.response.headers.items()),
            self.response.content,
            self.errors,
            {name: value for name, value in vars(self).items() if name != "response"},
        )


def _status_error(
    kind: type[APIStatusError],
    status: int,
    headers: list[tuple[str, str]],
    content: bytes,
    errors: Sequence[ApiError],
    others: dict[str, object],
) -> APIStatusError:
    """An error out of a pickle, which the request with its credentials does not go into."""
    import httpx

    plain = [(name, value) for name, value in headers if name.lower() not in ("content-encoding", "transfer-encoding")]
    error = kind(httpx.Response(status, headers=plain, content=content), errors)
    vars(error).update(others)
    return error


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

    def __init__(
        self, response: httpx.Response, errors: Sequence[ApiError] = (), retry_after: float | None = None
    ) -> None:
        from ._retry_after import retry_after_seconds  # only on the way to this error

        self.retry_after = retry_after_seconds(response.headers) if retry_after is None else retry_after
        self.limit: str | None = response.headers.get("X-mp-rate-limit-exceeded")
        wait = "" if self.retry_after is None else f"{round(self.retry_after, 1):g} s "
        which = f"the {self.limit}'s" if self.limit else "a"
        held_back = "" if retry_after is None else "not sent, because an earlier upload was "
        self.hint = f"{held_back}over {which} rate limit: wait {wait}and send again"
        super().__init__(response, errors)


class ServerError(APIStatusError):
    """5xx: the service has trouble. Nothing was taken of a 503; of the others it is not known."""

    hint = "the service has trouble"


_HINTS = {
    404: "nothing is at this address: does base_url end in /v2?",
    **dict.fromkeys((301, 302, 303, 307, 308), "redirected, which is not followed: is base_url the service's own?"),
}
_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    413: PayloadTooLargeError,
    429: RateLimitError,
}


def error_for_status(status_code: int) -> type[APIStatusError]:
    """The class of error that an answer with this status becomes."""
    if status_code >= 500:  # also above 599, see outcome_of_status
        return ServerError
    return _BY_STATUS.get(status_code, APIStatusError)
