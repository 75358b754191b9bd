"""`upload_all`: groups, results, splitting, errors of batches. See also test_interrupts and test_pace."""

from __future__ import annotations

import asyncio
import gc
import pickle
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
    (
        '{"environment":"production"}',
        {},
        "an iterable of batches is expected, not str: put the JSON of one batch in a list",
    ),
    (b"{}", {}, "an iterable of batches is expected, not bytes: put the JSON of one batch in a list"),
    ([], {"on_result": 5}, "on_result takes a function of (result), not int"),
    ([], {"on_failed": 5}, "on_failed takes a function of (result), not int"),
    ([], {"on_result": awaited}, "on_result takes a plain function: a coroutine would never be awaited"),
    ([], {"on_failed": awaited}, "on_failed takes a plain function: a coroutine would never be awaited"),
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


@pytest.mark.slow
@every_iterable
def test_failures_that_are_handed_on_are_not_kept(upload_all: UploadAll) -> None:
    class Row(dict[str, Any]):
        __hash__ = object.__hash__  # type: ignore[assignment]  # for the WeakSet

    living: weakref.WeakSet[Row] = weakref.WeakSet()
    most: list[int] = []
    failed: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(900):
            row = Row(environment="production", source_request_id=str(number))
            living.add(row)
            yield row
            if number % 100 == 0:
                gc.collect()
                most.append(len(living))

    def on_failed(result: BatchResult) -> None:
        assert result.error
        failed.append(result.index)

    with FaultyServer(otherwise=status(400)) as server:
        result = upload_all(configured(server), rows(), on_failed=on_failed)
    assert (result.delivered, result.reported, result.failed, result.total) == (0, 900, [], 900)
    assert sorted(failed) == list(range(900))
    assert max(most) <= 502  # three requests, one that is full and one that is being filled


@every_iterable
def test_failures_that_were_not_handed_on_are_kept(upload_all: UploadAll) -> None:
    reported: list[int] = []

    def full_disk(result: BatchResult) -> None:
        if len(reported) == 7:
            raise OSError("disk full")
        reported.append(result.index)

    with FaultyServer(otherwise=status(400)) as server, pytest.raises(OSError, match="disk full") as raised:
        upload_all(configured(server), numbered(1000), on_failed=full_disk)
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

    with pytest.raises(WrongCallError, match=r"not async_generator: use AsyncEventsApi\.upload_all"):
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


@every_iterable
def test_on_failed_gets_only_the_failed_batches(upload_all: UploadAll) -> None:
    all_of_them: list[int] = []
    failed: list[BatchResult] = []
    batches = [*numbered(150), {"environment": "prod"}]
    with FaultyServer(*[refuse_if_it_contains(7)] * 100) as server:
        result = upload_all(
            configured(server), batches, on_result=lambda one: all_of_them.append(one.index), on_failed=failed.append
        )
    assert (result.delivered, result.reported, result.failed) == (149, 2, [])
    assert sorted(all_of_them) == list(range(151))
    assert sorted((one.index, type(one.error)) for one in failed) == [(7, BadRequestError), (150, ValidationError)]


@both_clients
def test_a_kind_of_failure_is_logged_at_its_start_and_counted_at_the_end(
    upload_all: UploadAll, caplog: pytest.LogCaptureFixture
) -> None:
    batches = [{"environment": "prod"}, *numbered(3), *[{"environment": "prod"}] * 2000]
    with FaultyServer(*[refuse_if_it_contains(1)] * 100) as server:
        assert upload_all(configured(server), batches).delivered == 2
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert lines == [
        "upload_all: batches[0] not delivered, outcome refused: ValidationError",
        "upload_all: batches[2] not delivered, outcome refused: BadRequestError, HTTP 400",
        "upload_all: 2001 batches in total not delivered, outcome refused: ValidationError",
    ]


@both_clients
def test_the_failures_of_an_upload_that_stops_are_counted_too(
    upload_all: UploadAll, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultyServer(otherwise=status(403)) as server, pytest.raises(APIError):
        upload_all(configured(server, max_in_flight=1), numbered(200))
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    refused = "not delivered, outcome refused: PermissionDeniedError, HTTP 403"
    assert lines[0] == f"upload_all: batches[0] {refused}"
    assert f"upload_all: 100 batches in total {refused}" in lines
    assert len(lines) <= 4  # two for the batches that were read and not sent


@both_clients
@pytest.mark.parametrize("code", [400, 403])
def test_a_pickle_of_what_stopped_it_has_numbers_and_no_batches(code: int, upload_all: UploadAll) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield {"environment": "production", "user_attributes": {"name": "a personal name"}}
        raise OSError("the database is down")

    with FaultyServer(otherwise=status(code)) as server, pytest.raises((OSError, APIError)) as raised:
        upload_all(configured(server), rows())
    assert b"personal" in pickle.dumps(result_of(raised.value))  # what a user pickles is complete
    pickled = pickle.dumps(raised.value)
    assert b"personal" not in pickled
    result = result_of(pickle.loads(pickled))  # noqa: S301  # our own
    assert (result.delivered, result.failed, result.total) == (0, [], 1)


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
