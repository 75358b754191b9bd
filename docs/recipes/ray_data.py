"""Ray Data: upload the rows of a data set.

Ray reads and shapes the rows, and the driver sends them. mParticle takes about 270 batches a second, and one process
sends more. Pitfall: in `map_batches` each worker would find the rate limit alone, so that many requests are refused,
and a task that Ray repeats sends its rows again. The rows come to the driver block by block, so memory stays flat.
`source_request_id` is the number of the order, so the program can run again. A row without a number is not sent, but
reported.

    pip install "mparticle-ext" "ray[data]"
    python ray_data.py orders.parquet    # columns: number, customer_id, total
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import ray.data

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for row in rows:
        number, customer, total = (value(row[name]) for name in ("number", "customer_id", "total"))
        yield {
            "environment": "production",
            "source_request_id": [] if number in (None, "") else f"order-{number}",  # the upload refuses []
            "user_identities": {"customer_id": customer},
            "user_attributes": {} if total is None else {"last order": total},
        }


def value(cell: Any) -> Any:
    """A cell as it was: where values are missing, pandas has NaN for them, and floats for the other integers."""
    if isinstance(cell, float):
        return None if cell != cell else int(cell) if cell.is_integer() else cell
    return cell


def report(failed: BatchResult) -> None:
    """Print the reason of a batch that was not delivered."""
    print(f"row {failed.index}: {failed.error}", file=sys.stderr)


def main(path: str) -> int:
    """Upload all rows; 1 if some were not delivered."""
    with EventsApi(Configuration.from_env()) as api:
        result = api.upload_all(batches(ray.data.read_parquet(path).iter_rows()), on_failed=report)
    print(f"{result.delivered} delivered, {result.reported} failed")
    return 1 if result.reported else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
