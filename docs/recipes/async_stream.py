"""A stream: upload what an async generator yields.

`upload_all` sends while it reads, and reads no faster than it can send. If the stream breaks, everything before the
break is uploaded, and the exception has the result. The number of the order is the `source_request_id`, so the same
stream can be read again. An order without a number is not sent, but reported. Pitfall: a request waits until it has
100 batches or 256 KB, or the stream ends. If your stream is slow and has no end, use `await api.upload_events(batch)`
for each batch instead.

    pip install mparticle-ext
    python async_stream.py http://localhost:8000/orders.ndjson
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx

from mparticle_ext import AsyncEventsApi, Configuration, UploadResult


async def batches(url: str) -> AsyncIterator[dict[str, Any]]:
    """The batch of each line of a response, while the response arrives, in the JSON form of the API."""
    async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", url) as response:
        async for line in response.raise_for_status().aiter_lines():
            if not line.strip():  # some servers send empty lines, so that the connection stays open
                continue
            order = json.loads(line)
            number = order.get("number")
            data = {"custom_event_type": "transaction", "event_name": "Order placed"}
            yield {
                "environment": "production",
                "source_request_id": [] if number in (None, "") else f"order-{number}",  # the upload refuses []
                "user_identities": {"customer_id": order["customer_id"]},
                "events": [
                    {"event_type": "custom_event", "data": {**data, "timestamp_unixtime_ms": order["placed_at"]}}
                ],
            }


async def upload(url: str) -> tuple[UploadResult, httpx.HTTPError | None]:
    """Upload the stream to its end, or to where it breaks. Returns the result, and what broke the stream."""
    async with AsyncEventsApi(Configuration.from_env()) as api:
        try:
            return await api.upload_all(batches(url)), None
        except httpx.HTTPError as error:
            return UploadResult.of(error) or UploadResult(), error


def main(url: str) -> int:
    """Upload the stream, and print what was not delivered; 1 if there is any, or if the stream broke."""
    result, broken = asyncio.run(upload(url))
    print(f"{result.delivered} of {result.total} orders delivered")
    for one in result.failed:
        print(f"order {one.index + 1}: {one.error}")
    if broken:
        print(f"the stream broke: {broken!r}", file=sys.stderr)
    return 1 if result.failed or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
