"""Who uploads, to where, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, NoReturn, Self

from mparticle_events.service import DEFAULT_POD, SERVERS, Pod

from ._errors import ConfigurationError, kind_of
from ._retry import Retry, require_count, require_seconds

if TYPE_CHECKING:
    import ssl

    import httpx

    from ._attempt import Attempt

# Compiled where one is needed: most programs give no address.
_HOST = r"(?P<host>([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
_URL = rf"(?P<scheme>https?)://{_HOST}(/[^\s?#]*)?"
_PROXY = rf"(https?|socks5h?)://([^\s/@]+@)?{_HOST}/?"
_MOST_PORT = 65_535
_LOOPBACK = r"localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?"
_MOST_BATCHES_A_SECOND = 1_000_000
_VARIABLES = {
    "api_key": "MPARTICLE_API_KEY",
    "api_secret": "MPARTICLE_API_SECRET",
    "pod": "MPARTICLE_POD",
    "base_url": "MPARTICLE_BASE_URL",
}


def _credential(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{name} is a string, not {kind_of(value)}")
    if not value:
        raise ConfigurationError(f"{name} is missing: give the string that mParticle shows for this input")
    if not value.isprintable():
        raise ConfigurationError(f"{name} has a control character (a line break?): copy it again")
    if value != value.strip():
        raise ConfigurationError(f"{name} begins or ends with a space: copy it again")
    if name == "api_key" and ":" in value:
        raise ConfigurationError("api_key has a colon, which HTTP Basic cannot carry: copy the key alone")


def _pod(_: str, value: Any) -> None:
    if not isinstance(value, str) or value not in SERVERS:
        raise ConfigurationError(f"pod is {value!r:.40}: it is one of {', '.join(SERVERS)}")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    return re.fullmatch(_LOOPBACK, host) is not None


def _address(form: str, value: Any) -> re.Match[str] | None:
    url = re.fullmatch(form, value) if isinstance(value, str) else None
    return url if url is not None and int(url["port"] or 0) <= _MOST_PORT else None


def _base_url(value: Any, *, allow_http: bool) -> None:
    if value is None:
        return
    url = _address(_URL, value)
    if url is None:
        form = "https://host/path, with no credentials, query or fragment in it"
        raise ConfigurationError(f"base_url must be like {form}")
    if url["scheme"] == "http" and not (allow_http or is_loopback(url["host"])):
        way_out = "use https://, or allow_http=True"
        raise ConfigurationError(f"base_url is http://, which shows the secret to all on the way: {way_out}")


def _retry(_: str, value: Any) -> None:
    if value is not None and not isinstance(value, Retry):
        raise ConfigurationError(f"retry is a Retry, or None for a single attempt, not {kind_of(value)}")


def _proxy(_: str, value: Any) -> None:
    if value is not None and _address(_PROXY, value) is None:
        raise ConfigurationError("proxy must be like http://host:port, with user:password@ before the host if need be")


def _ssl_context(_: str, value: Any) -> None:
    if value is None:
        return
    import ssl  # only where there is one

    if not isinstance(value, ssl.SSLContext):
        raise ConfigurationError(f"ssl_context is a ssl.SSLContext, not {kind_of(value)}")
    if value.protocol is ssl.PROTOCOL_TLS_SERVER:
        raise ConfigurationError("ssl_context is one of a server: use ssl.create_default_context()")


def _rate(_: str, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value <= _MOST_BATCHES_A_SECOND):
        raise ConfigurationError(f"rate is {value!r:.40}: give batches a second, more than 0, or None")


def _function(name: str, value: Any) -> None:
    if value is not None and not callable(value):
        raise ConfigurationError(f"{name} is a function of one argument, not {kind_of(value)}")
    if iscoroutinefunction(value):
        raise ConfigurationError(f"{name} is a plain function: nobody would await a coroutine")


def _transport(_: str, value: Any) -> None:
    if value is not None and not (hasattr(value, "handle_request") or hasattr(value, "handle_async_request")):
        raise ConfigurationError(f"transport is a transport of httpx, not {kind_of(value)}")


def _yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} is {value!r:.40}: give True or False")


_REQUIRED: dict[str, Callable[[str, Any], None]] = {
    "api_key": _credential,
    "api_secret": _credential,
    "pod": _pod,
    "allow_http": _yes_or_no,
    "timeout": require_seconds,
    "deadline": require_seconds,
    "retry": _retry,
    "deduplicate": _yes_or_no,
    "validate": _yes_or_no,
    "max_in_flight": require_count,
    "rate": _rate,
    "proxy": _proxy,
    "trust_env": _yes_or_no,
    "ssl_context": _ssl_context,
    "on_attempt": _function,
    "transport": _transport,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Who uploads, to where, and how. Checked when it is made, and not changed after.

    Attributes:
        api_key: The key of the input that the data belongs to (Setup > Inputs). In no repr.
        api_secret: The secret beside it. In no repr.
        pod: The data centre of the mParticle account.
        base_url: Where to send instead of to the pod: a proxy of your own, or a sandbox.
        allow_http: Send to an `http://` address too that is not this machine. All that is sent can be read on the way.
        timeout: Seconds to wait for each part of an answer; at most 10 of them for a connection.
        deadline: Seconds that an upload may take in all, with its retries and their waits.
        retry: When a request is sent again; None for a single attempt, and nothing that waits.
        deduplicate: Give a batch without a `source_request_id` a UUID as such, and leave it on the batch. mParticle
            takes each id once, so every retry is safe, and so is a later upload of the same batch. One that was changed
            since it got its id here counts as another batch, and gets another id.
        validate: Check each batch against its model and limits before it is sent.
        max_in_flight: How many uploads with a callback, or requests of one `upload_all`, may be on their way at once.
        rate: Batches a second that `upload_all` sends at most, no more than a second's in a request; None for what
            the service takes.
        proxy: The proxy to send through, as `http://user:password@host:port`. In no repr.
        trust_env: Where no proxy is given, use that of `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, and mind `NO_PROXY`.
        ssl_context: What to trust, and a certificate to show; None for the certificates that httpx trusts. For those
            of the operating system give `ssl.create_default_context()`.
        on_attempt: Called with an `Attempt` after each one, from the thread or loop that made it: for metrics.
        transport: An httpx transport to send through instead of ours: a mock, an HTTP client of your own. Proxy,
            ssl_context, the bounds on an answer and what a fork does to it are then its own matter.

    Raises:
        ConfigurationError: A value that cannot work.
    """

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    _: KW_ONLY
    pod: Pod = DEFAULT_POD  # pyright: ignore[reportAssignmentType]  # a Final
    allow_http: bool = False
    base_url: str | None = None
    timeout: float = 30.0
    deadline: float = 60.0
    retry: Retry | None = Retry()  # noqa: RUF009  # frozen, so that all may share it
    deduplicate: bool = False
    validate: bool = True
    max_in_flight: int = 8
    rate: float | None = None
    proxy: str | None = field(default=None, repr=False)
    trust_env: bool = True
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    on_attempt: Callable[[Attempt], object] | None = field(default=None, repr=False)
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, require in _REQUIRED.items():
            require(name, getattr(self, name))
        _base_url(self.base_url, allow_http=self.allow_http)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **others: Any) -> Self:
        """The Configuration that the environment gives; `others` are further arguments, which go before it.

        Reads `MPARTICLE_API_KEY`, `MPARTICLE_API_SECRET`, `MPARTICLE_POD` and `MPARTICLE_BASE_URL`; an empty one counts
        as not set.

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

    @property
    def url(self) -> str:
        """The base URL that requests go to."""
        return (self.base_url or SERVERS[self.pod]).rstrip("/")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Configuration holds a secret, which goes into no pickle: make it anew over there")
