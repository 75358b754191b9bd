"""The Events API as mParticle serves it, and the faults that it was told to have."""

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

from .._checks import checked
from ..errors import ValidationError
from .._checks import require_historical as refuse_unprocessed
from ._arrivals import Arrival, Request, head_of
from ._faults import Fault, Faults
from ._journal import Journal
from ._server import abort

_ONE, _SEVERAL, _HISTORICAL = "/v2/events", "/v2/bulkevents", "/v2/bulkevents/historical"
_PATHS = (_ONE, _SEVERAL, _HISTORICAL)
_PATIENCE_SECONDS = 0.05  # between two looks at whether the sandbox stops


class RefusedError(Exception):
    """Nothing of a request is taken. A status of None: there is no answer either."""

    def __init__(self, status: int | None, code: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})
        said = models.ApiErrorResponse(errors=[models.ApiError(code=code, message=reason)])
        self.body = encode(said)


class Api:
    """An ASGI application. What it decides it decides in one piece, with the journal in its hand."""

    def __init__(self, journal: Journal, faults: Faults, credentials: bytes, stopping: threading.Event) -> None:
        self._journal = journal
        self._faults = faults
        self._credentials = credentials
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, arrived_at = time.perf_counter(), time.time()
        fault = self._next_fault(scope)
        unread = fault is not None and fault.after == "headers"
        body, size, whole = (b"", 0, True) if unread else await _read(receive)
        method, path = sys.intern(scope["method"]), sys.intern(scope["path"])  # the same few, again and again
        request = Request(arrived_at, method, path, head_of(scope["headers"]), body, size)
        headers, said = self._settle(request, dict(scope["headers"]).get(b"authorization", b""), fault, whole=whole)
        await self._wait(self._faults.latency)
        request.seconds = time.perf_counter() - started
        if request.status is None:
            await abort(scope, receive)
        else:
            await _answer(send, request.status, headers, said)

    def _next_fault(self, scope: Scope) -> Fault | None:
        if scope["method"] != "POST" or scope["path"] not in _PATHS:
            return None
        with self._journal.changing:
            return self._faults.next()

    def _settle(
        self, request: Request, authorization: bytes, fault: Fault | None, *, whole: bool
    ) -> tuple[dict[str, str], bytes]:
        """Decide what becomes of a request, write it down, and give the headers and the body of the answer."""
        batches: list[Arrival] = []
        headers: dict[str, str] = {}
        said = b""
        with self._journal.changing:
            try:
                _refuse_on_purpose(fault, whole=whole)
                self._admit(request, authorization)
                batches, headers = self._take(request)
                request.status = 202 if fault is None else None
            except RefusedError as refused:
                request.status, request.reason = refused.status, refused.reason
                headers, said = {**refused.headers, "content-type": "application/json"}, refused.body
            self._journal.record(request, batches)
        return headers, said

    def _admit(self, request: Request, authorization: bytes) -> None:
        """Refuse what mParticle would not look into."""
        if request.path not in _PATHS:
            raise RefusedError(404, "NOT_FOUND", f"there is no such path: there are {', '.join(_PATHS)}")
        if request.method != "POST":
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "a batch is sent with POST", {"allow": "POST"})
        credentials = _credentials(authorization)
        if credentials is None:
            raise RefusedError(401, "UNAUTHORIZED", "no credentials")
        if not compare_digest(credentials, self._credentials):
            raise RefusedError(403, "FORBIDDEN", "the credentials are wrong")
        if request.size > MAX_REQUEST_BYTES:
            raise RefusedError(413, "PAYLOAD_TOO_LARGE", f"{request.size} bytes, at most {MAX_REQUEST_BYTES} are taken")

    def _take(self, request: Request) -> tuple[list[Arrival], dict[str, str]]:
        try:
            if request.path == _ONE:
                return self._take_one(request)
            return self._take_several(request)
        except ValidationError as error:
            raise RefusedError(400, "BAD_REQUEST", str(error)) from None

    def _take_one(self, request: Request) -> tuple[list[Arrival], dict[str, str]]:
        batch = checked(request.body, models.Batch)
        headers = self._keep_to_the_rate(1)
        self._drop_repeated(request, 0, batch)
        return [Arrival(request, 0, request.body)], headers

    def _take_several(self, request: Request) -> tuple[list[Arrival], dict[str, str]]:
        documents = checked(request.body, list[Raw])
        if not MIN_BATCHES <= len(documents) <= MAX_BATCHES:
            raise ValidationError(f"{MIN_BATCHES} to {MAX_BATCHES} are taken, not {len(documents)}", subject="batches")
        headers = self._keep_to_the_rate(len(documents))
        refuse = refuse_unprocessed if request.path == _HISTORICAL else None
        for index, document in enumerate(documents):
            self._check(request, index, document, refuse)
        return [Arrival(request, index, document) for index, document in enumerate(documents)], headers

    def _check(
        self, request: Request, index: int, document: Raw, refuse: Callable[[models.Batch, int], None] | None
    ) -> None:
        try:
            batch = checked(bytes(document), models.Batch, index)
            if refuse:
                refuse(batch, index)
        except ValidationError as error:
            request.dropped[index] = str(error)
        else:
            self._drop_repeated(request, index, batch)

    def _drop_repeated(self, request: Request, index: int, batch: models.Batch) -> None:
        if self._journal.seen(batch.source_request_id):
            request.dropped[index] = f"source_request_id {batch.source_request_id!r} was taken before"

    def _keep_to_the_rate(self, batches: int) -> dict[str, str]:
        rate = self._faults.rate
        if rate is None:
            return {}
        wait = rate.seconds_until(batches)
        if wait > 0:
            limits = {"retry-after": str(math.ceil(wait)), "x-mp-rate-limit-exceeded": "org"}
            raise RefusedError(429, "RATE_LIMITED", f"more than {rate.limit:g} batches a second", limits)
        return {"x-mp-rate-limit-percentage-used": f"{rate.take(batches):.0f}"}

    async def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():  # noqa: ASYNC110  # a thread says so
            await asyncio.sleep(min(left, _PATIENCE_SECONDS))


def _refuse_on_purpose(fault: Fault | None, *, whole: bool) -> None:
    if not whole:
        raise RefusedError(None, "", "the client went before the request was whole")
    if fault is None or fault.after == "taken":
        return
    if fault.after is not None:
        read = "before its body was read" if fault.after == "headers" else "when the request was read"
        raise RefusedError(None, "", f"the sandbox was told to close the connection {read}")
    raise RefusedError(fault.status, "FAILED", "the sandbox was told to fail", fault.headers)


async def _read(receive: Receive) -> tuple[bytes, int, bool]:
    """A body, no more of it than is taken; its size; and whether all of it came."""
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(pieces), size, False
        if size <= MAX_REQUEST_BYTES:
            pieces.append(message["body"])
        size += len(message["body"])
        more = message["more_body"]
    return b"".join(pieces), size, True


async def _answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _credentials(authorization: bytes) -> bytes | None:
    scheme, _, encoded = authorization.partition(b" ")
    try:
        return base64.b64decode(encoded, validate=True) if scheme.lower() == b"basic" else None
    except binascii.Error:
        return None
