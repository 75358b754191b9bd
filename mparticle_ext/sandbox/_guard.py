"""Who may read and drive the page: itself alone. And what it may do: nothing but show text.

Uploads may come from any program and under any name, but from no other site's page.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..configuration import is_loopback

_OTHERS = "Another site's page may not use the sandbox."
_PORT = re.compile(r":[0-9]{1,5}$")
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI application around another one."""

    def __init__(self, guarded: ASGIApp) -> None:
        self._guarded = guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = _refusal(Headers(scope=scope), at_the_door=scope["path"] == "/")
        guarded = PlainTextResponse(refusal, status_code=403) if refusal else self._guarded
        await guarded(scope, receive, send_with_headers)


def no_pages(guarded: ASGIApp) -> ASGIApp:
    """An application that other sites' pages do not reach."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        of_another = _of_another(Headers(scope=scope), at_the_door=False)
        await (PlainTextResponse(_OTHERS, status_code=403) if of_another else guarded)(scope, receive, send)

    return guard


def _refusal(headers: Headers, *, at_the_door: bool) -> str | None:
    """Why a request is refused. A link from elsewhere may lead to the door, and only there."""
    host = headers.get("host", "")
    if not is_loopback(_PORT.sub("", host).lower()):
        return "The sandbox is at a loopback address, such as http://127.0.0.1, and answers under no other name."
    return _OTHERS if _of_another(headers, at_the_door=at_the_door) else None


def _of_another(headers: Headers, *, at_the_door: bool) -> bool:
    """Whether a browser says that another site's page asks; other programs say nothing of it."""
    own = f"http://{headers.get('host', '')}"
    if headers.get("origin", own) != own:
        return True
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not at_the_door
