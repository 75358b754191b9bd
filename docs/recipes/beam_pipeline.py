"""Apache Beam: upload the lines of a file in groups.

Pitfall: a runner can give a DoFn one element at a time, which would be one request for each batch, so
`GroupIntoBatches` makes groups of 1,000. The key is the lane: at most LANES groups are sent at once, each at its share
of the rate. A bundle that fails is repeated, so each batch has a `source_request_id` of its own, and counts once. What
is not delivered is the output of the pipeline, also an order without a number. Only the workers read the credentials,
from their environment.

    pip install "mparticle-ext" apache-beam
    python beam_pipeline.py orders.ndjson failed    # lines: {"number": 1, "customer_id": "a", "total": 9.5}
"""

import json
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from mparticle_ext import Configuration, EventsApi

LANES = 4
RATE = 250 / LANES  # batches a second of a lane


def batch_of(line: str) -> tuple[int, dict[str, Any]]:
    """The lane and the batch of a line."""
    order = json.loads(line)
    number = order["number"]
    batch = {
        "environment": "production",
        "source_request_id": [] if number in (None, "") else f"order-{number}",  # the upload refuses []
        "user_identities": {"customer_id": order["customer_id"]},
        "user_attributes": {"last order": order["total"]},
    }
    return zlib.crc32(line.encode()) % LANES, batch


class Upload(beam.DoFn):
    """Uploads groups of batches; its output is what was not delivered."""

    def setup(self) -> None:
        """Open the connections, once for a worker."""
        self._api = EventsApi(Configuration.from_env(rate=RATE))

    def process(self, element: tuple[int, Any]) -> Iterator[str]:
        """Upload a group."""
        for one in self._api.upload_all(element[1]).failed:
            yield json.dumps({"reason": str(one.error), "batch": one.batch})

    def teardown(self) -> None:
        """Close the connections."""
        self._api.close()


def main(source: str, failed: str) -> None:
    """Upload all lines."""
    with beam.Pipeline() as pipeline:
        batches = pipeline | beam.io.ReadFromText(source) | beam.Map(batch_of)
        groups = batches | beam.GroupIntoBatches(1000, max_buffering_duration_secs=10)
        groups | beam.ParDo(Upload()) | beam.io.WriteToText(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
