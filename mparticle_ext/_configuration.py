"""Who uploads, to where, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, NoReturn, Self

from attrs import field, frozen
from mparticle_events.service import DEFAULT_POD, SERVERS, Pod

from ._errors import ConfigurationError, kind_of
from ._retry import Retry, count, seconds

if TYPE_CHECKING:
    import ssl

    import httpx

    from ._attempt import Attempt

_HOST = r"(?P<host>([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
_URL = re.compile(rf"(?P<scheme>https?)://{_HOST}(/[^\s?#]*)?")
_PROXY = re.compile(rf"(https?|socks5h?)://([^\s/@]+@)?{_HOST}/?")
_MOST_PORT = 65_535
LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?")
_MOST_BATCHES_A_SECOND = 1_000_000
_VARIABLES = {
    "api_key": "MPARTICLE_API_KEY",
    "api_secret": "MPARTICLE_API_SECRET",
    "pod": "MPARTICLE_POD",
    "base_url": "MPARTICLE_BASE_URL",
}


def _credential(_: object, attribute: Any, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{attribute.name} is a string, not {kind_of(value)}")
    if not value:
        raise ConfigurationError(f"{attribute.name} is missing: give the string that mParticle shows for this input")
    if not value.isprintable():
        raise ConfigurationError(f"{attribute.name} has a control character (a line break?): copy it again")
    if value != value.strip():
        raise ConfigurationError(f"{attribute.name} begins or ends with a space: copy it again")
    if attribute.name == "api_key" and ":" in value:
        raise ConfigurationError("api_key has a colon, which HTTP Basic cannot carry: copy the key alone")


def _pod(_: object, __: Any, value: Any) -> None:
    if not isinstance(value, str) or value not in SERVERS:
        raise ConfigurationError(f"pod is {value!r:.40}: it is one of {', '.join(SERVERS)}")


def _address(form: re.Pattern[str], value: Any) -> re.Match[str] | None:
    url = form.fullmatch(value) if isinstance(value, str) else None
    return url if url is not None and int(url["port"] or 0) <= _MOST_PORT else None


def _base_url(configuration: Any, _: Any, value: Any) -> None:
    if value is None:
        return
    url = _address(_URL, value)
    if url is None:
        form = "https://host/path, with no credentials, query or fragment in it"
        raise ConfigurationError(f"base_url must be like {form}")
    if url["scheme"] == "http" and not (configuration.allow_http or LOOPBACK.fullmatch(url["host"])):
        way_out = "use https://, or allow_http=True"
        raise ConfigurationError(f"base_url is http://, which shows the secret to all on the way: {way_out}")


def _retry(_: object, __: Any, value: Any) -> None:
    if value is not None and not isinstance(value, Retry):
        raise ConfigurationError(f"retry is a Retry, or None for a single attempt, not {kind_of(value)}")


def _proxy(_: object, __: Any, value: Any) -> None:
    if value is not None and _address(_PROXY, value) is None:
        raise ConfigurationError("proxy must be like http://host:port, with user:password@ before the host if need be")


def _ssl_context(_: object, __: Any, value: Any) -> None:
    if value is None:
        return
    import ssl  # only where there is one

    if not isinstance(value, ssl.SSLContext):
        raise ConfigurationError(f"ssl_context is a ssl.SSLContext, not {kind_of(value)}")
    if value.protocol is ssl.PROTOCOL_TLS_SERVER:
        raise ConfigurationError("ssl_context is one of a server: use ssl.create_default_context()")


def _rate(_: object, __: Any, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value <= _MOST_BATCHES_A_SECOND):
        raise ConfigurationError(f"rate is {value!r:.40}: give batches a second, more than 0, or None")


def _function(_: object, attribute: Any, value: Any) -> None:
    if value is not None and not callable(value):
        raise ConfigurationError(f"{attribute.name} is a function of one argument, not {kind_of(value)}")
    if iscoroutinefunction(value):
        raise ConfigurationError(f"{attribute.name} is a plain function: nobody would await a coroutine")


def _transport(_: object, __: Any, value: Any) -> None:
    if value is not None and not (hasattr(value, "handle_request") or hasattr(value, "handle_async_request")):
        raise ConfigurationError(f"transport is a transport of httpx, not {kind_of(value)}")


def _yes_or_no(_: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} is {value!r:.40}: give True or False")


@frozen
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

    api_key: str = field(validator=_credential, repr=False)
    api_secret: str = field(validator=_credential, repr=False)
    pod: Pod = field(default=DEFAULT_POD, validator=_pod, kw_only=True)  # pyright: ignore[reportAssignmentType]  # a Final
    allow_http: bool = field(default=False, validator=_yes_or_no, kw_only=True)
    base_url: str | None = field(default=None, validator=_base_url, kw_only=True)
    timeout: float = field(default=30.0, validator=seconds, kw_only=True)
    deadline: float = field(default=60.0, validator=seconds, kw_only=True)
    retry: Retry | None = field(factory=Retry, validator=_retry, kw_only=True)
    deduplicate: bool = field(default=False, validator=_yes_or_no, kw_only=True)
    validate: bool = field(default=True, validator=_yes_or_no, kw_only=True)
    max_in_flight: int = field(default=8, validator=count, kw_only=True)
    rate: float | None = field(default=None, validator=_rate, kw_only=True)
    proxy: str | None = field(default=None, validator=_proxy, kw_only=True, repr=False)
    trust_env: bool = field(default=True, validator=_yes_or_no, kw_only=True)
    ssl_context: ssl.SSLContext | None = field(default=None, validator=_ssl_context, kw_only=True, repr=False)
    on_attempt: Callable[[Attempt], object] | None = field(default=None, validator=_function, kw_only=True, repr=False)
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = field(
        default=None, validator=_transport, kw_only=True, repr=False
    )

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
