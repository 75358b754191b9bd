"""Airflow: upload the orders of each day.

One task sends a whole day, with `upload_all`. Pitfall: many small tasks share one rate limit, so do not map it, and
`max_active_tis_per_dag` is 1. Airflow repeats a task that failed: `source_request_id` is the number of the order, so
what was delivered counts once in 30 to 60 days. A few faulty rows do not fail the day: the file beside it has their
JSON, to correct and upload, and the log has the reasons. The credentials are in the environment of the workers;
MPARTICLE_ORDERS is the folder of the files.

    pip install "mparticle-ext" apache-airflow
    airflow dags test mparticle_orders 2026-11-01    # reads $MPARTICLE_ORDERS/2026-11-01.ndjson
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from airflow.sdk import dag, task

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The batch of each line. A wrong line becomes one that the upload refuses, so that the others are sent."""
    for line in filter(str.strip, lines):
        try:
            batch = batch_of(json.loads(line))
        except (LookupError, TypeError, ValueError) as error:
            batch = {"wrong line": line.strip(), "problem": repr(error)}
        yield batch


def batch_of(order: dict[str, Any]) -> dict[str, Any]:
    """The batch of an order, in the JSON form of the API."""
    number = order["number"]
    return {
        "environment": "production",
        "source_request_id": [] if number in (None, "") else f"order-{number}",  # the upload refuses []
        "user_identities": {"customer_id": order["customer_id"]},
        "user_attributes": {"last order": order["total"]},
    }


@task(retries=3, retry_delay=timedelta(minutes=5), max_active_tis_per_dag=1)
def upload(ds: str | None = None) -> int:
    """Upload the orders of the day `ds`; the number of delivered ones."""
    source = Path(os.environ["MPARTICLE_ORDERS"], f"{ds}.ndjson")
    with (
        source.open(encoding="utf-8") as lines,
        source.with_suffix(".failed").open("w", encoding="utf-8") as failed,
        EventsApi(Configuration.from_env()) as api,
    ):
        return upload_lines(api, lines, failed)


def upload_lines(api: EventsApi, lines: Iterable[str], failed: TextIO) -> int:
    """Upload the orders of these lines, and write the JSON of those that were not delivered."""

    def note(one: BatchResult) -> None:
        print(one.error)
        print(json.dumps(one.batch), file=failed)

    return api.upload_all(batches(lines), on_failed=note).delivered


@dag("mparticle_orders", schedule="@daily", start_date=datetime(2026, 11, 1), catchup=False)
def orders() -> None:
    """Load the orders of each day."""
    upload()


orders()
