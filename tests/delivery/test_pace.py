"""The pace of `upload_all`: it finds mParticle's rate limit, keeps to a configured rate, and loses nothing by a 429.

Most tests run a whole client in virtual time. The slow tests keep the promise against a sandbox in real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import virtual_time
from common import wait_until
from faulty_server import FaultyServer, accept, status
from upload_all import UploadAll, both_clients, configured, environment_of, every_iterable, numbered

from mparticle_ext import (
    APITimeoutError,
    AsyncEventsApi,
    Attempt,
    Configuration,
    RateLimitError,
    Retry,
    UploadResult,
    UploadStoppedError,
)
from mparticle_ext.sandbox import Sandbox
from mparticle_ext.sandbox._faults import RateLimiter

LIMIT = 270
BATCHES = 5000


class LeakyBucket:
    """Each batch fills it, and it drains at the limit. It holds a second's batches."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._level = 0.0
        self._drained_at = time.monotonic()

    def seconds_until(self, batches: int) -> float:
        """Seconds until it takes them; 0 for now, and then they are counted."""
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._drained_at) * self._limit)
        self._drained_at = now
        over = self._level + batches - max(self._limit, batches)
        if over <= 0:
            self._level += batches
        return max(0.0, over / self._limit)

    @property
    def percentage(self) -> float:
        return min(100.0, 100 * self._level / self._limit)


class Window:
    """Takes the limit's batches in each window of some seconds."""

    def __init__(self, limit: float, seconds: float = 1.0) -> None:
        self._limit = limit * seconds
        self._seconds = seconds
        self._number = 0
        self._count = 0

    def seconds_until(self, batches: int) -> float:
        """Seconds until it takes them; 0 for now, and then they are counted."""
        number, passed = divmod(time.monotonic(), self._seconds)
        if number != self._number:
            self._number, self._count = int(number), 0
        if self._count + batches > max(self._limit, batches):
            return self._seconds - passed
        self._count += batches
        return 0.0

    @property
    def percentage(self) -> float:
        return min(100.0, 100 * self._count / self._limit)


@dataclass
class Service(httpx.AsyncBaseTransport):
    """An Events API with a rate limit, in virtual time."""

    limiter: LeakyBucket | Window | Refusing | SandboxLimiter
    retry_after: bool = True
    shows_percentage: bool = True
    latency: float = 0.05
    taken: list[str] = field(default_factory=list)
    refused: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        body = body if isinstance(body, list) else [body]
        await asyncio.sleep(self.latency / 2)
        wait = self.limiter.seconds_until(len(body))
        if not wait:
            self.taken += [batch["source_request_id"] for batch in body]
        else:
            self.refused += 1
        await asyncio.sleep(self.latency / 2)
        headers = {}
        if self.shows_percentage:
            headers["X-mp-rate-limit-percentage-used"] = f"{self.limiter.percentage:.0f}"
        if wait and self.retry_after:
            headers["Retry-After"] = str(math.ceil(wait))
        return httpx.Response(429 if wait else 202, headers=headers)


def configuration_of(service: Service, **others: Any) -> Configuration:
    return Configuration("key", "secret", transport=service, **others)


async def upload(service: Service, count: int = BATCHES, start: int = 0, **others: Any) -> UploadResult:
    rows = ({"environment": "production", "source_request_id": str(start + one)} for one in range(count))
    async with AsyncEventsApi(configuration_of(service, **others)) as api:
        return await api.upload_all(rows)


# In virtual time


@pytest.mark.parametrize("shows_percentage", [True, False], ids=["percentage", "no percentage"])
@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
@pytest.mark.parametrize(("latency", "limiter"), [(0.02, "bucket"), (0.3, "bucket"), (0.02, "window")])
def test_it_finds_the_limit(
    latency: float, limiter: str, retry_after: bool, shows_percentage: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    possible = LIMIT if limiter == "bucket" else 200  # in a window of a second fit two requests of 100

    async def main() -> None:
        service = Service(
            LeakyBucket(LIMIT) if limiter == "bucket" else Window(LIMIT), retry_after, shows_percentage, latency
        )
        started = time.monotonic()
        result = await upload(service)
        rate = BATCHES / (time.monotonic() - started)
        print(f"{rate:.0f} batches a second, {service.refused} times 429")
        assert (result.delivered, result.failed) == (BATCHES, [])
        assert sorted(map(int, service.taken)) == list(range(BATCHES))
        assert rate >= 0.7 * possible
        assert service.refused <= 20

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
def test_it_waits_for_the_next_window_with_few_requests(retry_after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(Window(LIMIT, seconds=10.0), retry_after, shows_percentage=False)
        started = time.monotonic()
        result = await upload(service, 3 * BATCHES)
        rate = 3 * BATCHES / (time.monotonic() - started)
        print(f"{rate:.0f} batches a second, {service.refused} times 429")
        assert (result.delivered, result.failed) == (3 * BATCHES, [])
        assert rate >= 0.7 * LIMIT
        assert service.refused <= 120  # 5 to 6 windows, and 8 requests in flight

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
def test_two_processes_share_a_limit(retry_after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        limiter = LeakyBucket(LIMIT)
        services = [Service(limiter, retry_after) for _ in range(2)]
        started = time.monotonic()
        results = await asyncio.gather(*(upload(one, start=BATCHES * n) for n, one in enumerate(services)))
        rate = 2 * BATCHES / (time.monotonic() - started)
        refused = sum(service.refused for service in services)
        print(f"{rate:.0f} batches a second, {refused} times 429")
        assert [(result.delivered, len(result.failed)) for result in results] == [(BATCHES, 0)] * 2
        assert rate >= 0.8 * LIMIT
        assert refused <= 30

    virtual_time.run(main(), monkeypatch)


class SandboxLimiter:
    """Counts as the sandbox does."""

    def __init__(self, limit: float) -> None:
        self._limiter = RateLimiter(limit)

    def seconds_until(self, batches: int) -> float:
        """Seconds until it takes them; 0 for now, and then they are counted."""
        wait = self._limiter.seconds_until(batches)
        if not wait:
            self._limiter.accept(batches)
        return wait

    @property
    def percentage(self) -> float:
        return self._limiter.percentage_used()


@pytest.mark.parametrize("second_starts_after", [0.1, 0.4, 10.0])
def test_the_process_that_remains_uses_the_whole_limit_within_seconds(
    second_starts_after: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        limiter = SandboxLimiter(LIMIT)
        first, second = Service(limiter), Service(limiter)
        task = asyncio.create_task(upload(first, 5 * BATCHES))
        await asyncio.sleep(second_starts_after)
        taken, started = len(first.taken), time.monotonic()
        await upload(second, BATCHES, start=5 * BATCHES)
        rate = (len(first.taken) - taken + BATCHES) / (time.monotonic() - started)
        await asyncio.sleep(10)
        taken = len(first.taken)
        await asyncio.sleep(20)
        alone = (len(first.taken) - taken) / 20
        print(f"{rate:.0f} batches a second, then {alone:.0f} alone, {first.refused + second.refused} times 429")
        assert (await task).delivered == 5 * BATCHES
        assert rate >= 250
        assert alone >= 240

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
def test_a_process_that_starts_while_another_one_uses_the_limit(
    retry_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        limiter = LeakyBucket(LIMIT)
        limiter.seconds_until(LIMIT)  # so that the first request is refused
        started = time.monotonic()
        result = await upload(Service(limiter, retry_after))
        assert (result.delivered, result.failed) == (BATCHES, [])
        assert BATCHES / (time.monotonic() - started) >= 0.5 * LIMIT  # it begins at 100 and adds 3 a second

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("single_uploads", [0, 600])
def test_an_api_that_is_an_hour_old_finds_the_limit(single_uploads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(LeakyBucket(LIMIT))
        async with AsyncEventsApi(configuration_of(service)) as api:
            for number in range(single_uploads):
                await api.upload_events({"environment": "production", "source_request_id": f"single {number}"})
                await asyncio.sleep(1)
            await asyncio.sleep(3600 - single_uploads)
            started = time.monotonic()
            result = await api.upload_all(numbered(BATCHES))
        assert (result.delivered, result.failed) == (BATCHES, [])
        assert BATCHES / (time.monotonic() - started) >= 0.5 * LIMIT  # it begins at 100 and adds 3 a second

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize(("before", "after"), [(270, 90), (90, 270)])
def test_it_follows_a_limit_that_changes(before: int, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(LeakyBucket(before))
        count = 6 * BATCHES
        task = asyncio.create_task(upload(service, count))
        await virtual_time.until(lambda: len(service.taken) >= BATCHES)
        service.limiter = LeakyBucket(after)
        await asyncio.sleep(60)
        service.refused, taken = 0, len(service.taken)
        await asyncio.sleep(10)
        rate = (len(service.taken) - taken) / 10
        print(f"{rate:.0f} batches a second, {service.refused} times 429")
        service.limiter = LeakyBucket(1_000_000)
        assert (await task).delivered == count
        assert 0.6 * after <= rate <= 1.2 * after
        assert service.refused <= 10

    virtual_time.run(main(), monkeypatch)


class Refusing:
    """Refuses some of the requests, such as every third, and asks for a wait after them."""

    percentage = 0.0

    def __init__(self, wait: float, is_refused: Callable[[int], bool]) -> None:
        self._wait = wait
        self._is_refused = is_refused
        self._requests = 0

    def seconds_until(self, _batches: int) -> float:
        """Seconds until it takes them; 0 for now."""
        self._requests += 1
        return self._wait if self._is_refused(self._requests) else 0.0


@pytest.mark.parametrize(("deadline", "retry_after"), [(2.0, False), (3.0, True)])
def test_a_429_costs_neither_an_attempt_nor_the_deadline(
    deadline: float, retry_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: dict[str, float] = {}
    waits: list[float] = []
    attempts: list[int] = []

    def measure(attempt: Attempt) -> None:
        waits.append(time.monotonic() - first.setdefault(attempt.upload_id, time.monotonic()))
        attempts.append(attempt.number)

    async def main() -> None:
        service = Service(Refusing(1.0, lambda number: number % 3 != 1), retry_after, shows_percentage=False)
        result = await upload(
            service, 1600, deadline=deadline, retry=Retry(max_attempts=2, budget=1), on_attempt=measure
        )
        assert (result.delivered, result.failed) == (1600, [])
        assert max(waits) > deadline
        assert max(attempts) > 2

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize(("wait", "deadline"), [(3.0, 5.0), (3.0, 3.0), (3.0, 2.0), (86_400.0, 2.0)])
@pytest.mark.parametrize("every", [2, 3])
def test_waits_after_429s_cost_no_deadline_while_others_are_accepted(
    every: int, wait: float, deadline: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        service = Service(Refusing(wait, lambda number: number % every == 0), shows_percentage=False)
        result = await upload(service, 1600, deadline=deadline)
        assert (result.delivered, result.failed) == (1600, [])

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("wait", [60.0, 86_400.0])
def test_one_429_with_a_wait_of_a_deadline_or_more_fails_nothing(wait: float, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(Refusing(wait, lambda number: number == 5), shows_percentage=False)
        started = time.monotonic()
        result = await upload(service, 1000)
        assert (result.delivered, result.failed) == (1000, [])
        assert time.monotonic() - started < 60 * 1.1 + 10  # a deadline and its jitter, and the uploads

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
def test_if_nothing_is_accepted_the_deadline_ends_it(retry_after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(LeakyBucket(LIMIT), retry_after)
        task = asyncio.create_task(upload(service, 100_000, deadline=4.0))
        await virtual_time.until(lambda: len(service.taken) >= 1000)
        service.limiter = LeakyBucket(0.000_1)  # it accepts one request more
        started = time.monotonic()
        with pytest.raises(RateLimitError) as raised:
            await task
        assert time.monotonic() - started < 60
        result = UploadResult.of(raised.value)
        assert result is not None
        assert result.delivered == len(service.taken)
        kinds = {type(one.error) for one in result.failed}  # the deadline can cut the last attempt
        assert kinds <= {RateLimitError, UploadStoppedError, APITimeoutError}

    virtual_time.run(main(), monkeypatch)


def test_a_long_retry_after_holds_no_longer_than_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        service = Service(LeakyBucket(0.01), latency=0.0)
        async with AsyncEventsApi(configuration_of(service, deadline=5.0)) as api:
            for name in "ab":
                with pytest.raises(RateLimitError) if name == "b" else contextlib.nullcontext():
                    await api.upload_events({"environment": "production", "source_request_id": name})
            with pytest.raises(RateLimitError, match="not sent"):
                await api.upload_events({"environment": "production", "source_request_id": "c"})
            assert service.refused == 1
            await asyncio.sleep(5.6)  # a deadline and 10 %
            service.limiter = LeakyBucket(LIMIT)
            await api.upload_events({"environment": "production", "source_request_id": "d"})

    virtual_time.run(main(), monkeypatch)


def test_uploads_after_a_429_do_not_start_together(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[float] = []

    def note(attempt: Attempt) -> None:
        if attempt.status_code == 202:
            accepted.append(time.monotonic())

    async def main() -> None:
        service = Service(LeakyBucket(1), latency=0.0)
        async with AsyncEventsApi(configuration_of(service, on_attempt=note)) as api:

            async def start(names: str) -> list[asyncio.Task[httpx.Response]]:
                batches = ({"environment": "production", "source_request_id": name} for name in names)
                tasks = [asyncio.create_task(api.upload_events(batch)) for batch in batches]
                await asyncio.sleep(0.1)
                return tasks

            refused = await start("abcde")
            assert service.refused == 4
            held = await start("fghi")
            assert service.refused == 4
            service.limiter = LeakyBucket(LIMIT)
            await asyncio.gather(*refused, *held)
        assert len(accepted) == len(set(accepted)) == 9

    virtual_time.run(main(), monkeypatch)


@pytest.mark.parametrize("rate", [0.5, 5.0, 100.0])
def test_a_configured_rate_is_kept_with_full_requests(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        requests: list[Attempt] = []
        started = time.monotonic()
        service = Service(LeakyBucket(1_000_000))
        result = await upload(service, 1000, rate=rate, on_attempt=requests.append)
        assert result.delivered == 1000
        assert service.taken == [str(number) for number in range(1000)]  # in the order of the batches
        assert [one.batches for one in requests] == [100] * 10
        assert 900 / rate - 0.1 <= time.monotonic() - started <= 900 / rate + 0.5  # the first request does not wait

    virtual_time.run(main(), monkeypatch)


# Over real sockets


@every_iterable
def test_a_configured_rate_is_kept_by_each_client(upload_all: UploadAll) -> None:
    with FaultyServer() as server:
        started = time.monotonic()
        upload_all(configured(server, rate=500.0), numbered(300))
        assert time.monotonic() - started >= 0.4
        assert len(server.requests) == 3


@both_clients
def test_it_slows_down_near_the_limit(upload_all: UploadAll) -> None:
    near = status(202, x_mp_rate_limit_percentage_used="90", takes=True)
    with FaultyServer(otherwise=near) as server:
        started = time.monotonic()
        upload_all(configured(server, max_in_flight=1), numbered(300))
        assert time.monotonic() - started >= 0.5


@both_clients
def test_a_429_is_retried_with_few_attempts(upload_all: UploadAll) -> None:
    with FaultyServer(accept, *[status(429, retry_after="0")] * 12) as server:
        few = Retry(max_attempts=2, initial_backoff=0.002, budget=1)
        result = upload_all(configured(server, max_in_flight=1, retry=few), numbered(200))
        assert (result.delivered, result.failed) == (200, [])
        assert len(server.requests) == 14


# In real time, at 270 batches a second


def count_429(counts: list[int]) -> Callable[[Attempt], None]:
    def count(attempt: Attempt) -> None:
        if attempt.status_code == 429:
            counts.append(1)

    return count


@pytest.mark.slow
@both_clients
def test_5000_batches_at_the_limit_of_a_sandbox(upload_all: UploadAll) -> None:
    refused: list[int] = []
    with Sandbox(rate_limit=LIMIT) as sandbox:
        started = time.monotonic()
        result = upload_all(replace(sandbox.configuration, on_attempt=count_429(refused)), numbered(BATCHES))
        rate = BATCHES / (time.monotonic() - started)
        print(f"{rate:.0f} batches a second, {len(refused)} times 429")
        assert (result.delivered, result.failed) == (BATCHES, [])
        assert len(sandbox.batches) == BATCHES
        assert rate >= 100  # the benchmark has the rate of a quiet machine
        assert len(refused) <= 15


PROGRAM = """
    import sys
    from mparticle_ext import Configuration, EventsApi

    refused = []
    rows = ({"environment": "production"} for _ in range(2500))
    configuration = Configuration.from_env(on_attempt=lambda one: refused.append(1) if one.status_code == 429 else None)
    with EventsApi(configuration) as api:
        result = api.upload_all(rows)
    print(result.delivered, len(result.failed), len(refused))
"""


@pytest.mark.slow
def test_two_processes_at_the_limit_of_a_sandbox() -> None:
    with Sandbox(rate_limit=LIMIT) as sandbox:
        command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
        environment = environment_of(sandbox)
        processes = [subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE) for _ in range(2)]
        wait_until(lambda: sandbox.counts.taken > 0)
        started = time.monotonic()
        wait_until(lambda: any(one.poll() is not None for one in processes), 120)
        rate = sandbox.counts.taken / (time.monotonic() - started)  # while both send
        reports = [[int(number) for number in one.communicate(timeout=120)[0].split()] for one in processes]
        print(f"{rate:.0f} batches a second, {sum(report[2] for report in reports)} times 429")
        assert [report[:2] for report in reports] == [[2500, 0]] * 2
        assert len(sandbox.batches) == BATCHES
        assert rate >= 80
        assert sum(report[2] for report in reports) <= 30
