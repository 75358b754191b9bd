"""Who uploads, to where, and how."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self

from attrs import field, frozen
from mparticle_events.service import DEFAULT_POD, SERVERS, Pod

from ._errors import ConfigurationError

if TYPE_CHECKING:
    import httpx

_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^\s?#]*)?")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")
_DAY_SECONDS = 86_400  # longer than anyone waits for an answer
_VARIABLES = {
    "api_key": "MPARTICLE_API_KEY",
    "api_secret": "MPARTICLE_API_SECRET",
    "pod": "MPARTICLE_POD",
    "base_url": "MPARTICLE_BASE_URL",
}


def _credential(_: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{attribute.name} is missing: give the string that mParticle shows for this input")
    if not value.isprintable():
        raise ConfigurationError(f"{attribute.name} has a control character (a line break?): copy it again")
    if attribute.name == "api_key" and ":" in value:
        raise ConfigurationError("api_key has a colon, which HTTP Basic cannot carry: copy the key alone")


def _pod(_: object, __: Any, value: Any) -> None:
    if not isinstance(value, str) or value not in SERVERS:
        near = get_close_matches(str(value).lower(), SERVERS, n=1)
        guess = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(SERVERS)}"
        raise ConfigurationError(f"pod is {value!r}: {guess}")


def _base_url(configuration: Any, _: Any, value: Any) -> None:
    if value is None:
        return
    url = _URL.fullmatch(value) if isinstance(value, str) else None
    if url is None:
        form = "https://host/path, with no credentials, query or fragment in it"
        raise ConfigurationError(f"base_url must be like {form}")
    if url["scheme"] == "http" and not (configuration.allow_http or _LOOPBACK.fullmatch(url["host"])):
        way_out = "use https://, or allow_http=True"
        raise ConfigurationError(f"base_url is http://, which shows the secret to all on the way: {way_out}")


def _seconds(_: object, attribute: Any, value: Any) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and 0 < value <= _DAY_SECONDS):
        raise ConfigurationError(f"{attribute.name} is {value!r:.40}: give seconds, more than 0 and at most a day")


def _count(_: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{attribute.name} is {value!r}: give a whole number of at least 1")


@frozen
class Configuration:
    """Who uploads, to where, and how. Checked when it is made, and not changed after.

    Attributes:
        api_key: The key of the input that the data belongs to (Setup > Inputs). In no repr.
        api_secret: The secret beside it. In no repr.
        pod: The data centre of the mParticle account.
        base_url: Where to send instead of to the pod: a proxy of your own, or a sandbox.
        allow_http: Send to an `http://` address too that is not this machine. All that is sent can be read on the way.
        timeout: Seconds to wait for a connection, and then for each part of the answer.
        validate: Check each batch against its model and limits before it is sent.
        max_in_flight: How many uploads with a callback may be on their way at once; a further call waits.
        transport: An httpx transport to send through: a proxy, a mock.

    Raises:
        ConfigurationError: A value that cannot work.
    """

    api_key: str = field(validator=_credential, repr=False)
    api_secret: str = field(validator=_credential, repr=False)
    pod: Pod = field(default=DEFAULT_POD, validator=_pod, kw_only=True)  # pyright: ignore[reportAssignmentType]  # a Final
    allow_http: bool = field(default=False, kw_only=True)
    base_url: str | None = field(default=None, validator=_base_url, kw_only=True)
    timeout: float = field(default=60.0, validator=_seconds, kw_only=True)
    validate: bool = field(default=True, kw_only=True)
    max_in_flight: int = field(default=8, validator=_count, kw_only=True)
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = field(default=None, kw_only=True, repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, **others: Any) -> Self:
        """The Configuration that the environment gives; `others` are further arguments, which go before it.

        Reads `MPARTICLE_API_KEY`, `MPARTICLE_API_SECRET`, `MPARTICLE_POD` and `MPARTICLE_BASE_URL`; an empty one counts
        as not set.

        Raises:
            ConfigurationError: The key or the secret is not set, or a value cannot work.
        """
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
