"""Is interrupted by Ctrl-C at many moments of an `upload_all`, and says each time what the books say."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from mparticle_ext import APIError, Configuration, EventsApi, Outcome, UploadResult

read = 0


def batches(job: int) -> Iterator[dict[str, Any]]:
    global read
    for number in range(3000):
        read = number + 1
        yield {"environment": "production", "job_id": str(job)}


def surely_not_taken(result: UploadResult) -> int:
    errors = [one.error for one in result.failed]
    return sum(isinstance(error, APIError) and error.outcome is Outcome.NOT_TAKEN for error in errors)


def main(jobs: int) -> None:
    global read
    configuration = Configuration.from_env(max_in_flight=3)
    for job in range(jobs):
        api = EventsApi(configuration)
        read = 0
        timer = threading.Timer(0.002 + 0.001 * job, os.kill, (os.getpid(), signal.SIGINT))
        result: UploadResult | None = None
        interrupted = False
        try:
            timer.start()
            result = api.upload_all(batches(job))
            timer.join()
        except (KeyboardInterrupt, RuntimeError) as error:  # Python's own locks can turn the one into the other
            interrupted = True
            result = UploadResult.of(error) or result or (UploadResult() if read == 0 else None)
        timer.join()
        api.close()
        assert result is not None, job
        numbers = {"job": job, "read": read, "total": result.total, "delivered": result.delivered}
        print(json.dumps({**numbers, "interrupted": interrupted, "not taken": surely_not_taken(result)}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
