"""`upload_all`: groups, results, splitting, errors of batches. See also test_interrupts and test_pace."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, accept, status
from upload_all import (
    UploadAll,
    blocking,
    both_clients,
    configured,
    every_iterable,
    numbered,
    numbers_in,
    refuse_if_it_contains,
    require_complete,
    result_of,
)

from mparticle_ext import (
    APIError,
    AppEvent,
    AsyncEventsApi,
    BadRequestError,
    Batch,
    BatchResult,
    Configuration,
    ConfigurationError,
    Outcome,
    ServerError,
    UploadResult,
    ValidationError,
    WrongCallError,
    unixtime_ms,
)

DAY_MS = 86_400_000


@every_iterable
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
def test_batches_are_sent_in_as_few_requests_as_possible(count: int, upload_all: UploadAll) -> None:
    with FaultyServer() as server:
        result = upload_all(configured(server), numbered(count))
        assert (result.delivered, result.failed) == (count, [])
        assert numbers_in(server.taken) == list(range(count))
        assert len(server.requests) == -(-count // 100)
        assert all(b"/bulkevents HTTP" in head for head in server.requests)


@every_iterable
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


@every_iterable
def test_historical_batches_are_sent_to_their_own_path(upload_all: UploadAll) -> None:
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


@every_iterable
def test_an_invalid_batch_is_skipped(upload_all: UploadAll) -> None:
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
    reported: list[BatchResult] = []
    with FaultyServer() as server:
        result = upload_all(
            configured(server), [good, *(batch for batch, _, _ in bad), good], on_result=reported.append
        )
        assert len(server.taken) == result.delivered == 2
        assert len(server.requests) == 1
    for one, (batch, kind, message) in zip(result.failed, bad, strict=True):
        assert one.batch is batch
        assert type(one.error) is kind
        assert str(one.error).startswith(message)
    assert sorted(one.index for one in reported) == list(range(7))
    assert [one.index for one in reported if one.error is None] == [0, 6]


@every_iterable
@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_refused_request_is_split_until_the_bad_batch_is_alone(code: int, upload_all: UploadAll) -> None:
    bad = (0, 17, 18, 55, 250)
    with FaultyServer(*[refuse_if_it_contains(*bad, code=code)] * 1000) as server:
        result = upload_all(configured(server), numbered(260))
        require_complete(result, server, 260)
        assert sorted(one.index for one in result.failed) == sorted(bad)
        assert all(isinstance(one.error, APIError) and one.error.outcome is Outcome.REFUSED for one in result.failed)
        assert len(server.requests) < 80


@every_iterable
def test_a_request_that_fails_does_not_stop_the_others(upload_all: UploadAll) -> None:
    with FaultyServer(accept, status(500)) as server:
        result = upload_all(configured(server, retry=None), numbered(500))
        require_complete(result, server, 500)
        assert result.delivered == 400
        assert {type(one.error) for one in result.failed} == {ServerError}


@every_iterable
def test_the_iterable_is_not_read_ahead(upload_all: UploadAll) -> None:
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


async def awaited(_: BatchResult) -> None: ...


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (None, {}, "an iterable of batches is expected, not None"),
    (Batch("production"), {}, "an iterable of batches is expected, not one: put it in a list, or use upload_events"),
    (
        {"environment": "production"},
        {},
        "an iterable of batches is expected, not one: put it in a list, or use upload_events",
    ),
    ("batches", {}, "an iterable of batches is expected, not str"),
    ([], {"on_result": 5}, "on_result takes a function of one argument, not int"),
    ([], {"keep_failed": False}, "keep_failed=False needs on_result, or the failed batches are lost"),
    ([], {"on_result": awaited}, "on_result takes a plain function: a coroutine would never be awaited"),
]


@every_iterable
def test_a_result_is_reported_before_the_next_group_is_full(upload_all: UploadAll) -> None:
    reported: list[int] = []
    threads: set[int] = set()
    before_the_end: list[int] = []

    def on_result(result: BatchResult) -> None:
        reported.append(result.index)
        threads.add(threading.get_ident())

    def slow() -> Iterator[dict[str, Any]]:
        for number, batch in enumerate(numbered(200)):
            yield batch
            if number >= 100 and not reported:  # the first group is sent
                time.sleep(0.05)
        before_the_end.append(len(reported))

    with FaultyServer() as server:
        assert upload_all(configured(server), slow(), on_result=on_result).delivered == 200
    assert before_the_end == [100]
    assert threads == {threading.get_ident()}


@every_iterable
def test_reported_failures_need_not_be_kept(upload_all: UploadAll) -> None:
    class Row(dict[str, Any]):
        __hash__ = object.__hash__  # type: ignore[assignment]  # for the WeakSet

    living: weakref.WeakSet[Row] = weakref.WeakSet()
    most: list[int] = []
    failed: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(1500):
            row = Row(environment="production", source_request_id=str(number))
            living.add(row)
            yield row
            if number % 100 == 0:
                gc.collect()
                most.append(len(living))

    def on_result(result: BatchResult) -> None:
        assert result.error
        failed.append(result.index)

    with FaultyServer(otherwise=status(400)) as server:
        result = upload_all(configured(server), rows(), on_result=on_result, keep_failed=False)
    assert (result.delivered, result.reported, result.failed, result.total) == (0, 1500, [], 1500)
    assert sorted(failed) == list(range(1500))
    assert max(most) <= 502  # three requests, one that is full and one that is being filled


@every_iterable
def test_failures_that_were_not_reported_are_kept(upload_all: UploadAll) -> None:
    reported: list[int] = []

    def full_disk(result: BatchResult) -> None:
        if len(reported) == 7:
            raise OSError("disk full")
        reported.append(result.index)

    with FaultyServer(otherwise=status(400)) as server, pytest.raises(OSError, match="disk full") as raised:
        upload_all(configured(server), numbered(1000), on_result=full_disk, keep_failed=False)
    result = result_of(raised.value)
    assert (result.delivered, result.reported) == (0, 7)
    assert sorted([*reported, *(one.index for one in result.failed)]) == list(range(result.total))
    assert "0 delivered" in raised.value.__notes__[-1]


@both_clients
@pytest.mark.parametrize(("batches", "others", "message"), WRONG)
def test_a_wrong_argument(batches: Any, others: Any, message: str, upload_all: UploadAll) -> None:
    with pytest.raises(WrongCallError) as raised:
        upload_all(Configuration("key", "secret", base_url="http://127.0.0.1:1"), batches, **others)
    assert str(raised.value).startswith(message)


def test_a_rate_of_nothing() -> None:
    with pytest.raises(ConfigurationError, match="rate is 0"):
        Configuration("key", "secret", rate=0)


def test_an_async_iterable_needs_the_asyncio_client() -> None:
    async def batches() -> AsyncIterator[Batch]:
        yield Batch("production")

    with pytest.raises(WrongCallError, match="not async_generator: use AsyncEventsApi"):
        blocking(Configuration("key", "secret"), batches())  # type: ignore[arg-type]  # what is tested


def test_the_error_of_a_refused_batch_has_the_response() -> None:
    refusal = status(400, b'{"errors": [{"code": "BAD_REQUEST", "message": "no such field"}]}')
    with FaultyServer(refusal) as server:
        result = blocking(configured(server), numbered(1))
        (one,) = result.failed
        assert isinstance(one.error, BadRequestError)
        assert one.error.errors[0].message == "no such field"


@every_iterable
def test_a_dict_that_is_filled_again_gets_another_id(upload_all: UploadAll) -> None:
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


@every_iterable
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


@both_clients
def test_each_failure_is_logged_once(upload_all: UploadAll, caplog: pytest.LogCaptureFixture) -> None:
    batches = [*numbered(50), {"environment": "prod"}]
    with FaultyServer(*[refuse_if_it_contains(7)] * 100) as server:
        assert upload_all(configured(server), batches).delivered == 49
    assert sorted(record.getMessage() for record in caplog.records if record.name == "mparticle_ext") == [
        "upload_all: 1 batch(es) from batches[50] not delivered, outcome refused: ValidationError",
        "upload_all: 1 batch(es) from batches[7] not delivered, outcome refused: BadRequestError, HTTP 400",
    ]


@both_clients
def test_a_failed_batch_does_not_keep_others_in_memory(upload_all: UploadAll) -> None:
    class Row(dict[str, Any]):
        pass

    living: list[weakref.ref[Row]] = []

    def rows() -> Iterator[Row]:
        for number in range(1000):
            row = Row(environment="production", source_request_id=str(number))
            living.append(weakref.ref(row))
            yield row

    with FaultyServer(*[refuse_if_it_contains(*range(0, 1000, 100))] * 1000) as server:
        result = upload_all(configured(server), rows())
        assert len(result.failed) == 10

        def only_those_live() -> bool:
            gc.collect()
            return sum(row() is not None for row in living) <= 10 + 1

        wait_until(only_those_live)  # the threads can still be ending


def take_and_close(exchange: Exchange) -> None:
    exchange.read()
    exchange.take()
    exchange.close()


@both_clients
@pytest.mark.parametrize("first", [400, 413])
def test_a_refused_group_may_have_been_accepted_before(first: int, upload_all: UploadAll) -> None:
    with FaultyServer(take_and_close, status(first), otherwise=status(400)) as server:
        result = upload_all(configured(server), numbered(2))
        assert len(server.taken) == 2
    assert [error_of(one).outcome for one in result.failed] == [Outcome.UNKNOWN] * 2


def error_of(result: BatchResult) -> APIError:
    assert isinstance(result.error, APIError)
    return result.error


def test_groups_whose_tasks_are_cancelled_are_in_the_account() -> None:
    def slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(1.0)
        exchange.send(ACCEPTED)

    async def batches() -> AsyncIterator[Any]:
        for index, batch in enumerate(numbered(250)):
            if index == 150:
                await asyncio.sleep(0.2)  # a request is in flight
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()
            yield batch

    async def main(settings: Configuration) -> UploadResult | None:
        async with AsyncEventsApi(settings) as api:
            with pytest.raises(asyncio.CancelledError) as raised:
                await api.upload_all(batches())
        return UploadResult.of(raised.value)

    with FaultyServer(slow, otherwise=accept) as server:
        result = asyncio.run(main(configured(server)))
    assert result is not None
    assert result.total >= 151
    assert {one.index for one in result.failed} >= set(range(100))
