"""trio: the blocking client in a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio

from mparticle_ext import AsyncEventsApi, Batch, EventsApi, WrongCallError
from mparticle_ext.sandbox import Sandbox

ADVICE = "AsyncEventsApi needs asyncio: in trio, call EventsApi through trio.to_thread.run_sync"


async def upload(api: AsyncEventsApi) -> object:
    return await api.upload_events(Batch("production"))


async def upload_all(api: AsyncEventsApi) -> object:
    return await api.upload_all([Batch("production")])


async def close(api: AsyncEventsApi) -> object:
    await api.close()
    return None


@pytest.mark.parametrize("call", [upload, upload_all, close])
def test_the_asyncio_client_says_what_to_use_in_trio(
    sandbox: Sandbox, call: Callable[[AsyncEventsApi], Awaitable[object]]
) -> None:
    with pytest.raises(WrongCallError) as raised:
        trio.run(call, AsyncEventsApi(sandbox.configuration))
    assert str(raised.value) == ADVICE
    assert sandbox.requests == []


def test_an_error_inside_async_with_is_not_hidden_by_the_advice(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncEventsApi(sandbox.configuration) as api:
            await api.upload_events(Batch("production"))

    with pytest.raises(WrongCallError, match=ADVICE):
        trio.run(main)


def test_the_blocking_client_uploads_from_a_trio_thread(sandbox: Sandbox) -> None:
    async def main() -> None:
        with EventsApi(sandbox.configuration) as api:
            async with trio.open_nursery() as nursery:
                for number in range(5):
                    batch = Batch("production", source_request_id=f"row {number}")
                    nursery.start_soon(trio.to_thread.run_sync, partial(api.upload_events, batch))

    trio.run(main)
    assert {batch.source_request_id for batch in sandbox.batches} == {f"row {number}" for number in range(5)}
