"""Any number of batches: grouped, delivered, and every one of them accounted for, blocking and from asyncio."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
import pytest
from attrs import frozen
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play, accept, status

from mparticle_ext import (
    APIError,
    AppEvent,
    AsyncEventsApi,
    BadRequestError,
    Batch,
    BatchResult,
    ClosedError,
    Configuration,
    ConfigurationError,
    EventsApi,
    Outcome,
    PermissionDeniedError,
    Retry,
    ServerError,
    UploadResult,
    UploadStoppedError,
    ValidationError,
    WrongCallError,
    unixtime_ms,
)

DAY_MS = 86_400_000
PROCESSES = Path(__file__).parent / "processes"
QUICK = Retry(initial_backoff=0.002, max_backoff=0.01)
UploadAll: TypeAlias = Callable[..., UploadResult]


def configured(server: FaultyServer, **others: Any) -> Configuration:
    settings = {"retry": QUICK, "timeout": 2.0, "max_in_flight": 3, **others}
    return Configuration("key", "secret", base_url=server.url, **settings)


def blocking(configuration: Configuration, batches: Iterable[Any], **others: Any) -> UploadResult:
    with EventsApi(configuration) as api:
        return api.upload_all(batches, **others)


def from_asyncio(configuration: Configuration, batches: Iterable[Any], **others: Any) -> UploadResult:
    async def main() -> UploadResult:
        async with AsyncEventsApi(configuration) as api:
            return await api.upload_all(batches, **others)

    return asyncio.run(main())


def from_async_iterable(
    configuration: Configuration, batches: Iterable[Any], **others: Any
) -> UploadResult:
    async def one_by_one() -> AsyncIterator[Any]:
        for batch in batches:
            await asyncio.sleep(0)
            yield batch

    async def main() -> UploadResult:
        async with AsyncEventsApi(configuration) as api:
            return await api.upload_all(one_by_one(), **others)

    return asyncio.run(main())


every_client = pytest.mark.parametrize("upload_all", [blocking, from_asyncio, from_async_iterable])


def numbered(count: int, size: int = 0) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"environment": "production", "source_request_id": str(number), "job_id": "x" * size}


def numbers_in(batches: Iterable[dict[str, Any]]) -> list[int]:
    return sorted(int(batch["source_request_id"]) for batch in batches)


def accounted(result: UploadResult, server: FaultyServer, count: int) -> None:
    """Each batch is delivered, or listed once with its own index."""
    assert result.total == result.delivered + len(result.failed) == count
    failed = [one.index for one in result.failed]
    assert len(set(failed)) == len(failed)
    surely = {one.index for one in result.failed if getattr(one.error, "outcome", None) is not Outcome.UNKNOWN}
    taken = set(numbers_in(server.taken))
    assert not surely & taken
    assert taken >= set(range(count)) - set(failed)
    for one in result.failed:
        assert isinstance(one.batch, dict)
        assert one.batch["source_request_id"] == str(one.index)


@every_client
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
def test_batches_go_out_in_as_few_requests_as_fit(count: int, upload_all: UploadAll) -> None:
    with FaultyServer() as server:
        result = upload_all(configured(server), numbered(count))
        assert (result.delivered, result.failed) == (count, [])
        assert numbers_in(server.taken) == list(range(count))
        assert len(server.requests) == -(-count // 100)
        assert all(b"/bulkevents HTTP" in head for head in server.requests)


@every_client
def test_a_request_is_filled_to_its_bytes(upload_all: UploadAll) -> None:
    limit = 262_144
    with FaultyServer() as server:
        result = upload_all(configured(server), numbered(60, size=20_000))
        assert (result.delivered, result.failed) == (60, [])
        lengths = [
            int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]) for head in server.requests
        ]
        assert max(lengths) <= limit
        assert sorted(lengths)[1] > limit - 20_100  # all but the last are full


def test_a_request_of_exactly_the_limit_is_one_request() -> None:
    batches = list(numbered(2, size=1000))
    overhead = len(msgspec.json.encode(batches)) - 1000
    batches[0]["job_id"] = "x" * (262_144 - overhead)
    assert len(msgspec.json.encode(batches)) == 262_144
    with FaultyServer() as server:
        assert blocking(configured(server), batches).delivered == 2
        assert len(server.requests) == 1
        batches[1]["job_id"] += "x"
        assert blocking(configured(server), batches).delivered == 2
        assert len(server.requests) == 3


@every_client
def test_historical_batches_go_to_their_own_place(upload_all: UploadAll) -> None:
    old = unixtime_ms() - 4 * DAY_MS
    batches = [
        Batch("production", events=[AppEvent("other", "a", timestamp_unixtime_ms=at)]) for at in (old, unixtime_ms())
    ]
    with FaultyServer() as server:
        result = upload_all(configured(server), batches, historical=True)
        assert result.delivered == 1
        (young,) = result.failed
        assert (young.index, young.batch) == (1, batches[1])
        assert str(young.error).startswith(
            "batches[1]: events[0].data.timestamp_unixtime_ms: is less than 72 hours ago: "
        )
        assert b"/bulkevents/historical HTTP" in server.requests[0]


@every_client
def test_a_bad_batch_is_set_aside_and_the_rest_goes(upload_all: UploadAll) -> None:
    bad: list[tuple[Any, type[Exception], str]] = [
        ({"environment": "prod"}, ValidationError, "batches[1]: environment: is 'prod'"),
        (7, WrongCallError, "batches[2]: a Batch is expected, not int"),
        ([], WrongCallError, "batches[3]: a Batch is expected, not list"),
        ({"environment": "production", "job_id": "x" * 262_200}, ValidationError, "batches[4]: has 26"),
        (
            {"environment": "production", "job_id": object()},
            ValidationError,
            "batches[5]: job_id: object has no JSON form",
        ),
    ]
    good = {"environment": "production"}
    told: list[BatchResult] = []
    with FaultyServer() as server:
        result = upload_all(configured(server), [good, *(batch for batch, _, _ in bad), good], on_result=told.append)
        assert len(server.taken) == result.delivered == 2
        assert len(server.requests) == 1
    for one, (batch, kind, message) in zip(result.failed, bad, strict=True):
        assert one.batch is batch
        assert type(one.error) is kind
        assert str(one.error).startswith(message)
    assert sorted(one.index for one in told) == list(range(7))
    assert [one.index for one in told if one.error is None] == [0, 6]


def refuse_if_it_holds(*culprits: int, code: int = 400) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        if any(f'"{culprit}"'.encode() in exchange.body for culprit in culprits):
            exchange.send(f"HTTP/1.1 {code} No\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            exchange.take()
            exchange.send(ACCEPTED)

    return play


@every_client
@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_refused_group_is_taken_apart_until_the_culprit_is_alone(code: int, upload_all: UploadAll) -> None:
    culprits = (0, 17, 18, 55, 250)
    with FaultyServer(*[refuse_if_it_holds(*culprits, code=code)] * 1000) as server:
        result = upload_all(configured(server), numbered(260))
        accounted(result, server, 260)
        assert sorted(one.index for one in result.failed) == sorted(culprits)
        assert all(isinstance(one.error, APIError) and one.error.outcome is Outcome.REFUSED for one in result.failed)
        assert len(server.requests) < 80


@every_client
def test_a_group_that_could_not_be_delivered_is_listed_and_the_rest_goes(upload_all: UploadAll) -> None:
    with FaultyServer(accept, status(500)) as server:
        result = upload_all(configured(server, retry=None), numbered(500))
        accounted(result, server, 500)
        assert result.delivered == 400
        assert {type(one.error) for one in result.failed} == {ServerError}


@every_client
def test_it_stops_where_everything_is_refused(upload_all: UploadAll) -> None:
    read: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        for batch in numbered(1_000_000):
            read.append(1)
            yield batch

    with FaultyServer(*[status(403)] * 100) as server:
        with pytest.raises(PermissionDeniedError) as raised:
            upload_all(configured(server), endless())
        result = UploadResult.of(raised.value)
        assert result is not None
        assert len(read) < 2000
        accounted(result, server, len(read))
        assert result.delivered == 0
        assert any(
            f"upload_all stopped after {len(read)} batches: 0 delivered, {len(read)} not" in note for note in raised.value.__notes__
        )


@every_client
def test_it_stops_where_the_service_is_down(upload_all: UploadAll) -> None:
    read: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        for batch in numbered(1_000_000):
            read.append(1)
            yield batch

    down = Retry(max_attempts=2, initial_backoff=0.001)
    with FaultyServer(*[accept] * 4, *[status(503)] * 1000) as server:
        with pytest.raises(ServerError) as raised:
            upload_all(configured(server, retry=down), endless())
        result = UploadResult.of(raised.value)
        assert result is not None
        assert len(read) < 3000
        accounted(result, server, len(read))
        assert result.delivered == 400


class BrokenError(Exception):
    pass


@every_client
def test_what_the_iterable_raises_goes_on_when_all_that_was_read_is_sent(upload_all: UploadAll) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(250)
        raise BrokenError("row 250")

    with FaultyServer(status(503), status(503)) as server:
        with pytest.raises(BrokenError, match="row 250") as raised:
            upload_all(configured(server), broken())
        result = UploadResult.of(raised.value)
        assert result is not None
        accounted(result, server, 250)
        assert result.delivered == 250


@every_client
def test_what_on_result_raises_stops_it(upload_all: UploadAll) -> None:
    told: list[int] = []

    def full_disk(result: BatchResult) -> None:
        told.append(result.index)
        if len(told) == 150:
            raise OSError("disk full")

    with FaultyServer() as server:
        with pytest.raises(OSError, match="disk full") as raised:
            upload_all(configured(server), numbered(100_000), on_result=full_disk)
        result = UploadResult.of(raised.value)
        assert result is not None
        assert len(told) == 150
        assert result.total < 2000
        accounted(result, server, result.total)
        never = [one.error for one in result.failed if isinstance(one.error, UploadStoppedError)]
        assert all(error.outcome is Outcome.NOT_TAKEN and error.attempts == 0 for error in never)


@every_client
@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interrupt_in_the_iterable(stop: type[BaseException], upload_all: UploadAll) -> None:
    def interrupted() -> Iterator[dict[str, Any]]:
        yield from numbered(350)
        raise stop

    with FaultyServer() as server:
        with pytest.raises(stop) as raised:
            upload_all(configured(server), interrupted())
        result = UploadResult.of(raised.value)
        assert result is not None
        accounted(result, server, 350)


def test_ctrl_c_ends_it_and_accounts_for_all() -> None:
    def slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(0.3)
        exchange.take()
        exchange.send(ACCEPTED)

    main_thread = threading.main_thread().ident
    assert main_thread is not None
    with FaultyServer(*[slow] * 1000) as server:
        timer = threading.Timer(0.5, signal.pthread_kill, (main_thread, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt) as raised:
            blocking(configured(server), numbered(1_000_000))
        result = UploadResult.of(raised.value)
        assert result is not None
        assert 0 < result.delivered < 3000
        accounted(result, server, result.total)


def test_a_second_ctrl_c_does_not_wait_for_the_answers() -> None:
    def silent(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(3)

    main_thread = threading.main_thread().ident
    assert main_thread is not None
    with FaultyServer(accept, *[silent] * 1000) as server:
        api = EventsApi(configured(server, timeout=3, retry=None))
        for after in (0.4, 0.8):
            threading.Timer(after, signal.pthread_kill, (main_thread, signal.SIGINT)).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as raised:
            api.upload_all(numbered(1_000_000))
        assert time.monotonic() - began < 2.5
        result = UploadResult.of(raised.value)
        assert result is not None
        accounted(result, server, result.total)
        unknown = [
            one for one in result.failed if isinstance(one.error, APIError) and one.error.outcome is Outcome.UNKNOWN
        ]
        assert len(unknown) == 200  # two requests are in flight after the first response
        assert "mParticle drops duplicates" in str(unknown[0].error)
        server.stopped.set()
        api.close()


def test_a_cancelled_task_accounts_for_all() -> None:
    def silent(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(5)

    async def main(server: FaultyServer) -> UploadResult:
        async with AsyncEventsApi(configured(server, timeout=5)) as api:
            task = asyncio.create_task(api.upload_all(numbered(1_000_000)))
            await asyncio.to_thread(wait_until, lambda: len(server.requests) == 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
        result = UploadResult.of(raised.value)
        assert result is not None
        return result

    with FaultyServer(accept, accept, *[silent] * 1000) as server:
        result = asyncio.run(main(server))
        accounted(result, server, result.total)
        assert result.delivered == 200
        assert len([one for one in result.failed if one.error.outcome is Outcome.UNKNOWN]) == 300  # type: ignore[union-attr]
        server.stopped.set()


def test_a_timeout_around_it_is_a_timeout() -> None:
    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:
            with pytest.raises(TimeoutError) as raised:
                async with asyncio.timeout(0.3):
                    await api.upload_all(numbered(1_000_000))
            result = UploadResult.of(raised.value)
            assert result is not None
            accounted(result, server, result.total)

    with FaultyServer(*[slow_by(0.05)] * 1000) as server:
        asyncio.run(main(server))


def slow_by(seconds: float) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(seconds)
        exchange.take()
        exchange.send(ACCEPTED)

    return play


def test_close_from_another_thread_ends_it() -> None:
    with FaultyServer(*[slow_by(0.05)] * 10_000) as server:
        api = EventsApi(configured(server))
        threading.Timer(0.4, api.close).start()
        with pytest.raises(ClosedError) as raised:
            api.upload_all(numbered(1_000_000))
        result = UploadResult.of(raised.value)
        assert result is not None
        accounted(result, server, result.total)
        assert result.delivered > 0


@every_client
def test_the_producer_is_held_back_when_all_requests_are_busy(upload_all: UploadAll) -> None:
    read: list[int] = []
    most: list[int] = []

    def counted() -> Iterator[dict[str, Any]]:
        for batch in numbered(3000):
            read.append(1)
            yield batch

    def slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(0.02)
        exchange.take()
        most.append(len(read) - len(server.taken))
        exchange.send(ACCEPTED)

    with FaultyServer(*[slow] * 100) as server:
        assert upload_all(configured(server), counted()).delivered == 3000
        assert max(most) <= 501  # three requests, one that is full and one that is being filled
        assert server.connections <= 3


@every_client
def test_a_rate_is_kept(upload_all: UploadAll) -> None:
    with FaultyServer() as server:
        began = time.monotonic()
        upload_all(configured(server, rate=1000.0), numbered(600))
        assert 0.5 <= time.monotonic() - began < 5


@every_client
def test_a_small_rate_is_no_burst(upload_all: UploadAll) -> None:
    with FaultyServer() as server:
        began = time.monotonic()
        upload_all(configured(server, rate=4.0), numbered(6))
        assert 0.9 <= time.monotonic() - began < 5
        assert len(server.requests) == 2


@every_client
def test_it_slows_down_near_the_services_limit(upload_all: UploadAll) -> None:
    with FaultyServer(*[status(202, x_mp_rate_limit_percentage_used="90", takes=True)] * 9) as server:
        began = time.monotonic()
        upload_all(configured(server, max_in_flight=1), numbered(300))
        assert time.monotonic() - began >= 0.5  # half a second before the third at least


async def awaited(_: BatchResult) -> None: ...


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "an iterable of batches is expected, not None"),
    (Batch("production"), {}, "an iterable of batches is expected, not one: put it in a list, or use upload_events"),
    ({"environment": "production"}, {}, "an iterable of batches is expected, not one"),
    ("batches", {}, "an iterable of batches is expected, not str"),
    ([], {"on_result": 5}, "on_result takes a function of one argument, not int"),
    ([], {"on_result": awaited}, "on_result takes a plain function: a coroutine would never be awaited"),
]


@pytest.mark.parametrize("upload_all", [blocking, from_asyncio])
@pytest.mark.parametrize(("batches", "others", "message"), WRONG)
def test_a_wrong_call(batches: Any, others: Any, message: str, upload_all: UploadAll) -> None:
    with pytest.raises(WrongCallError) as raised:
        upload_all(Configuration("key", "secret", base_url="http://127.0.0.1:1"), batches, **others)
    assert str(raised.value).startswith(message)


def test_an_async_iterable_is_for_the_other_client() -> None:
    async def batches() -> AsyncIterator[Batch]:
        yield Batch("production")

    with pytest.raises(WrongCallError, match="not async_generator: use AsyncEventsApi"):
        blocking(Configuration("key", "secret"), batches())  # type: ignore[arg-type]  # what is tested


def test_a_closed_api_takes_nothing() -> None:
    api = EventsApi(Configuration("key", "secret"))
    api.close()
    with pytest.raises(ClosedError):
        api.upload_all([])


def test_a_result_is_of_the_run_that_raised() -> None:
    assert UploadResult.of(ValueError()) is None
    with pytest.raises(ConfigurationError, match="rate is 0"):
        Configuration("key", "secret", rate=0)


def test_bad_request_errors_of_single_batches_carry_what_the_service_said() -> None:
    said = status(400, b'{"errors": [{"code": "BAD_REQUEST", "message": "no such field"}]}')
    with FaultyServer(said) as server:
        result = blocking(configured(server), numbered(1))
        (one,) = result.failed
        assert isinstance(one.error, BadRequestError)
        assert one.error.errors[0].message == "no such field"


@every_client
def test_one_dict_that_is_filled_anew_is_another_batch_each_time(upload_all: UploadAll) -> None:
    def refilled() -> Iterator[dict[str, Any]]:
        row: dict[str, Any] = {"environment": "production"}
        for number in range(250):
            row["job_id"] = str(number)
            yield row

    with FaultyServer(status(500, takes=True)) as server:
        result = upload_all(configured(server, deduplicate=True), refilled())
        assert (result.delivered, result.failed) == (250, [])
        assert sorted(int(batch["job_id"]) for batch in server.taken) == list(range(250))


def test_without_ids_an_unknown_outcome_is_not_sent_again() -> None:
    row = {"environment": "production"}

    def gets_an_id_later() -> Iterator[dict[str, Any]]:
        yield row
        row["source_request_id"] = "later"
        yield row

    with FaultyServer(status(500, takes=True)) as server:
        result = blocking(configured(server, deduplicate=False), gets_an_id_later())
        assert result.delivered == 0
        assert len(server.requests) == 1
        assert all(isinstance(one.error, ServerError) and not one.error.repeatable for one in result.failed)


@every_client
def test_failed_batches_are_sent_again_without_counting_twice(upload_all: UploadAll) -> None:
    batches = [{"environment": "production"}, MappingProxyType({"environment": "production"}), Batch("production")]
    with FaultyServer(status(500, takes=True)) as server:
        result = upload_all(configured(server, retry=None), batches)
        assert result.delivered == 0
        assert [one.error.outcome for one in result.failed if isinstance(one.error, APIError)] == [Outcome.UNKNOWN] * 3
        again = upload_all(configured(server), [one.batch for one in result.failed])
        assert (again.delivered, len(server.requests), len(server.taken)) == (3, 2, 3)
    assert batches[0] == {"environment": "production"}
    assert not batches[2].source_request_id  # type: ignore[attr-defined]  # a Batch


def environment_of(server: FaultyServer) -> dict[str, str]:
    return {**os.environ, "MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": "s", "MPARTICLE_BASE_URL": server.url}


def test_a_task_that_is_cancelled_while_it_ends_accounts_for_all() -> None:
    def broken(result: BatchResult) -> None:
        if result.index >= 100:
            raise OSError("disk full")

    async def main(server: FaultyServer) -> UploadResult | None:
        async with AsyncEventsApi(configured(server, timeout=5)) as api:
            task = asyncio.create_task(api.upload_all(numbered(1_000_000), on_result=broken))
            await asyncio.to_thread(wait_until, lambda: len(server.taken) == 200)
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert len(asyncio.all_tasks()) == 1
        return UploadResult.of(raised.value)

    with FaultyServer(accept, accept, *[slow_by(3)] * 100) as server:
        result = asyncio.run(main(server))
        assert result is not None
        assert result.delivered == 200
        accounted(result, server, result.total)
        server.stopped.set()


def test_a_task_that_is_cancelled_in_the_middle_of_a_refused_group_knows_its_parts() -> None:
    def second_half_is_slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(5)

    async def main(server: FaultyServer) -> UploadResult | None:
        async with AsyncEventsApi(configured(server, timeout=10)) as api:
            task = asyncio.create_task(api.upload_all(numbered(4)))
            await asyncio.to_thread(wait_until, lambda: len(server.requests) == 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
        return UploadResult.of(raised.value)

    with FaultyServer(status(400), accept, second_half_is_slow) as server:
        result = asyncio.run(main(server))
        assert result is not None
        assert result.delivered == 2
        assert [one.index for one in result.failed] == [2, 3]
        server.stopped.set()


@every_client
def test_an_exception_that_takes_no_attributes_keeps_the_result_too(upload_all: UploadAll) -> None:
    @frozen  # of attrs: contextlib cannot carry one of dataclasses
    class FrozenError(Exception):
        row: int

    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(3)
        raise FrozenError(3)

    with FaultyServer() as server:
        with pytest.raises(FrozenError) as raised:
            upload_all(configured(server), broken())
        result = UploadResult.of(ExceptionGroup("of a task group", [ValueError(), raised.value]))
        assert result is not None
        assert result.delivered == 3


@every_client
@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration])
def test_what_on_result_raises_is_not_taken_for_the_end(kind: type[Exception], upload_all: UploadAll) -> None:
    def stop(_: BatchResult) -> None:
        raise kind

    with FaultyServer() as server:
        # Python lets neither of the two out of a coroutine as it is
        with pytest.raises(kind if upload_all is blocking else (kind, RuntimeError)) as raised:
            upload_all(configured(server), numbered(300), on_result=stop)
        result = UploadResult.of(raised.value)
        assert result is not None
        accounted(result, server, result.total)


@every_client
def test_one_bad_answer_is_no_outage(upload_all: UploadAll) -> None:
    with FaultyServer(*[status(500)] * 4) as server:
        result = upload_all(configured(server, max_in_flight=1, retry=None), numbered(1000))
        accounted(result, server, 1000)
        assert result.delivered == 600


@pytest.mark.parametrize("upload_all", [blocking, from_asyncio])
def test_each_loss_is_logged_once_and_nothing_else(upload_all: UploadAll, caplog: pytest.LogCaptureFixture) -> None:
    batches = [*numbered(50), {"environment": "prod"}]
    with FaultyServer(*[refuse_if_it_holds(7)] * 100) as server:
        assert upload_all(configured(server), batches).delivered == 49
    assert sorted(record.getMessage() for record in caplog.records if record.name == "mparticle_ext") == [
        "upload_all: 1 batch(es) from batches[50] not delivered, outcome refused: ValidationError",
        "upload_all: 1 batch(es) from batches[7] not delivered, outcome refused: BadRequestError, HTTP 400",
    ]


@pytest.mark.parametrize("upload_all", [blocking, from_asyncio])
def test_refused_batches_keep_nothing_of_their_neighbours_alive(upload_all: UploadAll) -> None:
    class Row(dict[str, Any]):
        pass

    living: list[weakref.ref[Row]] = []

    def rows() -> Iterator[Row]:
        for number in range(1000):
            row = Row(environment="production", source_request_id=str(number))
            living.append(weakref.ref(row))
            yield row

    with FaultyServer(*[refuse_if_it_holds(*range(0, 1000, 100))] * 1000) as server:
        result = upload_all(configured(server), rows())
        assert len(result.failed) == 10

        def only_those_live() -> bool:
            gc.collect()
            return sum(row() is not None for row in living) <= 10 + 1

        wait_until(only_those_live)  # the threads are on their way out


def test_upload_all_in_a_thread_that_outlives_the_main_one() -> None:
    program = """
        import threading, time
        from mparticle_ext import *

        def rows():
            for number in range(250):
                if number == 120:
                    time.sleep(0.5)  # the main thread has ended by now
                yield {"environment": "production", "source_request_id": str(number)}

        def work():
            print(api.upload_all(rows()))

        api = EventsApi(Configuration.from_env())
        threading.Thread(target=work).start()
    """
    with FaultyServer() as server:
        command = [sys.executable, "-c", textwrap.dedent(program)]
        done = subprocess.run(
            command, env=environment_of(server), capture_output=True, text=True, timeout=30, check=False
        )
        assert "UploadResult(delivered=250, failed=0)" in done.stdout, done.stderr
        assert numbers_in(server.taken) == list(range(250))
