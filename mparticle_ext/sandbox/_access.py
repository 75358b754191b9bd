"""Access checks for browsers, against cross-site requests and DNS rebinding.

Any program may upload, under any host name. Pages of other sites may not: they can neither upload, nor read or control
the sandbox's page.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CROSS_SITE = "Cross-site requests are not allowed: open the sandbox's own page."
_NOT_LOOPBACK = "The host name is not allowed: use a loopback address, such as http://127.0.0.1."
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


def no_cross_site(app: ASGIApp) -> ASGIApp:
    """Refuse the requests that another site's page makes."""

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        allowed = _is_same_site(Headers(scope=scope), is_entry=False)
        await (app if allowed else PlainTextResponse(_CROSS_SITE, 403))(scope, receive, send)

    return check


def own_page_only(app: ASGIApp) -> ASGIApp:
    """Refuse other sites and other host names, and add the security headers to each response."""

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = _refusal(Headers(scope=scope), is_entry=scope["path"] == "/")
        await (PlainTextResponse(refusal, 403) if refusal else app)(scope, receive, send_with_headers)

    return check


def _refusal(headers: Headers, *, is_entry: bool) -> str | None:
    if not _is_loopback(_PORT.sub("", headers.get("host", ""))):
        return _NOT_LOOPBACK
    return None if _is_same_site(headers, is_entry=is_entry) else _CROSS_SITE


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def _is_same_site(headers: Headers, *, is_entry: bool) -> bool:
    """Whether no other site's page sent the request. A link from another site may open the entry page."""
    own = f"http://{headers.get('host', '')}"
    if headers.get("origin", own) != own:
        return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none") or is_entry
