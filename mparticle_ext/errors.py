"""The errors of this package, and the outcome of a request.

MParticleError
├── ConfigurationError        a Configuration with a value that cannot work; nothing was sent
├── ClosedError               an upload after close(); nothing was sent
├── ValidationError           a batch that mParticle would refuse or drop; nothing of its request was sent
├── WrongCallError            an argument of the wrong type; nothing was sent
├── PlanError                 a file that is not a data plan
├── PlanViolationError        a batch that is not as the data plan says; nothing of its request was sent
└── APIError                  a request that was not accepted, or whose outcome is unknown
    ├── APIConnectionError        no complete response; the cause is chained
    │   └── APITimeoutError       no complete response in time
    ├── UploadStoppedError        the upload was interrupted: close(), Ctrl-C, a cancelled task
    └── APIStatusError            a response with an error status
        ├── BadRequestError           400
        ├── AuthenticationError       401
        ├── PermissionDeniedError     403
        ├── PayloadTooLargeError      413
        ├── RateLimitError            429
        └── ServerError               5xx
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import wraps
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

if TYPE_CHECKING:
    import httpx
    from mparticle_events.models import ApiError

    from .batch import AnyBatch
    from .plan.data_plan import Violation

P = ParamSpec("P")
T = TypeVar("T")

_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429


class Outcome(Enum):
    """Whether mParticle accepted a request, as far as the client knows."""

    TAKEN = "taken"
    """Accepted."""
    NOT_TAKEN = "not taken"
    """Not accepted: no connection, or a rate limit. The same request can succeed later."""
    UNKNOWN = "unknown"
    """The request was sent at least in part, and no response says whether it was accepted."""
    REFUSED = "refused"
    """Not accepted, and the same request would be refused again."""


def outcome_of_status(status: int) -> Outcome:
    """The outcome that an HTTP status means. A status above 599 counts as 5xx (RFC 9110, section 15)."""
    if 200 <= status <= 299:
        return Outcome.TAKEN
    if status == _TOO_MANY_REQUESTS:
        return Outcome.NOT_TAKEN
    if status == _REQUEST_TIMEOUT or status >= 500 or status < 200:
        return Outcome.UNKNOWN
    return Outcome.REFUSED


class MParticleError(Exception):
    """The base class of all errors of this package."""


def wrapped(error: BaseException) -> MParticleError:
    """The error itself if it is an MParticleError, else an MParticleError with it as the cause."""
    if isinstance(error, MParticleError):
        return error
    ours = MParticleError(f"unexpected {type(error).__name__}: {error}")
    ours.__cause__ = error
    return ours


def label(error: MParticleError) -> str:
    """The type of an error for a log line. Its text is left out: it can quote personal data."""
    if isinstance(error, APIStatusError):
        return f"{type(error).__name__}, HTTP {error.status_code}"
    cause = f", {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{type(error).__name__}{cause}"


class ConfigurationError(MParticleError, ValueError):
    """A Configuration has a value that cannot work. The message names the argument and never quotes a secret."""


class ClosedError(MParticleError, RuntimeError):
    """The API object was closed before this call."""


class WrongCallError(MParticleError, TypeError):
    """An argument has the wrong type."""


class PlanError(MParticleError, ValueError):
    """A file or a dict is not a data plan, or has several versions of it. The message has the place in it."""


class PlanViolationError(MParticleError, ValueError):
    """A batch is not as the data plan says, and `Configuration(on_violation="raise")` refuses such batches.

    mParticle would accept it. Nothing of its request was sent.

    Attributes:
        violations: All violations of the batch.
        batch_index: The index of the batch in its request, from 0; None for a single batch.
    """

    def __init__(self, violations: Sequence[Violation], batch_index: int | None = None) -> None:
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{'batch' if batch_index is None else f'batches[{batch_index}]'}: {violations[0]}{more}")
        self.violations: Sequence[Violation] = violations
        self.batch_index: int | None = batch_index

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.violations, self.batch_index)


LONE_SURROGATE = "a character that UTF-8 cannot encode (a lone surrogate): correct the text"


def type_name(value: object) -> str:
    """The type of a value for a message. The value is left out: it can be personal data."""
    if isinstance(value, type):
        return f"the class {value.__name__}: write {value.__name__}(...)"
    return "None" if value is None else type(value).__name__


class ValidationError(MParticleError, ValueError):
    """mParticle would refuse the batch, or drop it silently. Nothing of its request was sent.

    Attributes:
        problem: What is wrong and what to do, without the path.
        path: The path in the batch, such as `events[3].data.event_name`; empty for the whole batch.
        batch_index: The index of the batch in its request, from 0; None for a single batch or the whole request.
        subject: What has the fault: `batch`, or `batches` for a whole request.
    """

    def __init__(self, problem: str, path: str = "", batch_index: int | None = None, subject: str = "batch") -> None:
        named = subject if batch_index is None else f"batches[{batch_index}]"
        super().__init__(f"{named}: {path + ': ' if path else ''}{problem}")
        self.problem: str = problem
        self.path: str = path
        self.batch_index: int | None = batch_index
        self.subject: str = subject

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problem, self.path, self.batch_index, self.subject)


class APIError(MParticleError):
    """A request was not accepted, or its outcome is unknown.

    Attributes:
        outcome: `NOT_TAKEN`, `UNKNOWN` or `REFUSED`.
        repeatable: Whether the batches can be sent again without counting twice: each has a `source_request_id`.
        batches: Copies of the batches as they were sent, each with its `source_request_id`. Left out of a pickle.
        attempts: How many times the request was sent.
        elapsed_seconds: Seconds from the call to this error, waits included.
        earlier: The errors of the attempts before the last one, in order.
    """

    outcome: Outcome = Outcome.UNKNOWN
    repeatable: bool = False
    batches: Sequence[AnyBatch] = ()
    attempts: int = 1
    elapsed_seconds: float = 0.0
    earlier: tuple[APIError, ...] = ()

    def __str__(self) -> str:
        tried = f" [{self.attempts} attempts, {self.elapsed_seconds:.1f} s]" if self.attempts > 1 else ""
        return f"{super().__str__()}; {self._consequence()}{tried}"

    def _consequence(self) -> str:
        if self.outcome is not Outcome.UNKNOWN:
            return "nothing was accepted"
        if self.repeatable:
            return "whether it was accepted is unknown; send error.batches again, mParticle drops duplicates"
        return (
            "whether it was accepted is unknown, and sending it again can count it twice: give each batch a "
            "source_request_id, as Configuration(deduplicate=True) does"
        )

    def _picklable(self, *left_out: str) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name not in ("batches", *left_out)}


class APIConnectionError(APIError):
    """No complete response: the connection failed or broke. `outcome` says whether the request can have arrived."""

    def __init__(self, message: str, outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(message)
        self.outcome = outcome

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (*self.args, self.outcome), self._picklable()


class APITimeoutError(APIConnectionError, TimeoutError):
    """No complete response within `Configuration.timeout` or the rest of `Configuration.deadline`."""


class UploadStoppedError(APIConnectionError):
    """The upload was interrupted before its response: by Ctrl-C, close(), a cancelled task or another error."""


class APIStatusError(APIError):
    """mParticle answered with an error status.

    Attributes:
        status_code: The HTTP status.
        errors: The errors in the response, each with a code and a message; empty if there are none.
        response: The response.
    """

    hint = "mParticle did not accept the request"

    def __init__(self, response: httpx.Response, errors: Sequence[ApiError] = ()) -> None:
        details = "; ".join(f"{error.code or 'error'}: {error.message or 'no message'}" for error in errors)
        hint = _HINTS.get(response.status_code, self.hint)
        super().__init__(f"HTTP {response.status_code}: {hint}{' (' + details + ')' if details else ''}")
        self.status_code: int = response.status_code
        self.outcome = outcome_of_status(response.status_code)
        self.errors: tuple[ApiError, ...] = tuple(errors)
        self.response: httpx.Response = response

    def __reduce__(self) -> tuple[object, ...]:
        response = self.response
        copied = response.status_code, list(response.headers.items()), response.content
        return _unpickled, (type(self), self.args, copied, self._picklable("response"))


_Copied: TypeAlias = tuple[int, list[tuple[str, str]], bytes]


def _unpickled(kind: type[APIStatusError], args: tuple[str], copied: _Copied, others: dict[str, Any]) -> APIStatusError:
    """Rebuild an error without its request, which had the credentials."""
    import httpx

    status, headers, content = copied
    plain = [(name, value) for name, value in headers if name.lower() not in ("content-encoding", "transfer-encoding")]
    error = kind.__new__(kind, *args)
    vars(error).update(others, response=httpx.Response(status, headers=plain, content=content))
    return error


class BadRequestError(APIStatusError):
    """400: the JSON is malformed or a required field is missing."""

    hint = "mParticle cannot read the request"


class AuthenticationError(APIStatusError):
    """401: the request arrived without credentials."""

    hint = "no credentials arrived: does a proxy remove the Authorization header?"


class PermissionDeniedError(APIStatusError):
    """403: the credentials are wrong."""

    hint = "the API key and secret are not accepted: check them, and check that the pod is right"


class PayloadTooLargeError(APIStatusError):
    """413: the request is larger than the limit."""

    hint = "the request is too large: send fewer batches at once, or smaller ones"


class RateLimitError(APIStatusError):
    """429: a rate limit was exceeded. Nothing of the request was accepted.

    Attributes:
        retry_after: Seconds to wait before the next request, if the response says.
        limit: The limit that was exceeded (`org`, `account`, `app`, ...), if the response says.
    """

    def __init__(
        self,
        response: httpx.Response,
        errors: Sequence[ApiError] = (),
        retry_after: float | None = None,
        *,
        is_sent: bool = True,
    ) -> None:
        self.retry_after: float | None = retry_after
        self.limit: str | None = response.headers.get("X-mp-rate-limit-exceeded")
        wait = "" if retry_after is None else f"{round(retry_after, 1):g} s "
        which = f"the {self.limit}" if self.limit else "a"
        not_sent = "" if is_sent else "not sent, because an earlier upload was "
        self.hint = f"{not_sent}over {which} rate limit: wait {wait}and send again"
        super().__init__(response, errors)


class ServerError(APIStatusError):
    """5xx: mParticle has a problem. Whether it accepted the request is unknown."""

    hint = "mParticle has a problem"


_HINTS = {
    404: "not found: check that base_url ends in /v2",
    **dict.fromkeys((301, 302, 303, 307, 308), "redirects are not followed: check base_url"),
}
_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    413: PayloadTooLargeError,
    429: RateLimitError,
}


def error_for_status(status_code: int) -> type[APIStatusError]:
    """The error class for an HTTP status."""
    return ServerError if status_code >= 500 else _BY_STATUS.get(status_code, APIStatusError)


def chain(error: BaseException, handled: BaseException | None = None) -> Iterator[BaseException]:
    """An exception, its causes and contexts, and the exceptions of a group; without what was being handled before."""
    seen = {id(handled)}
    remaining: list[BaseException | None] = [error]
    while remaining:
        one = remaining.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        remaining += [*getattr(one, "exceptions", ()), one.__context__, one.__cause__]


def clear_locals(error: BaseException, handled: BaseException | None) -> None:
    """Clear the local variables of the frames of an exception and its chain, which error reporters record."""
    from traceback import clear_frames  # loaded at an error

    for one in chain(error, handled):
        clear_frames(one.__traceback__)


def hides_locals(function: Callable[P, T]) -> Callable[P, T]:
    """A decorator: error reporters that record local variables find no argument of the function in its exceptions."""

    @wraps(function)
    def inner(*arguments: P.args, **settings: P.kwargs) -> T:
        handled = sys.exception()
        try:
            return function(*arguments, **settings)
        except BaseException as error:
            clear_locals(error, handled)
            del arguments, settings
            raise

    return inner


def raised_by_signal(error: BaseException, handled: BaseException | None) -> BaseException | None:
    """The exception of a signal handler that httpcore took for the socket's own, such as SIGALRM's TimeoutError.

    Its traceback has the interrupted frame, and after it the handler's frame, which got that one as an argument. A
    handler that has changed its argument is found by its code, if it is still the handler.
    """
    import signal
    from itertools import pairwise
    from traceback import walk_tb  # loaded at an error

    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()} - {None}
    for one in chain(error, handled):
        frames = [frame for frame, _ in walk_tb(one.__traceback__)]
        if any(after.f_code in handlers or _has_argument(after, frame) for frame, after in pairwise(frames)):
            return one
    return None


def _has_argument(frame: FrameType, value: FrameType) -> bool:
    from inspect import getargvalues

    names, rest, _, known = getargvalues(frame)
    return any(one is value for one in (*map(known.get, names), *known.get(rest or "", ())))


def function_problem(name: str, function: object, *arguments: str) -> str:
    """Why a function cannot be called with these arguments; empty if it can be, or if nothing is known of it."""
    from inspect import Parameter, Signature, iscoroutinefunction, signature  # loaded when there is a function

    shown = f"({', '.join(arguments)})"
    if not callable(function):
        return f"{name} takes a function of {shown}, not {type_name(function)}"
    if iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__):
        return f"{name} takes a plain function: a coroutine would never be awaited"
    try:
        given = signature(function, follow_wrapped=False)  # a decorator can change the arguments
    except Exception:  # some callables have no signature, and some annotations cannot be evaluated
        return ""
    try:
        given.bind(*arguments)
    except TypeError:  # without the default values, which can be personal data
        plain = [one.replace(default=Parameter.empty, annotation=Parameter.empty) for one in given.parameters.values()]
        return f"{name} is called with {shown}, but takes {Signature(plain)}: write {name}{shown}"
    return ""


def require_plain(returned: object, name: str) -> None:
    """Refuse a coroutine of a user's function: it would never be awaited, and the result would be lost."""
    if isinstance(returned, CoroutineType):
        returned.close()
        raise WrongCallError(f"{name} takes a plain function, but this one returned a coroutine: start a task for it")
