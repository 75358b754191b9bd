"""What the tests of `upload_all` share: three ways to call it, batches with numbers, and the check of a result."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, TypeAlias

import pytest
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play

from mparticle_ext import AsyncEventsApi, Configuration, EventsApi, Outcome, Retry, UploadResult

QUICK = Retry(initial_backoff=0.002, max_backoff=0.01)
UploadAll: TypeAlias = Callable[..., UploadResult]


def configured(server: FaultyServer, **others: Any) -> Configuration:
    settings = {"retry": QUICK, "timeout": 2.0, "max_in_flight": 3, **others}
    return Configuration("key", "secret", base_url=server.url, **settings)


def environment_of(server: FaultyServer) -> dict[str, str]:
    """The environment of a process that uploads to the server."""
    return {**os.environ, "MPARTICLE_API_KEY": "k", "MPARTICLE_API_SECRET": "s", "MPARTICLE_BASE_URL": server.url}


def blocking(configuration: Configuration, batches: Iterable[Any], **others: Any) -> UploadResult:
    with EventsApi(configuration) as api:
        return api.upload_all(batches, **others)


def from_asyncio(configuration: Configuration, batches: Iterable[Any], **others: Any) -> UploadResult:
    async def main() -> UploadResult:
        async with AsyncEventsApi(configuration) as api:
            return await api.upload_all(batches, **others)

    return asyncio.run(main())


def async_iterable(configuration: Configuration, batches: Iterable[Any], **others: Any) -> UploadResult:
    async def one_by_one() -> AsyncIterator[Any]:
        for batch in batches:
            await asyncio.sleep(0)
            yield batch

    async def main() -> UploadResult:
        async with AsyncEventsApi(configuration) as api:
            return await api.upload_all(one_by_one(), **others)

    return asyncio.run(main())


both_clients = pytest.mark.parametrize("upload_all", [blocking, from_asyncio])
every_iterable = pytest.mark.parametrize("upload_all", [blocking, from_asyncio, async_iterable])


def numbered(count: int, size: int = 0) -> Iterator[dict[str, Any]]:
    """Batches whose ids are their indexes."""
    for number in range(count):
        yield {"environment": "production", "source_request_id": str(number), "job_id": "x" * size}


def numbers_in(batches: Iterable[dict[str, Any]]) -> list[int]:
    return sorted(int(batch["source_request_id"]) for batch in batches)


def result_of(error: BaseException) -> UploadResult:
    result = UploadResult.of(error)
    assert result is not None
    return result


def require_complete(result: UploadResult, server: FaultyServer, count: int) -> None:
    """Each of `numbered` is delivered, or fails once with its own index. The server agrees."""
    assert result.total == result.delivered + len(result.failed) == count
    failed = {one.index: one for one in result.failed}
    assert len(failed) == len(result.failed)
    not_taken = {index for index, one in failed.items() if getattr(one.error, "outcome", None) is not Outcome.UNKNOWN}
    taken = set(numbers_in(server.taken))
    assert not not_taken & taken
    assert taken >= set(range(count)) - set(failed)
    for one in result.failed:
        assert isinstance(one.batch, dict)
        assert one.batch["source_request_id"] == str(one.index)


def slow_by(seconds: float) -> Play:
    """Accept after some seconds."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(seconds)
        exchange.take()
        exchange.send(ACCEPTED)

    return play


def silent(exchange: Exchange) -> None:
    """Read the request, and never answer."""
    exchange.read()
    exchange.wait()


def refuse_if_it_contains(*numbers: int, code: int = 400) -> Play:
    """Refuse a request that has one of the batches, and accept others."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        if any(f'"{number}"'.encode() in exchange.body for number in numbers):
            exchange.send(f"HTTP/1.1 {code} No\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            exchange.take()
            exchange.send(ACCEPTED)

    return play
