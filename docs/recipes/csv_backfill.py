"""CSV: load the orders of a file of any size.

`upload_all` reads the rows while it sends, so memory does not grow with the file. It finds mParticle's rate limit by
itself. `historical=True` is for events that are at least 72 hours old: mParticle does not forward them to outputs.
A row becomes a dict, so a value that is wrong fails this row only. Correct the rows that the failed file names, and
load the whole file again: the number of the order is the `source_request_id`, so it counts once in 30 days. Pitfall:
text with digits is accepted as a number, but takes the SDK fifty times longer. So the program converts it.

    pip install mparticle-ext
    python csv_backfill.py orders.csv failed.csv    # columns: number,customer_id,total,placed_at
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for row in rows:
        action = {"action": "purchase", "transaction_id": row["number"], "total_amount": number(row["total"])}
        data = {"product_action": action, "timestamp_unixtime_ms": number(row["placed_at"])}
        yield {
            "environment": "production",
            "source_request_id": f"order-{row['number']}",
            "user_identities": {"customer_id": row["customer_id"]},
            "events": [{"event_type": "commerce_event", "data": data}],
        }


def number(text: str) -> float | str:
    """The number in a text; else the text, so that the upload refuses this row and says why."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def main(source: Path, failures: Path) -> int:
    """Upload all rows, and write those that were not delivered; 1 if there are any."""
    with (
        source.open(newline="", encoding="utf-8") as orders,
        failures.open("w", newline="", encoding="utf-8") as failed,
        EventsApi(Configuration.from_env()) as api,
    ):
        write = csv.writer(failed).writerow
        write(["row", "error"])

        def note(one: BatchResult) -> None:
            write([one.index + 1, one.error])

        rows = csv.DictReader(orders)
        result = api.upload_all(batches(rows), historical=True, on_failed=note)
    print(f"{result.delivered:,} of {result.total:,} orders delivered")
    return 0 if result.delivered == result.total else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
