"""What an upload may cost at most: work by the batch, connections by their number and age, waiting by the deadline."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from faulty_server import ACCEPTED
from socket_server import accepting, contexts, request_from, serving

from mparticle_ext import (
    APIConnectionError,
    APITimeoutError,
    AppEvent,
    AsyncEventsApi,
    Batch,
    Configuration,
    EventsApi,
    Outcome,
)
from mparticle_ext._delivery.http import MAX_CONNECTIONS
from mparticle_ext.sandbox import Sandbox


def to(port: int, **others: Any) -> Configuration:
    return Configuration("key", "secret", base_url=f"http://127.0.0.1:{port}/v2", **{"retry": None, **others})


def with_events(number: int) -> Batch:
    attributes: dict[str, Any] = {"screen": "home", "position": 3, "price": 19.99}
    return Batch("production", events=[AppEvent("other", "Hello", custom_attributes=attributes) for _ in range(number)])


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """What is called while something is done, by name, in Python and in C."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls["a Python function"] += 1
        elif event == "c_call":
            calls[argument.__qualname__] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def test_events_are_walked_over_in_c_alone_and_once_to_encode_and_once_to_check(sandbox: Sandbox) -> None:
    few, many = [with_events(1) for _ in range(2)], [with_events(40) for _ in range(2)]  # bodies of one piece both
    with EventsApi(sandbox.configuration) as api:
        api.bulk_upload_events(few)  # what is made at first use
        of_few = calls_of(lambda: api.bulk_upload_events(few))
        of_many = calls_of(lambda: api.bulk_upload_events(many))
    assert of_many["Encoder.encode"] == of_many["Decoder.decode"] == len(many)
    assert of_many["a Python function"] == of_few["a Python function"]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_large_body_reaches_a_reader_that_takes_its_time(client: Callable[..., Result]) -> None:
    bodies: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        came = request_from(connection)
        head, _, body = came.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(10_000)
        bodies.append(body)
        connection.sendall(ACCEPTED)

    batches = [with_events(20) for _ in range(80)]
    with serving(serve) as port:
        came = client(to(port), "bulk_upload_events", batches)
    assert isinstance(came, httpx.Response), came
    (body,) = bodies
    assert json.loads(body) == [json.loads(batch.to_json()) for batch in batches]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reader_that_stops_is_not_waited_for_longer_than_the_timeout(client: Callable[..., Result]) -> None:
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        stop.wait(20)

    with serving(serve) as port:
        came = client(to(port, timeout=0.3), "bulk_upload_events", [with_events(20) for _ in range(80)])
        stop.set()
    assert isinstance(came, APITimeoutError)
    assert came.outcome is Outcome.UNKNOWN


class NarrowLoop(asyncio.SelectorEventLoop):
    """A loop whose connections hold little that is not read yet."""

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
        connection.connect((host, port))
        return await super().create_connection(protocol_factory, sock=connection)


@pytest.mark.parametrize("stops", [False, True], ids=["that is slow", "that stops"])
def test_from_asyncio_each_part_of_a_body_has_a_timeout_of_its_own(stops: bool) -> None:
    batches = [with_events(20) for _ in range(80)]
    length = sum(len(batch.to_json()) + 1 for batch in batches) + 1
    timeout, pause = 1.0, 0.06
    told = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        body = request_from(connection).partition(b"\r\n\r\n")[2]
        while len(body) < (length // 2 if stops else length):
            time.sleep(pause)
            body += connection.recv(10_000)
        if stops:
            told.wait(20)
        connection.sendall(ACCEPTED)

    async def upload(port: int) -> httpx.Response | Exception:
        async with AsyncEventsApi(to(port, timeout=timeout)) as api:
            try:
                return await api.bulk_upload_events(batches)
            except APITimeoutError as error:
                return error

    with serving(serve) as port, asyncio.Runner(loop_factory=NarrowLoop) as runner:
        began = time.monotonic()
        came = runner.run(upload(port))
        told.set()
    if stops:
        assert isinstance(came, APITimeoutError)
        assert isinstance(came.__cause__, httpx.WriteTimeout)
    else:
        assert isinstance(came, httpx.Response), came
        assert time.monotonic() - began > timeout, "it was read within a timeout"


def test_uploads_take_turns_where_there_are_more_than_connections() -> None:
    open_now: list[socket.socket] = []
    most: list[int] = []

    def serve(connection: socket.socket) -> None:
        open_now.append(connection)
        most.append(len(open_now))
        accepting([])(connection)

    async def main(port: int) -> list[httpx.Response]:
        async with AsyncEventsApi(to(port)) as api:
            return await asyncio.gather(*(api.upload_events(Batch("production")) for _ in range(MAX_CONNECTIONS + 50)))

    with serving(serve) as port:
        assert {answer.status_code for answer in asyncio.run(main(port))} == {202}
    assert max(most) <= MAX_CONNECTIONS


def test_a_server_that_goes_on_talking_is_cut_off() -> None:
    cut_off = threading.Event()

    def serve(connection: socket.socket) -> None:
        request_from(connection)
        connection.sendall(ACCEPTED)
        try:
            while True:
                connection.sendall(b"x" * 65_536)
        except OSError:
            cut_off.set()

    async def main(port: int) -> bool:
        async with AsyncEventsApi(to(port)) as api:
            await api.upload_events(Batch("production"))
            return await asyncio.to_thread(cut_off.wait, 10)

    with serving(serve) as port:
        assert asyncio.run(main(port))


@pytest.mark.parametrize("client", CLIENTS)
def test_http_1_1_is_agreed_on_whatever_else_uses_the_context(
    client: Callable[..., Result], authority: trustme.CA
) -> None:
    server, client = contexts(authority)
    server.set_alpn_protocols(["h2", "http/1.1"])
    client.set_alpn_protocols(["h2"])
    agreed: list[str | None] = []

    def serve(connection: socket.socket) -> None:
        with server.wrap_socket(connection, server_side=True) as secured:
            agreed.append(secured.selected_alpn_protocol())
            accepting([])(secured)

    with serving(serve) as port:
        configuration = Configuration(
            "key", "secret", base_url=f"https://localhost:{port}/v2", ssl_context=client, retry=None
        )
        came = client(configuration, "upload_events", Batch("production"))
        assert isinstance(came, httpx.Response), came
    assert agreed == ["http/1.1"]


def test_connections_that_idle_too_long_are_closed_while_another_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lines, "IDLE_SECONDS", 0.5)
    together = threading.Barrier(3)
    closed = threading.Semaphore(0)

    def serve(connection: socket.socket) -> None:
        request_from(connection)
        together.wait(10)
        connection.sendall(ACCEPTED)
        with contextlib.suppress(OSError):
            accepting([])(connection)
        closed.release()

    with serving(serve) as port, EventsApi(to(port)) as api:
        first = [api.upload_events(Batch("production"), lambda *_: None) for _ in range(3)]
        assert {upload.result(10).status_code for upload in first} == {202}
        for _ in range(200):
            api.upload_events(Batch("production"))
            if closed.acquire(timeout=0.05):
                return
    raise AssertionError("they stayed open")


class _Breaking(httpx.SyncByteStream):
    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("it broke")

    def close(self) -> None:
        self.closed = True


def test_an_answer_that_breaks_in_a_transport_of_ones_own_is_closed() -> None:
    stream = _Breaking()
    transport = httpx.MockTransport(lambda request: httpx.Response(202, stream=stream))
    api = EventsApi(Configuration("key", "secret", transport=transport, retry=None))
    with api, pytest.raises(APIConnectionError) as caught:
        api.upload_events(Batch("production"))
    assert caught.value.outcome is Outcome.UNKNOWN
    assert stream.closed
