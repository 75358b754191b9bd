"""Dask: the workers compute the partitions, and this process sends them one after the other.

mParticle takes about 270 batches a second, and one process sends more. Pitfall: in `map_partitions` each worker
would find the rate limit alone, and a partition that Dask computes again would be sent again. Only one partition is in
memory here. pandas has NaN for a value that is missing, and JSON does not have it, so it is left out. The number of the
order is the `source_request_id`, so the program can run again.

    pip install "mparticle-ext" "dask[dataframe]"
    python dask_frame.py orders.parquet    # columns: number, customer_id, total
"""

import sys
from collections.abc import Iterator
from typing import Any

import dask.dataframe as dd
import pandas as pd

from mparticle_ext import BatchResult, Configuration, EventsApi


def batches(orders: dd.DataFrame) -> Iterator[dict[str, Any]]:
    """The batch of each row, in the JSON form of the API."""
    for partition in orders.partitions:
        for row in partition.compute().itertuples(index=False):
            yield {
                "environment": "production",
                "source_request_id": f"order-{row.number}",
                "user_identities": {"customer_id": row.customer_id},
                "user_attributes": {} if pd.isna(row.total) else {"last order": row.total},
            }


def report(failed: BatchResult) -> None:
    """Print the reason of a batch that was not delivered."""
    print(f"row {failed.index}: {failed.error}", file=sys.stderr)


def main(path: str) -> None:
    """Upload all rows."""
    with EventsApi(Configuration.from_env()) as api:
        result = api.upload_all(batches(dd.read_parquet(path)), on_failed=report)
    print(f"{result.delivered} delivered, {result.reported} failed")


if __name__ == "__main__":
    main(sys.argv[1])
