"""Ray Data: Ray reads and shapes the rows, and the driver sends them.

mParticle takes about 270 batches a second, and one process sends more. Pitfall: in `map_batches` each worker
would find the rate limit alone, so that many requests are refused, and a task that Ray repeats sends its rows again.
The rows come to the driver block by block, so memory stays flat. `source_request_id` is the number of the order, so the
program can run again.

    pip install "mparticle-ext" "ray[data]"
    python ray_data.py orders.parquet    # columns: number, customer_id, total
"""

import sys
from collections.abc import Iterator
from typing import Any

import ray.data

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(orders: "ray.data.Dataset") -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for row in orders.iter_rows():
        yield {
            "environment": "production",
            "source_request_id": f"order-{row['number']}",
            "user_identities": {"customer_id": row["customer_id"]},
            "user_attributes": {"last order": row["total"]},
        }


def report(failed: BatchResult) -> None:
    """Print the reason of a batch that was not delivered."""
    print(f"row {failed.index}: {failed.error}", file=sys.stderr)


def main(path: str) -> None:
    """Upload all rows."""
    with EventsApi(Configuration.from_env()) as api:
        result = api.upload_all(batches(ray.data.read_parquet(path)), on_failed=report)
    print(f"{result.delivered} delivered, {result.reported} failed")


if __name__ == "__main__":
    main(sys.argv[1])
