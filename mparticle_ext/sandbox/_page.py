"""The endpoints of the page: its files, the received batches, and the controls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from ._access import own_page_only
from ._event_stream import EventStream
from ._faults import After, Faults
from ._request_log import ReceivedBatch, RequestLog
from ._rows import row_of

if TYPE_CHECKING:
    from .. import DataPlan

T = TypeVar("T")

_FILES = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}  # Windows may map .js to another type
_DOWNLOAD_CHUNK = 100  # batches; a larger chunk blocks other requests


class Fail(Struct, forbid_unknown_fields=True):
    """Answer the next requests with an error status."""

    status: int
    times: int = 1
    retry_after: int | None = None


class Drop(Struct, forbid_unknown_fields=True):
    """Close the connections of the next requests."""

    after: After
    times: int = 1


class Settings(Struct, forbid_unknown_fields=True):
    """The latency in seconds and the rate limit in batches per second. A field that is left out does not change."""

    latency: float | UnsetType = UNSET
    rate_limit: float | None | UnsetType = UNSET


class Undo(Struct, forbid_unknown_fields=True):
    """Remove a pending fault."""

    number: int


class Clear(Struct, forbid_unknown_fields=True):
    """Delete all received batches."""


def page_app(log: RequestLog, faults: Faults, stream: EventStream, plan: DataPlan | None) -> ASGIApp:
    """The ASGI application of the page."""
    return own_page_only(Starlette(routes=Page(log, faults, stream, plan).routes))


class Page:
    """The endpoints of the page."""

    def __init__(self, log: RequestLog, faults: Faults, stream: EventStream, plan: DataPlan | None) -> None:
        self._log, self._faults, self._stream, self._plan = log, faults, stream, plan

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", _index),
            Route("/page/{name}", _file),
            Route("/live/stream", self._events),
            Route("/live/rows/{number:int}", self._details),
            Route("/live/batches.ndjson", self._download),
            self._control("/live/fail", Fail, self._fail),
            self._control("/live/drop", Drop, lambda drop: self._faults.drop(drop.after, drop.times)),
            self._control("/live/settings", Settings, self._set),
            self._control("/live/undo", Undo, lambda undo: self._faults.remove(undo.number)),
            self._control("/live/clear", Clear, lambda _: self._log.clear()),
        ]

    async def _events(self, request: Request) -> Response:
        events = self._stream.events(request.headers.get("last-event-id", ""))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _details(self, request: Request) -> Response:
        number = request.path_params["number"]
        with self._log.condition:
            found = self._log.rows.after(number - 1, 1)
        if not found or found[0].number != number:
            return _json({"error": "this batch is no longer stored"}, 404)
        return _json(_details(found[0], self._plan))

    async def _download(self, _: Request) -> Response:
        with self._log.condition:
            batches = list(self._log.taken)
        headers = {"content-disposition": 'attachment; filename="batches.ndjson"'}
        return StreamingResponse(_ndjson(batches), media_type="application/x-ndjson", headers=headers)

    def _control(self, path: str, kind: type[T], apply: Callable[[T], object]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                control = msgspec.json.decode(await request.body(), type=kind)
                with self._log.condition:
                    apply(control)
            except ValueError as error:
                return _json({"error": str(error)}, 400)
            return _json({})

        return Route(path, endpoint, methods=["POST"])

    def _fail(self, fail: Fail) -> None:
        headers = {} if fail.retry_after is None else {"retry-after": str(fail.retry_after)}
        self._faults.fail(fail.status, fail.times, headers)

    def _set(self, settings: Settings) -> None:
        if settings.latency is not UNSET:
            self._faults.latency = settings.latency
        if settings.rate_limit is not UNSET:
            self._faults.rate_limit = settings.rate_limit


async def _index(_: Request) -> Response:
    return _file_response("index.html")


async def _file(request: Request) -> Response:
    return _file_response(request.path_params["name"])


def _file_response(name: str) -> Response:
    found = next((file for file in _FILES.iterdir() if file.name == name), None)
    if found is None:
        return Response(status_code=404)
    return Response(found.read_bytes(), media_type=_TYPES[found.suffix])


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _details(batch: ReceivedBatch, plan: DataPlan | None) -> dict[str, Any]:
    request = batch.request
    return {
        "row": row_of(batch, plan),
        "document": bytes(batch.document).decode(errors="replace"),
        "method": request.method,
        "seconds": request.seconds,
        "request_size": request.size,
        "index": batch.index,
        "headers": request.headers,
    }


async def _ndjson(batches: list[ReceivedBatch]) -> AsyncIterator[bytes]:
    for start in range(0, len(batches), _DOWNLOAD_CHUNK):
        documents = (bytes(batch.document) for batch in batches[start : start + _DOWNLOAD_CHUNK])
        yield b"".join(msgspec.json.format(document, indent=-1) + b"\n" for document in documents)
