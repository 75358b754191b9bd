"""Uploads many batches, and prints the result: `python soak.py blocking|asyncio COUNT`, with the environment's API."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from mparticle_ext import AsyncEventsApi, BatchResult, Configuration, EventsApi, Retry

samples: list[dict[str, int]] = []
reported = 0


def resident_kib() -> int:
    with open("/proc/self/statm") as pages:  # noqa: PTH123
        return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def batches(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        if number % (count // 20) == 0:
            files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
            samples.append({"KiB": resident_kib(), "threads": threading.active_count(), "files": files})
        yield {"environment": "production", "source_request_id": str(number), "user_attributes": {"number": number}}


def count_result(_: BatchResult) -> None:
    global reported
    reported += 1


def main(client: str, count: int) -> None:
    configuration = Configuration.from_env(timeout=2.0, retry=Retry(initial_backoff=0.05))
    if client == "blocking":
        with EventsApi(configuration) as api:
            result = api.upload_all(batches(count), on_result=count_result)
    else:

        async def upload() -> Any:
            async with AsyncEventsApi(configuration) as api:
                return await api.upload_all(batches(count), on_result=count_result)

        result = asyncio.run(upload())
    print(
        json.dumps(
            {"delivered": result.delivered, "failed": len(result.failed), "reported": reported, "samples": samples}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
