"""What is particular to AsyncEventsApi: event loops, cancelled tasks, closing."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from clients import configured, identified
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, accept, status
from socket_server import accepting, serving

from mparticle_ext import AsyncEventsApi, Attempt, ClosedError, Configuration
from mparticle_ext._delivery.http import MAX_CONNECTIONS


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def test_one_api_in_several_event_loops(server: FaultyServer) -> None:
    api = AsyncEventsApi(configured(server.url))

    async def upload(name: str) -> None:
        await api.upload_events(identified(name))
        await api.upload_events(identified(name + name))

    for name in "abc":
        asyncio.run(upload(name))
    thread = threading.Thread(target=lambda: asyncio.run(upload("d")))
    thread.start()
    thread.join(10)
    asyncio.run(api.close())
    assert len(server.taken) == 8
    assert server.connections == 4


@pytest.mark.parametrize("closes", [True, False])
def test_connections_are_closed_with_the_api_or_with_the_event_loop(closes: bool, server: FaultyServer) -> None:
    async def main() -> None:
        api = AsyncEventsApi(configured(server.url))
        await api.upload_events(identified())
        if closes:
            await api.close()

    asyncio.run(main())
    gc.collect()  # an open socket would be a ResourceWarning, which is an error here
    wait_until(lambda: not server._open)  # noqa: SLF001  # our own


class Given(httpx.AsyncBaseTransport):
    """A transport of the user."""

    def __init__(self) -> None:
        self.is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert not self.is_closed
        return httpx.Response(202)

    async def aclose(self) -> None:
        self.is_closed = True


def test_a_users_transport_serves_several_event_loops() -> None:
    transport = Given()
    api = AsyncEventsApi(Configuration("key", "secret", transport=transport))
    for _ in range(2):
        asyncio.run(api.upload_events(identified()))
    assert not transport.is_closed
    asyncio.run(api.close())
    assert transport.is_closed


def test_more_uploads_than_connections_take_turns() -> None:
    connections: list[object] = []
    accepted: list[bytes] = []

    def serve(connection: Any) -> None:
        connections.append(connection)
        accepting(accepted)(connection)

    async def main(port: int) -> set[int]:
        async with AsyncEventsApi(configured(f"http://127.0.0.1:{port}/v2", timeout=10)) as api:
            uploads = [api.upload_events(identified()) for _ in range(MAX_CONNECTIONS + 50)]
            return {response.status_code for response in await asyncio.gather(*uploads)}

    with serving(serve) as port:
        assert asyncio.run(main(port)) == {202}
    assert len(connections) <= MAX_CONNECTIONS
    assert len(accepted) == MAX_CONNECTIONS + 50


def test_a_cancelled_upload_raises_cancelled_error_and_is_not_sent_again(server: FaultyServer) -> None:
    attempts: list[Attempt] = []

    def silent(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait()

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url, timeout=30, on_attempt=attempts.append)) as api:
            task = asyncio.create_task(api.upload_events(identified()))
            await asyncio.to_thread(wait_until, lambda: bool(server.requests))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await api.upload_events(identified("next"))).status_code == 202

    with FaultyServer(silent) as server:
        asyncio.run(main(server))
        assert len(server.requests) == 2
        assert [attempt.number for attempt in attempts] == [1]  # of the next upload


def test_a_timeout_around_an_upload_is_the_timeout_of_the_caller() -> None:
    def silent(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait()

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url, timeout=30)) as api:
            with pytest.raises(TimeoutError) as raised:
                async with asyncio.timeout(0.2):
                    await api.upload_events(identified())
            assert type(raised.value) is TimeoutError

    with FaultyServer(silent) as server:
        asyncio.run(main(server))


def test_a_cancelled_wait_for_the_next_attempt(server: FaultyServer) -> None:
    attempts: list[Attempt] = []

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url, on_attempt=attempts.append)) as api:
            task = asyncio.create_task(api.upload_events(identified()))
            await asyncio.to_thread(wait_until, lambda: bool(attempts))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with FaultyServer(status(503, retry_after="20")) as server:
        asyncio.run(main(server))
        assert len(server.requests) == 1


def test_close_waits_for_an_upload_in_flight() -> None:
    closed = threading.Event()

    def wait_and_accept(exchange: Exchange) -> None:
        exchange.read()
        closed.wait(5)
        exchange.send(ACCEPTED)

    async def main(server: FaultyServer) -> None:
        api = AsyncEventsApi(configured(server.url, timeout=10))
        task = asyncio.create_task(api.upload_events(identified()))
        await asyncio.to_thread(wait_until, lambda: bool(server.requests))
        closing = asyncio.create_task(api.close())
        await asyncio.sleep(0)
        with pytest.raises(ClosedError):
            await api.upload_events(identified())
        assert not closing.done()
        closed.set()
        await closing
        assert task.done()
        assert (await task).status_code == 202

    with FaultyServer(wait_and_accept) as server:
        asyncio.run(main(server))


def test_a_response_before_the_end_of_the_request_does_not_spoil_the_next_upload() -> None:
    """A connection on which a part of a request is still to be sent cannot be used again."""
    large = {"environment": "production", "partner_identity": "x" * 250_000}

    def answer_early(exchange: Exchange) -> None:
        exchange.send(ACCEPTED)
        exchange.wait(0.2)

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server.url)) as api:
            await api.upload_events(large)
            await api.upload_events({"environment": "production", "source_request_id": "next"})

    with FaultyServer(answer_early, accept) as server:
        asyncio.run(main(server))
        assert [one["source_request_id"] for one in server.taken][-1] == "next"
