"""The timer that is put off: it rings in time whatever it was set to before, and costs the loop one timer for many waits."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from contextvars import Context
from typing import Self, TypeVarTuple

import pytest
from faults import ACCEPTED
from serving import request_from, serving

from mparticle_ext import AppEvent, AsyncEventsApi, Batch, Configuration
from mparticle_ext._alarm import Alarm
from mparticle_ext._async_transport import _Line
from mparticle_ext.sandbox import Sandbox

Ts = TypeVarTuple("Ts")
SHORT, LONG = 0.05, 30.0


class CountingLoop(asyncio.SelectorEventLoop):
    """Keeps the timers that were made in it."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[asyncio.TimerHandle] = []

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.made.append(super().call_at(when, callback, *args, context=context))
        return self.made[-1]

    @classmethod
    def running(cls) -> Self:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, cls)
        return loop


class HastyLoop(asyncio.SelectorEventLoop):
    """Gives for the next moment a handle that knows no time, as uvloop does."""

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if when - self.time() < 0.0005:
            return self.call_soon(callback, *args, context=context)
        return super().call_at(when, callback, *args, context=context)


@pytest.mark.parametrize(
    ("waits", "rings"),
    [
        pytest.param([SHORT], 1, id="once"),
        pytest.param([LONG, SHORT], 1, id="sooner than before"),
        pytest.param([SHORT, 3 * SHORT], 1, id="later than before"),
        pytest.param([SHORT, LONG], 0, id="put off"),
        pytest.param([SHORT, None], 0, id="unset"),
        pytest.param([SHORT, None, 2 * SHORT], 1, id="unset, and set again"),
        pytest.param([0.0, SHORT], 1, id="at once, and put off"),
    ],
)
@pytest.mark.parametrize("loop_factory", [asyncio.SelectorEventLoop, HastyLoop])
def test_it_rings_once_when_it_was_last_set_to(
    waits: list[float | None], rings: int, loop_factory: type[asyncio.SelectorEventLoop]
) -> None:
    async def rung() -> list[float]:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        alarm = Alarm(loop, lambda: times.append(loop.time() - began))
        began = loop.time()
        for seconds in waits:
            alarm.unset() if seconds is None else alarm.set(seconds)
        await asyncio.sleep(6 * SHORT)
        alarm.stop()
        return times

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        times = runner.run(rung())
    assert len(times) == rings
    assert all(seconds >= (waits[-1] or 0) for seconds in times)


def test_what_is_stopped_leaves_nothing_in_the_loop() -> None:
    async def timers_left() -> list[asyncio.TimerHandle]:
        alarm = Alarm(loop := CountingLoop.running(), lambda: None)
        alarm.set(LONG)
        alarm.stop()
        return [timer for timer in loop.made if not timer.cancelled()]

    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        assert runner.run(timers_left()) == []


def test_a_connection_that_was_closed_is_let_go_at_once() -> None:
    def serve(connection: socket.socket) -> None:
        request_from(connection)
        connection.sendall(ACCEPTED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    async def upload(port: int) -> int:
        configuration = Configuration("key", "secret", base_url=f"http://127.0.0.1:{port}/v2")
        async with AsyncEventsApi(configuration) as api:
            for _ in range(5):
                await api.upload_events(Batch("production"))
            await asyncio.sleep(SHORT)
            return sum(type(found) is _Line for found in gc.get_objects())

    gc.collect()
    gc.disable()  # which a program may do
    try:
        with serving(serve) as port:
            assert asyncio.run(upload(port)) == 0
    finally:
        gc.enable()


def test_many_uploads_over_a_connection_take_the_timers_of_one(sandbox: Sandbox) -> None:
    def timers_of(uploads: int) -> int:
        async def made() -> int:
            async with AsyncEventsApi(sandbox.configuration) as api:
                for _ in range(uploads):
                    await api.upload_events(Batch("production", events=[AppEvent("other", "Hello")]))
            return len(CountingLoop.running().made)

        with asyncio.Runner(loop_factory=CountingLoop) as runner:
            return runner.run(made())

    assert timers_of(50) == timers_of(1)
