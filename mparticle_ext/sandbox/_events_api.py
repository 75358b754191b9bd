"""The endpoints of the Events API, with injected faults."""

from __future__ import annotations

import asyncio
import base64
import binascii
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping
from secrets import compare_digest

from mparticle_events import models
from mparticle_events.service import MAX_BATCHES, MAX_REQUEST_BYTES, MIN_BATCHES
from mparticle_events.wire import encode
from msgspec import Raw
from starlette.types import Receive, Scope, Send

from .. import ValidationError
from .._checks import checked, read, require_historical
from ._faults import Fault, Faults
from ._request_log import ReceivedBatch, Request, RequestLog, without_credentials
from ._server import abort

_SINGLE, _BULK, _HISTORICAL = "/v2/events", "/v2/bulkevents", "/v2/bulkevents/historical"
_PATHS = (_SINGLE, _BULK, _HISTORICAL)
_POLL_SECONDS = 0.05


class RefusedError(Exception):
    """A request that is refused. If the status is None, the connection is closed without a response."""

    def __init__(self, status: int | None, code: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})
        self.body = encode(models.ApiErrorResponse(errors=[models.ApiError(code=code, message=reason)]))


class EventsApiApp:
    """An ASGI application. It processes each request under the lock of the request log."""

    def __init__(self, log: RequestLog, faults: Faults, credentials: bytes, stopping: threading.Event) -> None:
        self._log = log
        self._faults = faults
        self._credentials = credentials
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, received_at = time.perf_counter(), time.time()
        fault = self._next_fault(scope)
        skip_body = fault is not None and fault.after == "headers"
        body, size, complete = (b"", 0, True) if skip_body else await _read(receive)
        method, path = sys.intern(scope["method"]), sys.intern(scope["path"])  # one copy for all requests
        request = Request(received_at, method, path, without_credentials(scope["headers"]), body, size)
        authorization = dict(scope["headers"]).get(b"authorization", b"")
        headers, content = self._process(request, authorization, fault, complete=complete)
        await self._delay(self._faults.latency)
        request.seconds = time.perf_counter() - started
        if request.status is None:
            await abort(scope, receive)
        else:
            await _respond(send, request.status, headers, content)

    def _next_fault(self, scope: Scope) -> Fault | None:
        if scope["method"] != "POST" or scope["path"] not in _PATHS:
            return None
        with self._log.condition:
            return self._faults.next()

    def _process(
        self, request: Request, authorization: bytes, fault: Fault | None, *, complete: bool
    ) -> tuple[dict[str, str], bytes]:
        """Decide the outcome of a request, add it to the log, and return the response's headers and body."""
        batches: list[ReceivedBatch] = []
        headers: dict[str, str] = {}
        content = b""
        with self._log.condition:
            try:
                _apply_fault(fault, complete=complete)
                self._check_request(request, authorization)
                batches, headers = self._accept(request)
                request.status = 202 if fault is None else None
            except RefusedError as refused:
                request.status, request.reason = refused.status, refused.reason
                headers, content = {**refused.headers, "content-type": "application/json"}, refused.body
            self._log.add(request, batches)
        return headers, content

    def _check_request(self, request: Request, authorization: bytes) -> None:
        """Refuse a request by its path, method, credentials or size."""
        if request.path not in _PATHS:
            raise RefusedError(404, "NOT_FOUND", f"the path does not exist: use one of {', '.join(_PATHS)}")
        if request.method != "POST":
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "the method is not allowed: use POST", {"allow": "POST"})
        credentials = _credentials(authorization)
        if credentials is None:
            raise RefusedError(401, "UNAUTHORIZED", "the request has no credentials")
        if not compare_digest(credentials, self._credentials):
            raise RefusedError(403, "FORBIDDEN", "the credentials are wrong")
        if request.size > MAX_REQUEST_BYTES:
            raise RefusedError(
                413, "PAYLOAD_TOO_LARGE", f"the body has {request.size} bytes: {MAX_REQUEST_BYTES} are allowed"
            )

    def _accept(self, request: Request) -> tuple[list[ReceivedBatch], dict[str, str]]:
        try:
            if request.path == _SINGLE:
                return self._accept_single(request)
            return self._accept_bulk(request)
        except ValidationError as error:
            raise RefusedError(400, "BAD_REQUEST", str(error)) from None

    def _accept_single(self, request: Request) -> tuple[list[ReceivedBatch], dict[str, str]]:
        _, batch = read(request.body, models.Batch)
        headers = self._apply_rate_limit(1)
        self._drop_duplicate(request, 0, batch)
        return [ReceivedBatch(request, 0, request.body)], headers

    def _accept_bulk(self, request: Request) -> tuple[list[ReceivedBatch], dict[str, str]]:
        documents = checked(request.body, list[Raw])
        if not MIN_BATCHES <= len(documents) <= MAX_BATCHES:
            allowed = f"give {MIN_BATCHES} to {MAX_BATCHES}, not {len(documents)}"
            raise ValidationError(allowed, subject="batches")
        headers = self._apply_rate_limit(len(documents))
        require = require_historical if request.path == _HISTORICAL else None
        for index, document in enumerate(documents):
            self._check_batch(request, index, document, require)
        return [ReceivedBatch(request, index, document) for index, document in enumerate(documents)], headers

    def _check_batch(
        self, request: Request, index: int, document: Raw, require: Callable[[models.Batch, int], None] | None
    ) -> None:
        try:
            _, batch = read(bytes(document), models.Batch, index)
            if require:
                require(batch, index)
        except ValidationError as error:
            request.dropped[index] = str(error)
        else:
            self._drop_duplicate(request, index, batch)

    def _drop_duplicate(self, request: Request, index: int, batch: models.Batch) -> None:
        if self._log.is_duplicate(batch.source_request_id):
            request.dropped[index] = f"source_request_id {batch.source_request_id!r} was taken before"

    def _apply_rate_limit(self, batches: int) -> dict[str, str]:
        """Refuse batches over the rate limit, or count them; return the response headers of the limit."""
        limiter = self._faults.limiter
        if limiter is None:
            return {}
        wait = limiter.seconds_until(batches)
        if wait == 0:
            limiter.accept(batches)
        headers = {"x-mp-rate-limit-percentage-used": str(limiter.percentage_used())}
        if wait > 0:
            headers |= {"retry-after": str(math.ceil(wait)), "x-mp-rate-limit-exceeded": "org"}
            raise RefusedError(429, "RATE_LIMITED", f"more than {limiter.limit:g} batches per second", headers)
        return headers

    async def _delay(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._stopping.is_set():  # noqa: ASYNC110  # set by a thread
            await asyncio.sleep(min(left, _POLL_SECONDS))


def _apply_fault(fault: Fault | None, *, complete: bool) -> None:
    """Refuse a request that is incomplete or meets a fault."""
    if not complete:
        raise RefusedError(None, "", "the client closed the connection before the request was complete")
    if fault is None or fault.after == "taken":
        return
    if fault.after is not None:
        when = "before the body was read" if fault.after == "headers" else "after the request was read"
        raise RefusedError(None, "", f"injected fault: the connection was closed {when}")
    raise RefusedError(fault.status, "INJECTED_FAULT", f"injected fault: status {fault.status}", fault.headers)


async def _read(receive: Receive) -> tuple[bytes, int, bool]:
    """The body, cut at the size limit; its full size; whether it arrived completely."""
    body = bytearray()
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body), size, False
        body += message["body"][: MAX_REQUEST_BYTES - len(body)]
        size += len(message["body"])
        more = message["more_body"]
    return bytes(body), size, True


async def _respond(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    fields.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def _credentials(authorization: bytes) -> bytes | None:
    scheme, _, encoded = authorization.partition(b" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == b"basic" else None
    except binascii.Error:
        return None
