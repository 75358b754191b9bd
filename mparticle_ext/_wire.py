"""Requests and answers between httpx, which users see, and httpcore, which carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    from ._limits import Limits


def httpcore_request(request: httpx.Request, limits: Limits) -> httpcore.Request:
    """A request as httpcore takes it. Waiting for a connection of the pool ends by the deadline."""
    url = request.url
    limits.needs_tls = url.scheme == "https"
    timeouts = {**request.extensions["timeout"], "pool": limits.cut(None, httpcore.PoolTimeout)}
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={**request.extensions, "timeout": timeouts},
    )


def httpx_response(answer: httpcore.Response, body: bytes) -> httpx.Response:
    """An answer as users get it. It is not unpacked: a small body that was packed may be an enormous one."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != b"content-encoding"]
    return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(body), extensions=answer.extensions)
