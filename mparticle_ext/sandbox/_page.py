"""The page at the sandbox's root: its files, what it reads, and what it may change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from ._arrivals import Arrival
from ._faults import After, Faults
from ._guard import Guard
from ._journal import Journal
from ._stream import Stream
from ._summary import row_of

T = TypeVar("T")

_FILES = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_AT_ONCE = 100  # batches of a download, before others are served


class Fail(Struct, forbid_unknown_fields=True):
    """Let the next requests fail with a status."""

    status: int
    times: int = 1
    retry_after: int | None = None


class Drop(Struct, forbid_unknown_fields=True):
    """Close the connection of the next requests."""

    after: After
    times: int = 1


class Settings(Struct, forbid_unknown_fields=True):
    """Seconds that an answer waits, and batches a second that are taken; what is not given stays."""

    latency: float | UnsetType = UNSET
    rate_limit: float | None | UnsetType = UNSET


class Undo(Struct, forbid_unknown_fields=True):
    """Take a fault back that is pending."""

    number: int


class Clear(Struct, forbid_unknown_fields=True):
    """Forget what arrived."""


def page(journal: Journal, faults: Faults, stream: Stream) -> ASGIApp:
    """The application that serves the page."""
    return Guard(Starlette(routes=Page(journal, faults, stream).routes))


class Page:
    """The endpoints of the page."""

    def __init__(self, journal: Journal, faults: Faults, stream: Stream) -> None:
        self._journal, self._faults, self._stream = journal, faults, stream

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", _index),
            Route("/page/{name}", _file),
            Route("/live/stream", self._events),
            Route("/live/arrivals/{number:int}", self._arrival),
            Route("/live/batches.ndjson", self._download),
            self._control("/live/fail", Fail, self._fail),
            self._control("/live/drop", Drop, lambda drop: self._faults.drop(drop.after, drop.times)),
            self._control("/live/settings", Settings, self._set),
            self._control("/live/undo", Undo, lambda undo: self._faults.undo(undo.number)),
            self._control("/live/clear", Clear, lambda _: self._journal.clear()),
        ]

    async def _events(self, request: Request) -> Response:
        events = self._stream.events(request.headers.get("last-event-id", ""))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _arrival(self, request: Request) -> Response:
        number = request.path_params["number"]
        with self._journal.changing:
            found = self._journal.rows.after(number - 1, 1)
        if not found or found[0][0] != number:
            return _json({"error": "it is not kept any more"}, 404)
        return _json(_details(number, found[0][1]))

    async def _download(self, _: Request) -> Response:
        with self._journal.changing:
            taken = list(self._journal.taken)
        named = {"content-disposition": 'attachment; filename="batches.ndjson"'}
        return StreamingResponse(_lines(taken), media_type="application/x-ndjson", headers=named)

    def _control(self, path: str, kind: type[T], change: Callable[[T], object]) -> Route:
        async def answer(request: Request) -> Response:
            try:
                asked = msgspec.json.decode(await request.body(), type=kind)
                with self._journal.changing:
                    change(asked)
            except ValueError as error:
                return _json({"error": str(error)}, 400)
            return _json({})

        return Route(path, answer, methods=["POST"])

    def _fail(self, fail: Fail) -> None:
        headers = {} if fail.retry_after is None else {"retry-after": str(fail.retry_after)}
        self._faults.fail(fail.status, fail.times, headers)

    def _set(self, settings: Settings) -> None:
        if settings.latency is not UNSET:
            self._faults.latency = settings.latency
        if settings.rate_limit is not UNSET:
            self._faults.rate_limit = settings.rate_limit


async def _index(_: Request) -> Response:
    return _shipped("index.html")


async def _file(request: Request) -> Response:
    return _shipped(request.path_params["name"])


def _shipped(name: str) -> Response:
    found = next((file for file in _FILES.iterdir() if file.name == name), None)
    if found is None:
        return Response(status_code=404)
    return Response(found.read_bytes(), media_type=_TYPES[found.suffix])


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _details(number: int, arrival: Arrival) -> dict[str, Any]:
    request = arrival.request
    return {
        "row": row_of(number, arrival),
        "document": bytes(arrival.document).decode(errors="replace"),
        "method": request.method,
        "seconds": request.seconds,
        "request_size": request.size,
        "index": arrival.index,
        "headers": request.headers,
    }


async def _lines(taken: list[Arrival]) -> AsyncIterator[bytes]:
    for start in range(0, len(taken), _AT_ONCE):
        documents = (bytes(one.document) for one in taken[start : start + _AT_ONCE])
        yield b"".join(msgspec.json.format(document, indent=-1) + b"\n" for document in documents)
