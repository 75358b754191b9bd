"""Interrupts `upload_all` at random moments: `python interrupted.py blocking|asyncio SECONDS SEED`.

It takes a minute more, if it needs that to see each outcome: a busy machine makes few uploads in some seconds.

Client and server are in one process. The server refuses large requests, so that groups are being halved most of the
time, and counts what it took. After each run the result is compared with that. Prints the counts and the faults.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from faulty_server import ACCEPTED, Exchange, FaultyServer

from mparticle_ext import APIError, AsyncEventsApi, Configuration, EventsApi, Outcome, UploadResult

BATCHES = 150
LARGEST = 20  # batches that the server accepts in a request
MIN_INTERRUPTED = 5
MORE_SECONDS = 60.0
WARM_UPS = 3  # runs without a signal, whose duration is measured


class SoftLimitError(Exception):
    """An ordinary exception of a signal handler, such as Celery's SoftTimeLimitExceeded."""


SIGNALS: dict[int, type[BaseException]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGUSR1: SoftLimitError}
Plan = list[tuple[float, int]]
"""Seconds to wait, and the signal to send then."""


class Run:
    """One `upload_all`, and what is wrong with its result."""

    armed = False

    def __init__(self, chance: random.Random, duration: float, counts: Counter[str]) -> None:
        self.read = 0
        self.counts = counts
        first = chance.choice([chance.uniform(0, duration), chance.uniform(0, 0.001)])
        second = chance.uniform(0, chance.choice([0.000_05, 0.001, duration]))
        delays = [first, second][: chance.choice([1, 2])]
        self.plan: Plan = [(delay, chance.choice(list(SIGNALS))) for delay in delays]

    def batches(self) -> Iterator[dict[str, Any]]:
        for number in range(BATCHES):
            self.read = number + 1
            yield {"environment": "production", "source_request_id": str(number)}

    def faults(self, error: BaseException | None, result: UploadResult | None, server: FaultyServer) -> Iterator[str]:
        """What is wrong with a result."""
        if result is None:
            if self.read:
                yield f"no result of {error!r}"
            return
        if not self.read - 1 <= result.total <= self.read:  # the iterable can be interrupted before its `yield`
            yield f"{result.total} of {self.read} batches are counted"
        failed = {one.index: one.error for one in result.failed}
        if len(failed) != len(result.failed):
            yield "a batch is counted twice"
        taken = {int(batch["source_request_id"]) for batch in server.taken}
        for number in range(result.total):
            outcome = _outcome(failed[number]) if number in failed else Outcome.TAKEN
            self.counts[outcome.value] += 1
            if outcome is not Outcome.UNKNOWN and (outcome is Outcome.TAKEN) != (number in taken):
                yield f"batch {number} is counted as {outcome.value}"


def _outcome(error: BaseException | None) -> Outcome:
    return error.outcome if isinstance(error, APIError) else Outcome.REFUSED


def refuse_large(exchange: Exchange) -> None:
    exchange.read()
    if len(json.loads(exchange.body)) > LARGEST:
        exchange.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return
    exchange.take()
    exchange.send(ACCEPTED)


def raise_if_armed(number: int, _: FrameType | None) -> None:
    if Run.armed:
        raise SIGNALS[number]


def send_signals(plan: Plan) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    for delay, number in plan:
        time.sleep(delay)
        signal.pthread_kill(main_thread, number)


def blocking(run: Run, configuration: Configuration) -> tuple[BaseException | None, UploadResult | None]:
    result, error = None, None
    sender = threading.Thread(target=send_signals, args=(run.plan,))
    api = EventsApi(configuration)
    sender.start()
    try:
        Run.armed = True
        result = api.upload_all(run.batches())
        Run.armed = False
    except tuple(SIGNALS.values()) as caught:
        Run.armed = False
        error = caught
    sender.join()
    api.close()
    return error, UploadResult.of(error) if error else result


def from_asyncio(run: Run, configuration: Configuration) -> tuple[BaseException | None, UploadResult | None]:
    async def main() -> tuple[BaseException | None, UploadResult | None]:
        async with AsyncEventsApi(configuration) as api:
            task = asyncio.create_task(api.upload_all(run.batches()))
            after = 0.0
            for delay, _ in run.plan:
                after += delay
                asyncio.get_running_loop().call_later(after, task.cancel)
            await asyncio.wait([task], timeout=20)
            assert task.done()
            await asyncio.sleep(0)
            run.counts["tasks left"] += len(asyncio.all_tasks()) - 1
            if not task.cancelled():
                return None, task.result()
            try:
                await task
            except asyncio.CancelledError as error:
                return error, UploadResult.of(error)
        return None, None

    return asyncio.run(main())


def threads_left() -> int:
    """The threads of `upload_all` that are still alive after some seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        threads = [one for one in threading.enumerate() if one.name.startswith("mparticle") and one.is_alive()]
        if not threads:
            return 0
        time.sleep(0.0005)
    return len(threads)


def saw_each_outcome(counts: Counter[str]) -> bool:
    outcomes = (Outcome.TAKEN, Outcome.NOT_TAKEN, Outcome.UNKNOWN)
    return counts["interrupted"] > MIN_INTERRUPTED and all(counts[outcome.value] for outcome in outcomes)


def main(client: str, seconds: float, seed: int) -> None:
    logging.disable()
    sys.unraisablehook = lambda _: None  # Python drops an exception that a signal handler raises in a weakref callback
    for number in SIGNALS:
        signal.signal(number, raise_if_armed)
    upload = blocking if client == "blocking" else from_asyncio
    chance, counts, faults, duration = random.Random(seed), Counter[str](), list[str](), 0.01  # noqa: S311  # not a secret
    with FaultyServer(otherwise=refuse_large) as server:
        configuration = Configuration("key", "secret", base_url=server.url, max_in_flight=3)
        until = time.monotonic() + seconds
        while len(faults) < 10:
            if time.monotonic() > (until if saw_each_outcome(counts) else until + MORE_SECONDS):
                break
            server.taken.clear()
            server._ids.clear()  # noqa: SLF001
            run = Run(chance, duration, counts)
            if counts["runs"] < WARM_UPS:
                run.plan = []
            started = time.monotonic()
            error, result = upload(run, configuration)
            if not run.plan:
                duration = time.monotonic() - started
            counts["runs"] += 1
            counts["interrupted"] += error is not None
            counts["threads left"] += threads_left()
            faults += [f"{fault}; {error!r}; {run.plan}" for fault in run.faults(error, result, server)]
    print(json.dumps({**counts, "faults": faults}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
