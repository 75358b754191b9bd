"""AWS Lambda: upload the batches of an SQS queue.

Another program puts batches into the queue, each as the text of `batch.to_json()`. Lambda freezes the process when the
handler returns, so the handler first waits with `flush`. It reports the messages that are not delivered, and SQS brings
them again; after some times it moves them to the dead-letter queue. SQS can also bring a message twice: its id is the
`source_request_id`, so it counts once. Pitfall: `ReportBatchItemFailures` must be on, else a failed message is lost.

    pip install --target package mparticle-ext
    cp lambda_handler.py package
    # the function's handler: lambda_handler.handler; its time limit: 15 seconds or more
"""

import logging
from concurrent.futures import Future
from typing import Any, Protocol

import httpx

from mparticle_ext import Batch, Configuration, EventsApi, MParticleError

LOG = logging.getLogger(__name__)
SPARE_SECONDS = 1  # to return the result, before Lambda's time limit

api = EventsApi(Configuration.from_env(deadline=10, max_in_flight=10))  # made once, and used by many invocations


class Context(Protocol):
    """What the handler uses of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda's time limit."""
        ...


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Upload each message, and report those that must come again."""
    uploads = {record["messageId"]: start_upload(record) for record in event["Records"]}
    api.flush(max(0, context.get_remaining_time_in_millis() / 1000 - SPARE_SECONDS))
    failed = [message_id for message_id, upload in uploads.items() if not is_delivered(upload)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def start_upload(record: dict[str, Any]) -> Future[httpx.Response] | None:
    """Upload a message in the background; None if it is not a batch."""
    try:
        batch = Batch.from_json(record["body"])
    except MParticleError as error:
        log_failure(error)
        return None
    batch.source_request_id = batch.source_request_id or record["messageId"]
    return api.upload_events(batch, log_failure)


def is_delivered(upload: Future[httpx.Response] | None) -> bool:
    """Whether an upload succeeded. One that is not finished continues when Lambda thaws the process."""
    return upload is not None and upload.done() and upload.exception() is None


def log_failure(error: MParticleError | None, _: None = None, __: httpx.Response | None = None) -> None:
    """Log why a batch is not delivered."""
    if error:
        LOG.error("not delivered: %s", error)
