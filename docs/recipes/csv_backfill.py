"""CSV: load the orders of a file of any size.

`upload_all` reads the rows while it sends, so memory does not grow with the file. It finds mParticle's rate limit by
itself. `historical=True` is for events that are at least 72 hours old: mParticle does not forward them to outputs.
A row becomes a dict, so a value that is wrong fails this row only. Correct the rows that the failed file names, and
load the whole file again: the number of the order is the `source_request_id`, so it counts once in 30 to 60 days. A row
without a number is not sent, because it would count at each load. Of two rows with the same number mParticle keeps the
first: if a row is a line of an order, add the line to the id. Pitfall: text with digits is accepted as a number, but
takes the SDK fifty times longer. So the program converts it.

    pip install mparticle-ext
    python csv_backfill.py orders.csv failed.csv    # columns: number,customer_id,total,placed_at
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mparticle_ext import BatchResult, Configuration, EventsApi, MParticleError, UploadResult


def batches(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for row in rows:
        action = {"action": "purchase", "transaction_id": row["number"], "total_amount": number(row["total"])}
        data = {"product_action": action, "timestamp_unixtime_ms": number(row["placed_at"])}
        yield {
            "environment": "production",
            "source_request_id": f"order-{row['number']}" if row["number"] else [],  # the upload refuses []
            "user_identities": {"customer_id": row["customer_id"]},
            "events": [{"event_type": "commerce_event", "data": data}],
        }


def number(text: str) -> float | str:
    """The number in a text; else the text, so that the upload refuses this row and says why."""
    for kind in (int, float) if text.isascii() and "_" not in text else ():
        with suppress(ValueError):
            return kind(text)
    return text


def main(source: Path, failures: Path) -> int:
    """Upload all rows, and write those that were not delivered; 1 if there are any."""
    if failures.exists() and failures.samefile(source):
        sys.exit("give the failed rows another file: this one has the orders")
    with (
        source.open(newline="", encoding="utf-8-sig") as orders,  # Excel writes a byte order mark
        failures.open("w", newline="", encoding="utf-8") as failed,
        EventsApi(Configuration.from_env()) as api,
    ):
        write = csv.writer(failed).writerow
        write(["row", "error"])

        def note(one: BatchResult) -> None:
            write([one.index + 1, one.error])

        rows, stopped = csv.DictReader(orders, restval=""), None
        try:
            result = api.upload_all(batches(rows), historical=True, on_failed=note)
        except MParticleError as error:  # such as wrong credentials, or an outage
            result, stopped = UploadResult.of(error) or UploadResult(), error
            for one in result.failed:
                note(one)
    print(f"{result.delivered:,} of {result.total:,} orders delivered")
    if stopped:
        print(f"the rest was not read: {stopped}", file=sys.stderr)
    return 0 if result.delivered == result.total and not stopped else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
