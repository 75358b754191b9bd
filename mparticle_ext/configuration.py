"""The settings of an EventsApi: credentials, destination, retries, limits."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, FrozenInstanceError, dataclass, field, fields, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeAlias

from mparticle_events.service import DEFAULT_POD, SERVERS, Pod

from .errors import ConfigurationError, T, function_problem, hides_locals, type_name

if TYPE_CHECKING:
    import ssl

    import httpx

    from .batch import AnyBatch
    from .plan.data_plan import DataPlan, Violation
    from .results import Attempt

OnViolation: TypeAlias = "Literal['warn', 'raise'] | Callable[[list[Violation], AnyBatch], object]"
"""How an upload treats a batch that violates the data plan."""

# Compiled at first use, because most programs give no address.
_HOST = r"(?P<host>([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
_URL = rf"(?P<scheme>https?)://{_HOST}(/[^\s?#]*)?"
_PROXY = rf"(https?|socks5h?)://([^\s/@]+@)?{_HOST}/?"
_LOOPBACK = r"localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?"
_MAX_PORT = 65_535
_MAX_RATE = 1_000_000
_DAY_SECONDS = 86_400
_VARIABLES = {
    "api_key": "MPARTICLE_API_KEY",
    "api_secret": "MPARTICLE_API_SECRET",
    "pod": "MPARTICLE_POD",
    "base_url": "MPARTICLE_BASE_URL",
}


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return re.fullmatch(_LOOPBACK, host) is not None


def _require_package(module: str, setting: str, requirement: str) -> None:
    """Refuse a setting that needs a package which is not installed."""
    if find_spec(module) is None:
        raise ConfigurationError(f'{setting} needs another package: pip install "{requirement}"')


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _require_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} is {value!r:.40}: give a whole number of at least 1")


def _require_seconds(name: str, value: Any) -> None:
    if not (_is_number(value) and 0 < value <= _DAY_SECONDS):
        raise ConfigurationError(f"{name} is {value!r:.40}: give seconds, more than 0 and at most a day")


def _require_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} is {value!r:.40}: give True or False")


def _http2(name: str, value: Any) -> None:
    _require_bool(name, value)
    if value:
        _require_package("h2", "http2=True", "mparticle-ext[http2]")


@dataclass(frozen=True, kw_only=True)
class Retry:
    """When a request is sent again: exponential backoff with full jitter.

    The wait before attempt n + 1 is random, from 0 to `initial_backoff` · 2ⁿ⁻¹ seconds and at most `max_backoff`, so
    that clients that failed together do not retry together. All attempts end by `Configuration.deadline`.

    Attributes:
        max_attempts: Attempts per request at most. 8 outlasts a restart of the service: 25 seconds on average.
        initial_backoff: The longest first wait, in seconds.
        max_backoff: The longest wait, in seconds.
        budget: Retries that are allowed in an outage. Each retry costs one; each accepted request gives back a fifth
            of one, and the cost of its last retry. When it is used up, nothing is retried. 100 and a fifth are the AWS
            SDKs' numbers.

    Raises:
        ConfigurationError: A value cannot work.
    """

    max_attempts: int = 8
    initial_backoff: float = 0.5
    max_backoff: float = 20.0
    budget: int = 100

    def __post_init__(self) -> None:
        _require_count("max_attempts", self.max_attempts)
        _require_seconds("initial_backoff", self.initial_backoff)
        _require_seconds("max_backoff", self.max_backoff)
        _require_count("budget", self.budget)

    def backoff(self, attempts: int, random: float) -> float:
        """Seconds to wait after this many attempts; `random` is a random number from 0 to 1."""
        return random * min(self.max_backoff, self.initial_backoff * 2.0 ** min(attempts - 1, 60))


def _credential(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{name} is a string, not {type_name(value)}")
    if not value:
        raise ConfigurationError(f"{name} is empty: copy it from mParticle, Setup > Inputs")
    if not value.isprintable():
        raise ConfigurationError(f"{name} has a control character (a line break?): copy it again")
    if value != value.strip():
        raise ConfigurationError(f"{name} begins or ends with a space: copy it again")
    if name == "api_key" and ":" in value:
        raise ConfigurationError("api_key has a colon, which HTTP Basic does not allow: copy only the key")


def _pod(_: str, value: Any) -> None:
    if not isinstance(value, str) or value not in SERVERS:
        raise ConfigurationError(f"pod is {value!r:.40}: give one of {', '.join(SERVERS)}")


def _address(form: str, value: Any) -> re.Match[str] | None:
    url = re.fullmatch(form, value) if isinstance(value, str) else None
    return url if url is not None and int(url["port"] or 0) <= _MAX_PORT else None


def _base_url(value: Any, *, allow_http: bool) -> None:
    if value is None:
        return
    url = _address(_URL, value)
    if url is None:
        raise ConfigurationError("base_url must be like https://host/path, without credentials, query or fragment")
    if url["scheme"] == "http" and not (allow_http or is_loopback(url["host"])):
        raise ConfigurationError(
            "base_url is http://, which sends the secret unencrypted: use https://, or allow_http=True"
        )


def _retry(_: str, value: Any) -> None:
    if value is not None and not isinstance(value, Retry):
        raise ConfigurationError(f"retry takes a Retry, or None for a single attempt, not {type_name(value)}")


def _proxy(_: str, value: Any) -> None:
    if value is not None and _address(_PROXY, value) is None:
        raise ConfigurationError("proxy must be like http://host:port, with user:password@ before the host if needed")


def _ssl_context(_: str, value: Any) -> None:
    if value is None:
        return
    import ssl  # loaded when there is a context

    if not isinstance(value, ssl.SSLContext):
        raise ConfigurationError(f"ssl_context takes an ssl.SSLContext, not {type_name(value)}")
    if value.protocol is ssl.PROTOCOL_TLS_SERVER:
        raise ConfigurationError("ssl_context is a server's: use ssl.create_default_context()")


def _rate(_: str, value: Any) -> None:
    if value is not None and not (_is_number(value) and 0 < value <= _MAX_RATE):
        raise ConfigurationError(f"rate is {value!r:.40}: give batches a second, more than 0, or None")


def _function(name: str, value: Any) -> None:
    if value is not None and (problem := function_problem(name, value, "attempt")):
        raise ConfigurationError(problem)


def _data_plan(_: str, value: Any) -> None:
    if value is None:
        return
    from .plan.data_plan import DataPlan  # loaded when there is a plan

    if not isinstance(value, DataPlan):
        given = type_name(value)
        raise ConfigurationError(f"data_plan takes what DataPlan.load returns, not {given}")


def _on_violation(name: str, value: Any) -> None:
    if value in ("warn", "raise"):
        return
    if not callable(value):
        raise ConfigurationError(f"{name} is {value!r:.40}: give 'warn', 'raise' or a function of (violations, batch)")
    if problem := function_problem(name, value, "violations", "batch"):
        raise ConfigurationError(problem)


def _transport(_: str, value: Any) -> None:
    if value == "aiohttp":
        _require_package("httpx_aiohttp", "transport='aiohttp'", "mparticle-ext[aiohttp]")
    elif value is not None and not (hasattr(value, "handle_request") or hasattr(value, "handle_async_request")):
        given = repr(value) if isinstance(value, str) else type_name(value)
        raise ConfigurationError(f"transport takes an httpx transport, or 'aiohttp', not {given:.40}")


_VALIDATORS: dict[str, Callable[[str, Any], None]] = {
    "api_key": _credential,
    "api_secret": _credential,
    "pod": _pod,
    "allow_http": _require_bool,
    "timeout": _require_seconds,
    "deadline": _require_seconds,
    "retry": _retry,
    "deduplicate": _require_bool,
    "validate": _require_bool,
    "max_in_flight": _require_count,
    "rate": _rate,
    "proxy": _proxy,
    "trust_env": _require_bool,
    "http2": _http2,
    "ssl_context": _ssl_context,
    "on_attempt": _function,
    "data_plan": _data_plan,
    "on_violation": _on_violation,
    "transport": _transport,
}


def _refuse_change(_: object, name: str, __: object) -> None:
    known = [one.name for one in fields(Configuration)]
    if name not in known:
        raise FrozenInstanceError(f"a Configuration has no setting {name}: its settings are {', '.join(known)}")
    advice = f"configuration.replace({name}=...) makes another one"
    raise FrozenInstanceError(f"a Configuration cannot be changed: {advice}")


def _replace_methods(kind: type[T]) -> type[T]:
    kind.__init__ = hides_locals(kind.__init__)  # type: ignore[method-assign]  # dataclass has made it
    kind.__setattr__ = _refuse_change  # type: ignore[method-assign]  # dataclass's fails at unknown names with slots
    return kind


@_replace_methods
@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of an EventsApi or AsyncEventsApi. It is validated when it is made, and cannot be changed.

    Attributes:
        api_key: The key of the mParticle input (Setup > Inputs). Not in the repr.
        api_secret: The secret of the input. Not in the repr.
        pod: The data center of the mParticle account.
        base_url: Where to send instead of to the pod, such as a sandbox.
        allow_http: Allow an `http://` base_url that is not this machine. Anyone on the network can read what is sent.
        timeout: Longest wait for data from the server, in seconds. A connection gets at most 10 s.
        deadline: Seconds that an upload can take in total, with its retries and waits.
        retry: When a request is sent again; None for a single attempt that never waits.
        deduplicate: Send a batch that has no `source_request_id` with a new UUID as its id, the same in all attempts of
            the upload. The batch object is not changed. mParticle accepts an id once, so retries never count twice.
        validate: Validate each batch before it is sent, and convert other forms such as `customerid`. If False, only a
            batch with a datetime is converted, and bytes are sent as Base64.
        max_in_flight: Uploads with a callback, or requests of one `upload_all`, that are in flight at once.
        rate: Batches a second that `upload_all` sends at most; None to find mParticle's limit automatically.
        proxy: The proxy, as `http://user:password@host:port`. Not in the repr.
        trust_env: If there is no `proxy`, use `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, and respect `NO_PROXY`.
        http2: Use HTTP/2 if the server supports it. Needs the extra `http2`. For AsyncEventsApi: httpx's HTTP/2
            connections are not safe for threads (https://github.com/encode/httpx/issues/3072).
        ssl_context: The trusted certificates, and a client certificate; None for httpx's. For the certificates of the
            operating system give `ssl.create_default_context()`.
        on_attempt: Called with an `Attempt` after each attempt, in its thread or event loop. Its exceptions go to the
            caller of the upload, or to the callback as an `MParticleError`.
        transport: An httpx transport to use instead of httpx's own; or `"aiohttp"` to send from asyncio through
            aiohttp, which takes less CPU for single uploads. Needs the extra `aiohttp`. respx and OpenTelemetry's httpx
            instrumentation do not see what aiohttp sends: use a `Sandbox` and `on_attempt`. `proxy` and `ssl_context`
            are not used with a transport of your own.
        data_plan: The data plan to check each batch against before it is sent. A batch that names no plan is sent with
            this one in `context.data_plan`, if the plan has an ID. The batch object is not changed.
        on_violation: How to treat a batch that violates the plan. "warn" logs a warning with the names and
            problems, and sends it. "raise" raises a `PlanViolationError`; `upload_all` has it as the result of the
            batch. A function is called with the violations and the batch, and then the batch is sent; its exceptions
            go to the caller of the upload.

    Raises:
        ConfigurationError: A value cannot work.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    _: KW_ONLY
    pod: Pod = DEFAULT_POD  # pyright: ignore[reportAssignmentType]  # a Final
    allow_http: bool = False
    base_url: str | None = None
    timeout: float = 30.0
    deadline: float = 60.0
    retry: Retry | None = Retry()  # frozen, so it can be shared
    deduplicate: bool = True
    validate: bool = True
    max_in_flight: int = 8
    rate: float | None = None
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = True
    http2: bool = False
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    on_attempt: Callable[[Attempt], object] | None = field(default=None, repr=False)
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | Literal["aiohttp"] | None = field(
        default=None, repr=False
    )
    data_plan: DataPlan | None = None
    on_violation: OnViolation = "warn"

    def __post_init__(self) -> None:
        for name, validator in _VALIDATORS.items():
            validator(name, getattr(self, name))
        _base_url(self.base_url, allow_http=self.allow_http)
        if self.http2 and self.transport == "aiohttp":
            raise ConfigurationError("transport='aiohttp' does not support http2=True: leave one of them out")

    @classmethod
    @hides_locals
    def from_env(cls, environ: Mapping[str, str] | None = None, **others: Any) -> Self:
        """Read `MPARTICLE_API_KEY`, `MPARTICLE_API_SECRET`, `MPARTICLE_POD` and `MPARTICLE_BASE_URL`.

        An empty variable counts as not set. `others` are further settings, and override the environment.

        Raises:
            ConfigurationError: The key or the secret is not set, or a value cannot work.
        """
        environ = os.environ if environ is None else environ
        read = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
        given = {**read, **others}
        for name in ("api_key", "api_secret"):
            if name not in given:
                raise ConfigurationError(f"{_VARIABLES[name]} is not set in the environment")
        return cls(**given)

    @hides_locals
    def replace(self, **changes: Any) -> Self:
        """Another Configuration with some settings changed. Its errors leave no secret in a frame.

        Raises:
            ConfigurationError: A value cannot work.
        """
        return replace(self, **changes)

    @property
    def url(self) -> str:
        """The base URL of the requests."""
        return (self.base_url or SERVERS[self.pod]).rstrip("/")

    def find_proxy(self) -> str | None:
        """The proxy that is used: the configured one, or the environment's. This machine is reached without one."""
        address = self.proxy or (self._environment_proxy() if self.trust_env else None)
        _proxy("", address or None)
        if address and address.startswith("socks5"):
            _require_package("socksio", "a socks5:// proxy", "httpx[socks]")
            if self.transport == "aiohttp":
                raise ConfigurationError("transport='aiohttp' does not support a SOCKS proxy: leave one of them out")
        return address

    def trusted(self, address: str) -> ssl.SSLContext | Literal[False]:
        """The TLS settings; none for http://, because loading certificates takes time."""
        if self.ssl_context or not address.startswith("https:"):
            return self.ssl_context or False
        from httpx import create_ssl_context

        try:
            return create_ssl_context()
        except OSError as error:
            problem = f"the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded: {error.strerror or error}"
            raise ConfigurationError(f"{problem}: correct the variable, or give an ssl_context") from None

    def _environment_proxy(self) -> str | None:
        from urllib.parse import urlsplit
        from urllib.request import getproxies, proxy_bypass

        url = urlsplit(self.url)
        host = url.hostname or ""
        if is_loopback(host) or proxy_bypass(f"{host}:{url.port or (443 if url.scheme == 'https' else 80)}"):
            return None
        proxies = getproxies()
        found = proxies.get(url.scheme) or proxies.get("all")
        return found if found is None or "://" in found else f"http://{found}"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Configuration holds a secret and cannot be pickled: create it in the other process")
