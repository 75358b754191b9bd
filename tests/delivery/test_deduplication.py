"""Deduplication: a batch without a `source_request_id` is sent with a new one, the same in all attempts."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from clients import CLIENTS, blocking, configured, from_asyncio
from clients import Outcome as Result
from faulty_server import Exchange, FaultyServer, status

from mparticle_ext import (
    UNSET,
    APIConnectionError,
    APIError,
    AppEvent,
    Batch,
    EventsApi,
    Outcome,
    PermissionDeniedError,
    Retry,
    ServerError,
    UploadResult,
)


def accept_and_lose_the_response(exchange: Exchange) -> None:
    exchange.read()
    exchange.take()
    exchange.close()


class ReadOnly(Mapping[str, Any]):
    """A Mapping that is not a dict and cannot be changed."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class OwnBatch(Batch):
    """A class of a user."""


MAKE: list[Callable[[], Any]] = [
    lambda: Batch("production"),
    lambda: OwnBatch("production"),
    lambda: {"environment": "production"},
    lambda: {"environment": "production", "source_request_id": None},
    lambda: MappingProxyType({"environment": "production"}),
    lambda: ReadOnly(environment="production"),
]
NAMES = ["Batch", "subclass", "dict", "dict with null", "mappingproxy", "Mapping"]


def plain(batch: Any) -> Any:
    return dict(batch) if isinstance(batch, Mapping) else copy.deepcopy(batch)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("method", ["upload_events", "bulk_upload_events"])
@pytest.mark.parametrize("make", MAKE, ids=NAMES)
def test_all_attempts_have_the_same_new_id(make: Callable[[], Any], method: str, client: Callable[..., Result]) -> None:
    batch = make()
    before = plain(batch)
    bodies: list[bytes] = []

    def lose(exchange: Exchange) -> None:
        accept_and_lose_the_response(exchange)
        bodies.append(exchange.body)

    with FaultyServer(lose, lose) as server:
        result = client(configured(server.url), method, batch if method == "upload_events" else [batch])
        assert isinstance(result, httpx.Response)
        assert (len(server.requests), len(server.taken)) == (3, 1)
        UUID(server.taken[0]["source_request_id"])
    assert bodies[0] == bodies[1]
    assert plain(batch) == before  # the caller's object has no id


def test_each_batch_of_a_request_has_its_own_id() -> None:
    batch = Batch("production")
    with FaultyServer() as server, EventsApi(configured(server.url)) as api:
        api.bulk_upload_events([batch, batch])
        assert len({one["source_request_id"] for one in server.taken}) == 2


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("make", [MAKE[0], MAKE[2]], ids=["Batch", "dict"])
def test_two_calls_have_two_ids(make: Callable[[], Any], client: Callable[..., Result]) -> None:
    batch = make()
    with FaultyServer() as server:
        for _ in range(2):
            client(configured(server.url), "upload_events", batch)
        assert len({one["source_request_id"] for one in server.taken}) == 2


@pytest.mark.parametrize("deduplicate", [True, False])
def test_an_id_of_the_caller_is_kept(deduplicate: bool) -> None:
    with FaultyServer() as server, EventsApi(configured(server.url, deduplicate=deduplicate)) as api:
        for _ in range(2):
            api.upload_events(Batch("production", source_request_id="mine"))
        assert [one["source_request_id"] for one in server.taken] == ["mine"]


@pytest.mark.parametrize("client", CLIENTS)
def test_without_deduplicate_only_populated_fields_are_sent(client: Callable[..., Result]) -> None:
    batch = Batch("production")
    with FaultyServer(accept_and_lose_the_response) as server:
        error = client(configured(server.url, deduplicate=False), "upload_events", batch)
        assert isinstance(error, APIConnectionError)
        assert (error.outcome, error.repeatable, error.attempts) == (Outcome.UNKNOWN, False, 1)
        assert "give each batch a source_request_id" in str(error)
        assert server.taken == [{"environment": "production"}]
    assert error.batches == [batch]
    assert batch.source_request_id is UNSET


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("make", [MAKE[0], MAKE[2], MAKE[5]], ids=["Batch", "dict", "Mapping"])
def test_the_batches_of_an_error_can_be_sent_again(make: Callable[[], Any], client: Callable[..., Result]) -> None:
    batch = make()
    with FaultyServer(accept_and_lose_the_response) as server:
        settings = configured(server.url, retry=None)
        error = client(settings, "bulk_upload_events", [batch, batch])
        assert isinstance(error, APIConnectionError)
        assert (error.outcome, error.repeatable) == (Outcome.UNKNOWN, True)
        assert "send error.batches again, mParticle drops duplicates" in str(error)
        assert len(error.batches) == 2
        assert isinstance(client(settings, "bulk_upload_events", error.batches), httpx.Response)
        with EventsApi(settings) as api:
            assert api.upload_all(error.batches).delivered == 2
        assert (len(server.requests), len(server.taken)) == (3, 2)


def change(batch: Any) -> None:
    """Change what the batch and its copies share."""
    if isinstance(batch, dict):
        batch["events"].clear()
        batch["user_attributes"]["name"] = "changed"
        batch["source_request_id"] = "another"
    else:
        batch.events.clear()
        batch.user_attributes["name"] = "changed"
        batch.source_request_id = "another"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize("as_dict", [True, False])
@pytest.mark.parametrize(
    "at", [UNSET, 1_700_000_000_000, datetime(2026, 11, 28, tzinfo=UTC)], ids=["", "ms", "datetime"]
)
def test_an_error_has_the_batches_as_they_were_sent_although_the_objects_change(
    at: Any, as_dict: bool, has_id: bool, client: Callable[..., Result]
) -> None:
    event = AppEvent("other", "one", timestamp_unixtime_ms=at)
    batch: Any = Batch("production", user_attributes={"name": "a"}, events=[event])
    batch.source_request_id = "an id" if has_id else UNSET
    batch = batch.to_dict() if as_dict else batch

    def change_and_refuse(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        change(batch)
        exchange.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with FaultyServer(otherwise=change_and_refuse) as server:
        error = client(configured(server.url, retry=None), "upload_events", batch)
        assert isinstance(error, APIError)
        (sent,), (kept,) = server.taken, error.batches
    assert isinstance(kept, dict if as_dict else Batch)
    assert (kept.to_dict() if isinstance(kept, Batch) else kept) == sent
    assert len(sent["events"]) == 1


def test_a_result_has_the_batch_as_it_was_sent_although_the_object_changes() -> None:
    batch = Batch("production", source_request_id="an id", user_attributes={"name": "a"})
    batch.add_event(AppEvent("other", "one"))
    sent = batch.to_dict()
    with FaultyServer(otherwise=status(400)) as server, EventsApi(configured(server.url)) as api:
        (failed,) = api.upload_all([batch]).failed
    change(batch)
    assert isinstance(failed.batch, Batch)
    assert failed.batch.to_dict() == sent


class Renewed(Batch):
    """A user's subclass that changes each new object, and has a hint that cannot be resolved."""

    order_id: NotThere = UNSET  # type: ignore[name-defined]  # noqa: F821  # as after `if TYPE_CHECKING`

    def __post_init__(self) -> None:
        super().__post_init__()
        self.source_request_id = str(uuid4())
        self.add_event(AppEvent("other", "made"))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: Renewed("production"),
        lambda: {"environment": "production", "user_attributes": {"a": Decimal("12345678901234567.89")}},
    ],
    ids=["subclass", "Decimal"],
)
def test_the_batches_of_an_error_are_exactly_what_was_sent(
    make: Callable[[], Any], client: Callable[..., Result]
) -> None:
    bodies: list[Any] = []

    def refuse(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        bodies.append(exchange.body)
        exchange.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with FaultyServer(otherwise=refuse) as server:
        settings = configured(server.url, retry=None)
        error = client(settings, "upload_events", make())
        assert isinstance(error, APIError)
        client(settings, "upload_events", error.batches[0])
        with EventsApi(settings) as api:
            (failed,) = api.upload_all([make()]).failed
            api.upload_all([failed.batch])
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]


def test_batches_that_were_not_sent_are_copies_too() -> None:
    def one_object() -> Iterator[dict[str, Any]]:
        batch: dict[str, Any] = {"environment": "production"}
        for number in range(250):
            batch["source_request_id"] = str(number)
            yield batch

    with FaultyServer(otherwise=status(403)) as server, EventsApi(configured(server.url, max_in_flight=1)) as api:
        with pytest.raises(PermissionDeniedError) as raised:
            api.upload_all(one_object())
        result = UploadResult.of(raised.value)
    assert result is not None
    ids = [one.batch["source_request_id"] for one in result.failed if isinstance(one.batch, dict)]
    assert len(set(ids)) == len(result.failed) > 100


@pytest.mark.parametrize("client", [blocking, from_asyncio])
def test_a_single_batch_of_an_error_can_be_sent_again(client: Callable[..., Result]) -> None:
    with FaultyServer(accept_and_lose_the_response) as server:
        settings = configured(server.url, retry=None)
        error = client(settings, "upload_events", {"environment": "production"})
        assert isinstance(error, APIError)
        assert isinstance(client(settings, "upload_events", error.batches[0]), httpx.Response)
        assert (len(server.requests), len(server.taken)) == (2, 1)


def test_the_results_of_upload_all_can_be_sent_again() -> None:
    batches = [{"environment": "production", "job_id": str(number)} for number in range(5)]
    with FaultyServer(accept_and_lose_the_response) as server:
        with EventsApi(configured(server.url, retry=None)) as api:
            result = api.upload_all(batches)
            assert (result.delivered, len(result.failed)) == (0, 5)
            assert api.upload_all(one.batch for one in result.failed).delivered == 5
        assert sorted(one["job_id"] for one in server.taken) == list("01234")
    assert not any("source_request_id" in batch for batch in batches)


def test_an_error_survives_a_pickle_without_its_batches() -> None:
    personal = "a name that must not be pickled"
    plays = status(500), status(429, retry_after="9999")
    with FaultyServer(*plays) as server, EventsApi(configured(server.url)) as api, pytest.raises(APIError) as raised:
        api.upload_events({"environment": "production", "user_attributes": {"name": personal}})
    pickled = pickle.dumps(raised.value)
    error = pickle.loads(pickled)  # noqa: S301  # our own
    assert raised.value.batches
    assert error.batches == ()
    assert personal.encode() not in pickled
    assert str(error) == str(raised.value)
    assert (error.attempts, error.outcome, error.repeatable) == (2, Outcome.UNKNOWN, True)
    assert error.elapsed_seconds == raised.value.elapsed_seconds
    assert [type(one) for one in error.earlier] == [ServerError]


def test_by_default_an_upload_outlasts_an_outage_and_counts_once() -> None:
    with FaultyServer(accept_and_lose_the_response, status(503), status(500), status(429)) as server:
        policy = Retry(initial_backoff=0.001)
        assert isinstance(
            blocking(configured(server.url, retry=policy), "upload_events", Batch("production")), httpx.Response
        )
        assert (len(server.requests), len(server.taken)) == (5, 1)
