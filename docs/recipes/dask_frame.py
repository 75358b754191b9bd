"""Dask: upload the rows of a frame.

The workers compute the partitions, and this process sends them one after the other. mParticle takes about 270 batches a
second, and one process sends more. Pitfall: in `map_partitions` each worker would find the rate limit alone, and a
partition that Dask computes again would be sent again. Only one partition is in memory here. pandas has NaN for a value
that is missing, and floats for the other integers of its column. The number of the order is the `source_request_id`, so
the program can run again. A row without a number is not sent, but reported.

    pip install "mparticle-ext" "dask[dataframe]"
    python dask_frame.py orders.parquet    # columns: number, customer_id, total
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import dask.dataframe as dd
import pandas as pd

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(partitions: Iterable[pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for partition in partitions:
        for row in partition[["number", "customer_id", "total"]].itertuples(index=False):
            number, customer, total = map(value, row)
            yield {
                "environment": "production",
                "source_request_id": [] if number in (None, "") else f"order-{number}",  # the upload refuses []
                "user_identities": {"customer_id": customer},
                "user_attributes": {} if total is None else {"last order": total},
            }


def value(cell: Any) -> Any:
    """A cell as it was: None if it is missing, and an integer as an integer."""
    if pd.isna(cell):
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def report(failed: BatchResult) -> None:
    """Print the reason of a batch that was not delivered."""
    print(f"row {failed.index}: {failed.error}", file=sys.stderr)


def main(path: str) -> int:
    """Upload all rows; 1 if some were not delivered."""
    partitions = (one.compute() for one in dd.read_parquet(path).partitions)
    with EventsApi(Configuration.from_env()) as api:
        result = api.upload_all(batches(partitions), on_failed=report)
    print(f"{result.delivered} delivered, {result.reported} failed")
    return 1 if result.reported else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
