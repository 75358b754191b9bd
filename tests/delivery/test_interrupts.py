"""`upload_all` that is stopped: by signals, cancellation, close(), hooks, and exceptions of the iterable."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, accept, answer, status
from upload_all import (
    UploadAll,
    blocking,
    both_clients,
    configured,
    environment_of,
    every_iterable,
    from_asyncio,
    numbered,
    numbers_in,
    require_complete,
    result_of,
    silent,
    slow_by,
)

from mparticle_ext import (
    APIError,
    AsyncEventsApi,
    Attempt,
    BatchResult,
    ClosedError,
    EventsApi,
    MParticleError,
    Outcome,
    PermissionDeniedError,
    ServerError,
    UploadResult,
    UploadStoppedError,
)

PROCESSES = Path(__file__).parent / "processes"


def send_to_main_thread(number: int) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    signal.pthread_kill(main_thread, number)


def when(holds: Callable[[], bool], then: Callable[[], object]) -> threading.Thread:
    """Call a function from another thread when a condition is true."""

    def wait() -> None:
        wait_until(holds)
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def threads_of_upload_all() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("mparticle-upload-all")]


def outcomes(result: UploadResult) -> list[Outcome]:
    return [one.error.outcome for one in result.failed if isinstance(one.error, APIError)]


# Signals


@pytest.mark.slow
@pytest.mark.parametrize("client", ["blocking", "asyncio"])
def test_one_or_two_interrupts_at_random_moments(client: str) -> None:
    command = [sys.executable, str(PROCESSES / "interrupted.py"), client, "14", "14"]  # seconds and seed
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    print(report)
    assert report["faults"] == []
    assert report["threads left"] == report.get("tasks left", 0) == 0
    assert report["runs"] >= report["interrupted"] > 5
    assert min(report[outcome.value] for outcome in (Outcome.TAKEN, Outcome.NOT_TAKEN, Outcome.UNKNOWN)) > 0


def test_after_ctrl_c_the_requests_in_flight_are_finished() -> None:
    with FaultyServer(*[accept] * 3, otherwise=slow_by(0.3)) as server:
        signals = when(lambda: len(server.requests) >= 5, lambda: send_to_main_thread(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt) as raised:
            blocking(configured(server), numbered(1_000_000))
        signals.join()
        result = result_of(raised.value)
        require_complete(result, server, result.total)
        assert result.delivered == len(server.taken)
        assert 500 <= result.delivered <= 700
        assert set(outcomes(result)) <= {Outcome.NOT_TAKEN}
        wait_until(lambda: not threads_of_upload_all())


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError, ValueError])
def test_the_exception_of_the_second_signal_is_raised_before_the_responses(error: type[BaseException]) -> None:
    def handler(*_: object) -> None:
        raise error("second")

    def send() -> None:
        send_to_main_thread(signal.SIGINT)
        time.sleep(0.2)  # both signals in one instant count as one
        send_to_main_thread(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with FaultyServer(accept, accept, otherwise=silent) as server:
            api = EventsApi(configured(server, timeout=20, retry=None))
            signals = when(lambda: len(server.requests) == 5, send)
            started = time.monotonic()
            with pytest.raises(error, match="second") as raised:
                api.upload_all(numbered(1_000_000))
            assert time.monotonic() - started < 10
            signals.join()
            result = result_of(raised.value)
            require_complete(result, server, result.total)
            assert result.delivered == 200
            assert outcomes(result).count(Outcome.UNKNOWN) == 300
            unknown = next(one for one in result.failed if "send error.batches again" in str(one.error))
            assert isinstance(unknown.error, UploadStoppedError)
            assert unknown.error.repeatable
            assert unknown.batch in unknown.error.batches
            server.stop()
            api.close()
            wait_until(lambda: not threads_of_upload_all())
    finally:
        signal.signal(signal.SIGUSR1, before)


# Cancellation


def test_a_cancelled_task_cancels_its_requests() -> None:
    async def main(server: FaultyServer) -> UploadResult:
        async with AsyncEventsApi(configured(server, timeout=20)) as api:
            task = asyncio.create_task(api.upload_all(numbered(1_000_000)))
            await asyncio.to_thread(wait_until, lambda: len(server.requests) == 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert len(asyncio.all_tasks()) == 1
        return result_of(raised.value)

    with FaultyServer(accept, accept, otherwise=silent) as server:
        result = asyncio.run(main(server))
        require_complete(result, server, result.total)
        assert result.delivered == 200
        assert outcomes(result).count(Outcome.UNKNOWN) == 300


def test_a_task_that_is_cancelled_while_it_stops_is_complete() -> None:
    stopping = threading.Event()
    reported: list[int] = []

    def broken(result: BatchResult) -> None:
        reported.append(result.index)
        if len(reported) > 100:  # of the second response
            stopping.set()
            raise OSError("disk full")

    def accept_after_the_third_request(exchange: Exchange) -> None:
        exchange.read()
        wait_until(lambda: len(server.requests) == 3)
        exchange.take()
        exchange.send(ACCEPTED)

    async def main(server: FaultyServer) -> UploadResult:
        async with AsyncEventsApi(configured(server, timeout=20)) as api:
            task = asyncio.create_task(api.upload_all(numbered(1_000_000), on_result=broken))
            await asyncio.to_thread(stopping.wait, 20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert len(asyncio.all_tasks()) == 1
        return result_of(raised.value)

    with FaultyServer(accept, accept_after_the_third_request, otherwise=silent) as server:
        result = asyncio.run(main(server))
        require_complete(result, server, result.total)
        assert result.delivered == 200
        assert outcomes(result).count(Outcome.UNKNOWN) == 100


def test_a_task_that_is_cancelled_while_a_group_is_split_knows_its_parts() -> None:
    async def main(server: FaultyServer) -> UploadResult:
        async with AsyncEventsApi(configured(server, timeout=20)) as api:
            task = asyncio.create_task(api.upload_all(numbered(4)))
            await asyncio.to_thread(wait_until, lambda: len(server.requests) == 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
        return result_of(raised.value)

    with FaultyServer(status(400), accept, silent) as server:
        result = asyncio.run(main(server))
        assert result.delivered == 2
        assert [one.index for one in result.failed] == [2, 3]
        assert outcomes(result) == [Outcome.UNKNOWN] * 2


def test_asyncio_timeout_becomes_a_timeout_error_with_the_result() -> None:
    async def main(server: FaultyServer) -> UploadResult:
        async with AsyncEventsApi(configured(server)) as api:
            with pytest.raises(TimeoutError) as raised:
                async with asyncio.timeout(0.3):
                    await api.upload_all(numbered(1_000_000))
        return result_of(raised.value)

    with FaultyServer(otherwise=slow_by(0.05)) as server:
        result = asyncio.run(main(server))
        require_complete(result, server, result.total)


# close()


def test_close_from_another_thread_stops_it() -> None:
    with FaultyServer(otherwise=slow_by(0.02)) as server:
        api = EventsApi(configured(server))
        closer = when(lambda: len(server.taken) >= 500, api.close)
        with pytest.raises(ClosedError, match="was closed during upload_all") as raised:
            api.upload_all(numbered(1_000_000))
        closer.join()
        result = result_of(raised.value)
        require_complete(result, server, result.total)
        assert result.delivered >= 400


def test_close_from_another_task_stops_it() -> None:
    async def main(server: FaultyServer) -> UploadResult:
        api = AsyncEventsApi(configured(server))
        task = asyncio.create_task(api.upload_all(numbered(1_000_000)))
        await asyncio.to_thread(wait_until, lambda: len(server.taken) >= 500)
        await api.close()
        with pytest.raises(ClosedError, match="was closed during upload_all") as raised:
            await task
        return result_of(raised.value)

    with FaultyServer(otherwise=slow_by(0.02)) as server:
        result = asyncio.run(main(server))
        require_complete(result, server, result.total)
        assert result.delivered >= 400


def test_a_closed_api_uploads_nothing() -> None:
    with FaultyServer() as server:
        api = EventsApi(configured(server))
        api.close()
        with pytest.raises(ClosedError):
            api.upload_all(numbered(1))
        assert not server.connections


# Errors of the service


def endless(read: list[int]) -> Iterator[dict[str, Any]]:
    for batch in numbered(1_000_000):
        read.append(1)
        yield batch


@every_iterable
def test_it_stops_if_the_credentials_are_refused(upload_all: UploadAll) -> None:
    read: list[int] = []
    with FaultyServer(otherwise=status(403)) as server:
        with pytest.raises(PermissionDeniedError) as raised:
            upload_all(configured(server), endless(read))
        result = result_of(raised.value)
        assert len(read) < 2000
        require_complete(result, server, len(read))
        assert f"after {len(read)} batches: 0 delivered" in raised.value.__notes__[-1]


@every_iterable
def test_it_stops_if_several_requests_fail_in_a_row(upload_all: UploadAll) -> None:
    read: list[int] = []
    with FaultyServer(*[accept] * 4, otherwise=status(503)) as server:
        with pytest.raises(ServerError) as raised:
            upload_all(configured(server, retry=None), endless(read))
        result = result_of(raised.value)
        assert len(read) < 3000
        require_complete(result, server, len(read))
        assert result.delivered == 400


@every_iterable
def test_it_goes_on_if_less_than_five_requests_fail_in_a_row(upload_all: UploadAll) -> None:
    with FaultyServer(*[status(500)] * 4) as server:
        result = upload_all(configured(server, max_in_flight=1, retry=None), numbered(1000))
        require_complete(result, server, 1000)
        assert result.delivered == 600


# Hooks


@both_clients
@pytest.mark.parametrize("error", [SystemExit, ValueError, MParticleError])
def test_an_exception_of_on_attempt_after_an_accepted_request(
    error: type[BaseException], upload_all: UploadAll
) -> None:
    def hook(attempt: Attempt) -> None:
        if attempt.status_code == 202:
            raise error("hook")

    with FaultyServer() as server:
        with pytest.raises(error, match="hook") as raised:
            upload_all(configured(server, on_attempt=hook), numbered(100_000))
        result = result_of(raised.value)
        assert result.total < 2000
        require_complete(result, server, result.total)
        assert result.delivered == len(server.taken) >= 100
        wait_until(lambda: not threads_of_upload_all())


@both_clients
def test_an_exception_of_on_attempt_after_a_refused_request_sends_no_further_part(upload_all: UploadAll) -> None:
    def hook(attempt: Attempt) -> None:
        if attempt.batches == 25:
            raise ValueError("hook")

    with FaultyServer(otherwise=status(400)) as server:
        with pytest.raises(ValueError, match="hook") as raised:
            upload_all(configured(server, on_attempt=hook), numbered(100))
        result = result_of(raised.value)
        require_complete(result, server, 100)
        assert len(server.requests) == 3
        errors = [one.error for one in sorted(result.failed, key=lambda one: one.index)]
        assert all(isinstance(error and error.__cause__, ValueError) for error in errors[:25])
        assert {getattr(error, "outcome", None) for error in errors[25:]} == {Outcome.NOT_TAKEN}


@every_iterable
@pytest.mark.parametrize("kind", [OSError, StopIteration, StopAsyncIteration])
def test_an_exception_of_on_result_stops_it(kind: type[Exception], upload_all: UploadAll) -> None:
    called: list[int] = []

    def full_disk(result: BatchResult) -> None:
        called.append(result.index)
        if len(called) == 150:
            raise kind("disk full")

    # Python turns the last two into RuntimeError in a coroutine
    expected = kind if upload_all is blocking else (kind, RuntimeError)
    with FaultyServer() as server:
        with pytest.raises(expected) as raised:
            upload_all(configured(server), numbered(100_000), on_result=full_disk)
        result = result_of(raised.value)
        assert len(called) == 150
        assert result.total < 2000
        require_complete(result, server, result.total)
        never_sent = [one.error for one in result.failed if isinstance(one.error, UploadStoppedError)]
        assert all(error.outcome is Outcome.NOT_TAKEN and error.attempts == 0 for error in never_sent)


# Iterables


class BrokenError(Exception):
    pass


@every_iterable
def test_an_exception_of_the_iterable_is_raised_when_all_before_it_is_sent(upload_all: UploadAll) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(250)
        raise BrokenError("row 250")

    with FaultyServer(status(503), status(503)) as server:
        with pytest.raises(BrokenError, match="row 250") as raised:
            upload_all(configured(server), broken())
        result = result_of(raised.value)
        require_complete(result, server, 250)
        assert result.delivered == 250


@every_iterable
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_iterable_that_ends_the_program(error: type[BaseException], upload_all: UploadAll) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(350)
        raise error

    with FaultyServer() as server:
        with pytest.raises(error) as raised:
            upload_all(configured(server), broken())
        require_complete(result_of(raised.value), server, 350)


@pytest.mark.parametrize("upload_all", [blocking, from_asyncio])
def test_an_iterable_that_cannot_be_iterated(upload_all: UploadAll) -> None:
    class Broken:
        def __iter__(self) -> Iterator[dict[str, Any]]:
            raise BrokenError

    with FaultyServer() as server:
        with pytest.raises(BrokenError) as raised:
            upload_all(configured(server), Broken())
        require_complete(result_of(raised.value), server, 0)


@every_iterable
def test_an_exception_without_attributes_has_the_result_too(upload_all: UploadAll) -> None:
    @frozen  # of attrs: contextlib cannot carry one of dataclasses
    class FrozenError(Exception):
        row: int

    def broken() -> Iterator[dict[str, Any]]:
        yield from numbered(3)
        raise FrozenError(3)

    with FaultyServer() as server:
        with pytest.raises(FrozenError) as raised:
            upload_all(configured(server), broken())
        group = ExceptionGroup("of a task group", [ValueError(), raised.value])
        assert result_of(group).delivered == 3
    assert UploadResult.of(ValueError()) is None


# Threads


def test_upload_all_in_a_thread_that_outlives_the_main_thread() -> None:
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


@pytest.mark.parametrize("available", [0, 1])
def test_if_no_thread_can_be_started_the_callers_thread_sends(available: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left, start = [None] * available, threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if thread.name.startswith("mparticle"):
            if not left:
                raise RuntimeError("can't start new thread")
            left.pop()
        start(thread)

    with FaultyServer(answer(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) as server:
        monkeypatch.setattr(threading.Thread, "start", limited)
        result = blocking(configured(server), numbered(450))
        monkeypatch.undo()
        require_complete(result, server, 450)
        assert result.delivered == 450
        wait_until(lambda: not threads_of_upload_all())
