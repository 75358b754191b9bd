"""An ASGI application whose lifespan closes its API when the server shuts down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mparticle_ext import Batch, Configuration, EventsApi


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    with EventsApi(Configuration.from_env()) as api:
        app.state.api = api
        yield


async def answer(request: Request) -> PlainTextResponse:
    api: EventsApi = request.app.state.api
    name = request.path_params["name"]
    for number in range(3):
        api.upload_events(Batch("production", source_request_id=f"{name} {number}"), lambda *_: None)
    await asyncio.sleep(0)
    return PlainTextResponse("handed over")


app = Starlette(routes=[Route("/{name}", answer)], lifespan=lifespan)
