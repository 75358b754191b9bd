"""FastAPI: upload after the response.

One `AsyncEventsApi` serves the process. A background task uploads when the response is sent, so a user does not wait
for mParticle. At SIGTERM uvicorn waits for the background tasks, then the lifespan closes the API. Pitfall: Kubernetes
kills a process 30 seconds after SIGTERM. The deadline must end all uploads, with their retries, before that. The
number of the order is the `source_request_id`: a request that a browser sends twice counts once. So an order needs a
number: mParticle would drop all but the first of the orders with the same id.

    pip install mparticle-ext fastapi uvicorn
    uvicorn fastapi_app:app
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from pydantic import BaseModel, Field

from mparticle_ext import (
    AsyncEventsApi,
    Batch,
    CommerceEvent,
    Configuration,
    MParticleError,
    ProductAction,
    UserIdentities,
    unixtime_ms,
)

LOG = logging.getLogger(__name__)


class Order(BaseModel):
    """What the shop sends."""

    number: Annotated[str, Field(min_length=1)]
    customer_id: str
    total: Decimal


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, AsyncEventsApi]]:
    """Open the API when the server starts, and close it when the server stops."""
    async with AsyncEventsApi(Configuration.from_env(deadline=20)) as api:
        yield {"api": api}


def events_api(request: Request) -> AsyncEventsApi:
    """The API of the lifespan."""
    api: AsyncEventsApi = request.state.api
    return api


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place_order(
    order: Order, api: Annotated[AsyncEventsApi, Depends(events_api)], tasks: BackgroundTasks
) -> None:
    """Save the order, and upload it after the response."""
    tasks.add_task(upload, api, purchase(order))


def purchase(order: Order) -> Batch:
    """The batch for an order. The time of the event is now, also if the upload is later."""
    action = ProductAction("purchase", transaction_id=order.number, total_amount=order.total)
    return Batch(
        "production",
        source_request_id=f"order-{order.number}",
        user_identities=UserIdentities(customer_id=order.customer_id),
        events=[CommerceEvent(product_action=action, timestamp_unixtime_ms=unixtime_ms())],
    )


async def upload(api: AsyncEventsApi, batch: Batch) -> None:
    """Upload a batch. An exception would stop the other background tasks of the request."""
    try:
        await api.upload_events(batch)
    except MParticleError:
        LOG.exception("%s is not delivered", batch.source_request_id)
