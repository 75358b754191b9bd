"""Celery: a task that can run twice, and counts once.

The task waits for its upload and is acknowledged late, so a worker that is stopped or killed loses nothing: the task
runs again. It then sends the same `source_request_id`, and mParticle drops the repetition. So everything in the batch
comes from the arguments, the time too. Pitfall: with a callback the task would end before its upload, and be
acknowledged too early. If a whole worker is killed, Redis gives its tasks to another one after `visibility_timeout`.

    pip install mparticle-ext "celery[redis]"
    export CELERY_BROKER_URL=redis://localhost
    celery --app celery_app worker
"""

import os

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded

from mparticle_ext import (
    APIError,
    BadRequestError,
    Batch,
    CommerceEvent,
    Configuration,
    EventsApi,
    ProductAction,
    UserIdentities,
)

app = Celery("shop", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    task_acks_late=True,  # acknowledged when the batch is delivered
    task_reject_on_worker_lost=True,  # a task of a killed process runs again
    task_soft_time_limit=30,  # seconds; more than the deadline of an upload
    task_time_limit=40,
    worker_prefetch_multiplier=1,  # a worker holds few tasks that others could run
    broker_transport_options={"visibility_timeout": 600},  # seconds; more than a task, or its wait for a retry, takes
)
api = EventsApi(Configuration.from_env(deadline=20))  # each worker process gets connections of its own after the fork


@app.task(
    autoretry_for=(APIError, SoftTimeLimitExceeded),
    dont_autoretry_for=(BadRequestError,),
    max_retries=20,
    retry_backoff=True,
    retry_backoff_max=300,  # seconds
)
def upload_purchase(order: str, customer_id: str, total: float, placed_at: int) -> None:
    """Upload the purchase of an order; `placed_at` is in Unix milliseconds."""
    if not order:  # mParticle would drop all but the first of these orders: their ids would be equal
        raise ValueError("the order has no number")
    action = ProductAction("purchase", transaction_id=order, total_amount=total)
    batch = Batch(
        "production",
        source_request_id=f"order-{order}",
        user_identities=UserIdentities(customer_id=customer_id),
        events=[CommerceEvent(product_action=action, timestamp_unixtime_ms=placed_at)],
    )
    api.upload_events(batch)
