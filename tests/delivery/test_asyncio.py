"""What the uploads of one EventsApi share, and how long they wait: holds, budgets, closing, and stale connections."""

from __future__ import annotations

import asyncio
import pickle
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from clients import CLIENTS
from clients import Outcome as Result
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play, accept, status

from mparticle_ext import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AsyncEventsApi,
    Attempt,
    Batch,
    ClosedError,
    Configuration,
    ConfigurationError,
    EventsApi,
    MParticleError,
    Outcome,
    RateLimitError,
    Retry,
    ServerError,
)

QUICK = Retry(initial_backoff=0.005, max_backoff=0.02)


def configured(server: FaultyServer, **others: Any) -> Configuration:
    return Configuration("key", "secret", base_url=server.url, **{"retry": QUICK, "timeout": 1.0, **others})


def identified(name: str = "once") -> Batch:
    return Batch("production", source_request_id=name)


@pytest.mark.parametrize("client", CLIENTS)
def test_without_a_policy_there_is_one_attempt(client: Callable[..., Result]) -> None:
    with FaultyServer(status(503)) as server:
        came = client(configured(server, retry=None), "upload_events", identified())
        assert isinstance(came, ServerError)
        assert came.attempts == len(server.requests) == 1


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("make", [lambda: Batch("production"), lambda: {"environment": "production"}])
def test_deduplicate_makes_every_retry_safe_and_leaves_the_id_on_the_batch(
    client: Callable[..., Result], make: Callable[[], Any]
) -> None:
    def taken_and_lost(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        exchange.close()

    batch = make()
    with FaultyServer(taken_and_lost) as server:
        assert isinstance(client(configured(server, deduplicate=True), "bulk_upload_events", [batch]), httpx.Response)
        assert isinstance(client(configured(server, deduplicate=True), "upload_events", batch), httpx.Response)
        kept = batch.source_request_id if isinstance(batch, Batch) else batch["source_request_id"]
        assert [one["source_request_id"] for one in server.taken] == [kept]
        assert len(server.requests) == 3


def test_by_default_nothing_is_sent_that_was_not_populated() -> None:
    with FaultyServer() as server, EventsApi(configured(server)) as api:
        api.upload_events(Batch("production"))
        assert server.taken == [{"environment": "production"}]


def test_a_429_holds_back_later_uploads_of_the_same_api_only() -> None:
    with FaultyServer(status(429, retry_after="1")) as server:
        with EventsApi(configured(server)) as api, EventsApi(configured(server)) as other:
            began = time.monotonic()
            futures = [api.upload_events(identified(name), lambda *_: None) for name in "a"]
            while not server.requests:
                time.sleep(0.01)
            time.sleep(0.05)
            other.upload_events(identified("other"))
            assert time.monotonic() - began < 0.9
            api.upload_events(identified("b"))
            assert time.monotonic() - began >= 1
            assert futures[0].result().status_code == 202
        assert len(server.taken) == 3


def test_an_upload_that_cannot_wait_so_long_is_told_at_once() -> None:
    with FaultyServer(status(429, retry_after="30")) as server, EventsApi(configured(server, deadline=5)) as api:
        for attempts in (1, 0):
            with pytest.raises(RateLimitError) as raised:
                api.upload_events(identified())
            assert raised.value.attempts == attempts
            assert raised.value.retry_after == pytest.approx(30, abs=1)
        assert len(server.requests) == 1


def test_asyncio_uploads_are_held_back_too() -> None:
    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:
            began = time.monotonic()
            first = asyncio.create_task(api.upload_events(identified("a")))
            await asyncio.to_thread(wait_until, lambda: bool(server.requests))
            await asyncio.sleep(0.05)
            await asyncio.gather(first, api.upload_events(identified("b")))
            assert time.monotonic() - began >= 1

    with FaultyServer(status(429, retry_after="1")) as server:
        asyncio.run(main(server))
        assert len(server.requests) == 3


def test_in_an_outage_the_budget_bounds_the_retries() -> None:
    policy = Retry(initial_backoff=0.001, max_backoff=0.001, budget=5)
    with FaultyServer(*[status(503)] * 100) as server, EventsApi(configured(server, retry=policy)) as api:
        for _ in range(20):
            with pytest.raises(ServerError):
                api.upload_events(identified())
        assert len(server.requests) == 20 + 5


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("play", [status(503), status(503, retry_after="1"), status(429, retry_after="1")])
def test_close_finishes_what_was_handed_over_with_its_retries(play: Play, asynchronous: bool) -> None:
    calls: list[Any] = []

    async def from_asyncio(configuration: Configuration) -> None:
        async with AsyncEventsApi(configuration) as api:
            await api.upload_events(Batch("production"), lambda *call: calls.append(call))

    with FaultyServer(play, play) as server:
        if asynchronous:
            asyncio.run(from_asyncio(configured(server)))
        else:
            with EventsApi(configured(server)) as api:
                api.upload_events(Batch("production"), lambda *call: calls.append(call))
        ((error, _, response),) = calls
        assert (error, response.status_code) == (None, 202)
        assert len(server.requests) == 3


@pytest.mark.parametrize("asynchronous", [False, True])
def test_no_retry_sleeps_past_close(asynchronous: bool) -> None:
    slow = Retry(initial_backoff=60, max_backoff=60)
    calls: list[Any] = []

    def callback(*call: Any) -> None:
        calls.append(call)

    def blocking(server: FaultyServer) -> None:
        api = EventsApi(configured(server, retry=slow, deadline=600))
        api.upload_events(identified(), callback)
        wait_until(lambda: bool(server.requests))
        assert api.close(0.1) == []

    async def from_asyncio(server: FaultyServer) -> None:
        api = AsyncEventsApi(configured(server, retry=slow, deadline=600))
        await api.upload_events(identified(), callback)
        await asyncio.to_thread(wait_until, lambda: bool(server.requests))
        assert await api.close(0.1) == []

    began = time.monotonic()
    with FaultyServer(status(503)) as server:
        asyncio.run(from_asyncio(server)) if asynchronous else blocking(server)
        assert time.monotonic() - began < 5
        ((error, _, response),) = calls
        assert error is None  # tried once more, at once
        assert response.status_code == 202
        assert len(server.taken) == 1


@pytest.mark.parametrize("code", [429, 503])
def test_close_does_not_try_again_before_the_service_wants_it(code: int) -> None:
    with FaultyServer(status(code, retry_after="20")) as server:
        api = EventsApi(configured(server))
        future = api.upload_events(identified(), lambda *_: None)
        wait_until(lambda: bool(server.requests))
        assert api.close(0.1) == []
        error = future.exception(0)
        assert isinstance(error, APIStatusError)
        assert (error.status_code, error.attempts, error.earlier) == (code, 1, ())
        assert len(server.requests) == 1


def test_flush_waits_for_what_callbacks_hand_over_in_turn() -> None:
    with FaultyServer() as server, EventsApi(configured(server)) as api:

        def again(number: int) -> None:
            if number < 20:
                api.upload_events(identified(str(number)), lambda *_: again(number + 1))

        again(0)
        assert api.flush() == []
        assert len(server.taken) == 20


def test_a_batch_that_was_changed_is_another_one_for_another_api_too() -> None:
    batch = Batch("production")
    with FaultyServer() as server:
        for name in "abb":
            batch.partner_identity = name
            with EventsApi(configured(server, deduplicate=True)) as api:
                api.upload_events(batch)
        assert [one["partner_identity"] for one in server.taken] == ["a", "b"]


def test_many_awaited_uploads_take_turns() -> None:
    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server, timeout=5)) as api:
            await asyncio.gather(*(api.upload_events(identified(str(number))) for number in range(300)))

    with FaultyServer() as server:
        asyncio.run(main(server))
        assert len(server.taken) == 300
        assert server.connections <= 100


def test_an_error_says_which_proxy_was_in_the_way(closed_port: int) -> None:
    proxy = f"http://user:hush@127.0.0.1:{closed_port}"
    configuration = Configuration("key", "secret", proxy=proxy, retry=None)
    with EventsApi(configuration) as api, pytest.raises(APIConnectionError) as raised:
        api.upload_events(Batch("production"))
    assert f"no connection to https://s2s.mparticle.com/v2 through the proxy http://127.0.0.1:{closed_port} (" in str(
        raised.value
    )
    assert "hush" not in str(raised.value)


def test_a_blocking_upload_of_another_thread_is_not_cut_off_by_close() -> None:
    def slow(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(0.3)
        exchange.take()
        exchange.send(ACCEPTED)

    with FaultyServer(slow) as server:
        api = EventsApi(configured(server))
        came: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: came.append(api.upload_events(identified())))
        thread.start()
        wait_until(lambda: bool(server.requests))
        api.close()
        thread.join(5)
        assert came[0].status_code == 202


@pytest.mark.parametrize("timeout", [None, 0.05])
def test_flush_says_what_is_still_out(timeout: float | None) -> None:
    gate = threading.Event()

    def held(exchange: Exchange) -> None:
        exchange.read()
        gate.wait(10)
        exchange.send(ACCEPTED)

    with FaultyServer(held) as server, EventsApi(configured(server, timeout=10)) as api:
        assert api.flush() == []
        batch = identified()
        future = api.upload_events(batch, lambda *_: None)
        if timeout is None:
            gate.set()
            assert api.flush() == []
            assert future.done()
            return
        (pending,) = api.flush(timeout)
        assert pending.future is future
        assert pending.batches == [batch]
        (pending,) = api.close(0)
        assert not future.done()
        gate.set()
        assert future.result(10).status_code == 202


def test_flush_from_asyncio() -> None:
    async def main() -> None:
        with FaultyServer(silent_for(0.3)) as server:
            async with AsyncEventsApi(configured(server)) as api:
                task = await api.upload_events(identified(), lambda *_: None)
                (pending,) = await api.flush(0.01)
                assert pending.future is task
                assert await api.flush() == []
                assert task.done()

    asyncio.run(main())


def silent_for(seconds: float) -> Callable[[Exchange], None]:
    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.wait(seconds)
        exchange.send(ACCEPTED)

    return play


@pytest.mark.parametrize("client", ["blocking", "asyncio"])
def test_one_connection_serves_many_uploads(client: str) -> None:
    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:
            for _ in range(20):
                await api.upload_events(identified())

    with FaultyServer() as server:
        if client == "asyncio":
            asyncio.run(main(server))
        else:
            with EventsApi(configured(server)) as api:
                for _ in range(20):
                    api.upload_events(identified())
        assert (server.connections, len(server.requests)) == (1, 20)


def accept_and_close(exchange: Exchange) -> None:
    accept(exchange)
    exchange.close()


def close_unread(exchange: Exchange) -> None:
    exchange.close()


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen() -> None:
    attempts: list[Attempt] = []
    with FaultyServer(accept_and_close, accept_and_close) as server:
        with EventsApi(configured(server, on_attempt=attempts.append)) as api:
            for _ in range(3):
                api.upload_events(Batch("production"))  # without an id: nothing was sent on the old one
                time.sleep(0.05)
        assert (server.connections, len(server.taken)) == (3, 3)
        assert [attempt.number for attempt in attempts] == [1, 1, 1]


def test_one_that_is_closed_in_the_race_is_tried_again_at_once_where_that_is_safe() -> None:
    slow = Retry(initial_backoff=60, max_backoff=60)
    with FaultyServer(accept, close_unread) as server, EventsApi(configured(server, retry=slow)) as api:
        api.upload_events(identified("a"))
        began = time.monotonic()
        api.upload_events(identified("b"))
        assert time.monotonic() - began < 1
        assert len(server.taken) == 2
    with FaultyServer(accept, close_unread) as server, EventsApi(configured(server, retry=slow)) as api:
        api.upload_events(Batch("production"))
        with pytest.raises(APIConnectionError) as raised:
            api.upload_events(Batch("production"))
        assert raised.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("asynchronous", [False, True])
def test_after_a_freeze_the_old_connection_is_not_used(asynchronous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.time

    def freeze() -> None:  # the wall clock goes on, the monotonic one stood still
        monkeypatch.setattr(time, "time", lambda: clock() + 600)

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server, retry=None)) as api:
            await api.upload_events(Batch("production"))
            freeze()
            await api.upload_events(Batch("production"))

    def never(exchange: Exchange) -> None:
        exchange.wait()

    with FaultyServer(accept) as server:
        if asynchronous:
            asyncio.run(main(server))
        else:
            with EventsApi(configured(server, retry=None)) as api:
                api.upload_events(Batch("production"))
                freeze()
                api.upload_events(Batch("production"))
        assert (server.connections, len(server.taken)) == (2, 2)


@pytest.mark.parametrize("used", ["92", "0", "nonsense", "nan", "-1"])
def test_how_much_of_the_limit_is_used_can_be_read(used: str) -> None:
    said = float(used) if used in ("92", "0") else None

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:
            assert api.rate_limit_used is None
            await api.upload_events(Batch("production"))
            assert api.rate_limit_used == said

    play = status(202, x_mp_rate_limit_percentage_used=used)
    with FaultyServer(play, play) as server, EventsApi(configured(server)) as api:
        assert api.rate_limit_used is None
        api.upload_events(Batch("production"))
        assert api.rate_limit_used == said
        asyncio.run(main(server))


def test_one_asyncio_api_in_several_loops() -> None:
    with FaultyServer() as server:
        api = AsyncEventsApi(configured(server))

        async def upload(name: str) -> None:
            await api.upload_events(identified(name))
            await api.upload_events(identified(name + name), lambda *_: None)
            assert await api.flush() == []

        for name in "abc":
            asyncio.run(upload(name))
        thread = threading.Thread(target=lambda: asyncio.run(upload("d")))
        thread.start()
        thread.join(10)
        asyncio.run(api.close())
        assert len(server.taken) == 8
        assert server.connections == 4


def test_an_error_keeps_its_story_through_a_pickle() -> None:
    with (
        FaultyServer(status(500), status(429, retry_after="9999")) as server,
        EventsApi(configured(server)) as api,
        pytest.raises(APIError) as raised,
    ):
        api.upload_events(identified())
    error = pickle.loads(pickle.dumps(raised.value))  # noqa: S301  # our own
    assert str(error) == str(raised.value)
    assert (error.attempts, error.outcome, error.repeatable) == (2, Outcome.UNKNOWN, True)
    assert error.elapsed_seconds == raised.value.elapsed_seconds
    assert [type(one) for one in error.earlier] == [ServerError]


def test_a_proxy_from_the_environment_is_used_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer() as proxy, FaultyServer() as server:
        address = proxy.url.removesuffix("/v2")
        monkeypatch.setenv("HTTP_PROXY", address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with EventsApi(configured(server)) as api:
            api.upload_events(identified())
        assert (proxy.connections, server.connections) == (0, 1)
        away = Configuration("key", "secret", base_url="http://mparticle.invalid/v2", allow_http=True, retry=None)
        with EventsApi(away) as api:
            api.upload_events(identified())
        assert proxy.requests[0].startswith(b"POST http://mparticle.invalid/v2/events HTTP/1.1")


def test_a_proxy_that_is_set_is_used_with_its_password() -> None:
    with FaultyServer() as proxy:
        through = proxy.url.removesuffix("/v2").replace("http://", "http://user:pass@")
        configuration = Configuration(
            "key", "secret", base_url="http://mparticle.invalid/v2", allow_http=True, proxy=through, retry=None
        )
        assert "pass" not in repr(configuration)
        with EventsApi(configuration) as api:
            api.upload_events(identified())
        assert b"proxy-authorization: basic dXNlcjpwYXNz".lower() in proxy.requests[0].lower()


def test_a_proxy_that_refuses_the_tunnel_took_nothing() -> None:
    def no(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    with FaultyServer(at_accept=(no, no)) as proxy:
        configuration = Configuration(
            "key", "secret", proxy=proxy.url.removesuffix("/v2"), retry=Retry(max_attempts=2, initial_backoff=0.01)
        )
        with EventsApi(configuration) as api, pytest.raises(APIConnectionError) as raised:
            api.upload_events(Batch("production"))
        assert (raised.value.outcome, raised.value.attempts) == (Outcome.NOT_TAKEN, 2)
        assert isinstance(raised.value.__cause__, httpx.ProxyError)


def test_a_host_with_dead_addresses_ends_by_the_deadline_and_a_living_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as full:  # whose backlog is full: a connection to it hangs, as to a machine that is gone
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.2", port))
        time.sleep(0.1)

        def resolve(*addresses: str) -> None:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
            monkeypatch.setattr("mparticle_ext._transport.socket.getaddrinfo", lambda *_, **__: found)

        def configuration(timeout: float, deadline: float) -> Configuration:
            url = f"http://mparticle.invalid:{port}/v2"
            return Configuration(
                "k", "s", base_url=url, allow_http=True, timeout=timeout, deadline=deadline, retry=None
            )

        monkeypatch.setattr(socket, "create_connection", by_address(socket.create_connection))
        resolve(*["127.0.0.2"] * 8)
        began = time.monotonic()
        with EventsApi(configuration(0.4, 1.0)) as api, pytest.raises(APIConnectionError) as raised:
            api.upload_events(identified())
        assert time.monotonic() - began < 1.6
        assert raised.value.outcome is Outcome.NOT_TAKEN
        for one in waiting:
            one.close()


def by_address(create_connection: Callable[..., socket.socket]) -> Callable[..., socket.socket]:
    """Connect to an address without resolving it: what resolves is replaced."""

    def connect(address: tuple[str, int], timeout: float, **_: Any) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(timeout)
        try:
            connection.connect(address)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def test_a_429_is_remembered_in_the_next_loop() -> None:
    with FaultyServer(status(429, retry_after="30")) as server:
        api = AsyncEventsApi(configured(server, deadline=5))

        async def upload() -> None:
            with pytest.raises(RateLimitError):
                await api.upload_events(identified())

        asyncio.run(upload())
        asyncio.run(upload())
        assert len(server.requests) == 1


def test_a_transport_that_was_given_lasts_longer_than_a_loop() -> None:
    closed: list[bool] = []

    class Given(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert not closed
            return httpx.Response(202, request=request)

        async def aclose(self) -> None:
            closed.append(True)

    api = AsyncEventsApi(Configuration("key", "secret", transport=Given()))
    for _ in range(2):
        asyncio.run(api.upload_events(identified()))
    assert not closed
    asyncio.run(api.close())
    assert closed == [True]


def test_in_a_callback_flush_does_not_wait_for_itself() -> None:
    said: list[Any] = []

    async def main(server: FaultyServer) -> None:
        async with AsyncEventsApi(configured(server)) as api:

            async def callback(*_: Any) -> None:
                said.append(await asyncio.wait_for(api.flush(), 2))

            await (await api.upload_events(identified(), callback))

    with FaultyServer() as server:
        with EventsApi(configured(server)) as api:
            future = api.upload_events(identified(), lambda *_: said.append(api.flush()))
            future.result(5)
            assert [pending.future for pending in said.pop()] == [future]
        asyncio.run(main(server))
        assert said == [[]]


def test_a_nested_upload_does_not_make_its_callback_forget_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Any] = []

    start = threading.Thread.start

    def no_more(thread: threading.Thread) -> None:
        if thread.name.startswith("mparticle"):
            raise RuntimeError("can't start new thread")
        start(thread)

    with FaultyServer() as server:
        api = EventsApi(configured(server))

        def callback(*_: Any) -> None:
            api.upload_events(identified("inner"), lambda *_: None)
            flushed.append(len(api.flush()))

        monkeypatch.setattr(threading.Thread, "start", no_more)
        api.upload_events(identified("outer"), callback)
        monkeypatch.undo()
        api.close()
        assert flushed == [1]  # itself
        assert len(server.taken) == 2


def test_ctrl_c_while_an_upload_is_handed_over_keeps_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with FaultyServer() as server, EventsApi(configured(server, max_in_flight=1)) as api:
        monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            api.upload_events(identified("a"), lambda *_: None)
        monkeypatch.undo()
        assert api.flush() == []
        assert api.upload_events(identified("b"), lambda *_: None).result(5).status_code == 202


def test_an_upload_that_waits_for_its_turn_is_refused_by_close() -> None:
    with FaultyServer(silent_for(0.3)) as server:
        api = EventsApi(configured(server, max_in_flight=1))
        api.upload_events(identified("a"), lambda *_: None)
        came: list[BaseException] = []

        def second() -> None:
            try:
                api.upload_events(identified("b"), lambda *_: None)
            except ClosedError as error:
                came.append(error)

        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        api.close()
        thread.join(5)
        assert "was closed while the upload waited for its turn" in str(came[0])
        assert len(server.requests) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_transport_of_ones_own_raises_comes_as_an_error_of_ours(client: Callable[..., Result]) -> None:
    class Broken(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise LookupError("bug")

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise LookupError("bug")

    came = client(Configuration("key", "secret", transport=Broken()), "upload_events", identified())
    assert type(came) is MParticleError
    assert str(came) == "unexpected LookupError: bug"


UNREACHABLE: list[tuple[dict[str, Any], str]] = [
    ({"base_url": "https://xn--a.com/v2"}, "base_url is no address: check its host"),
    ({"base_url": "https://[::::]/v2"}, "base_url is no address: check its host"),
    ({"base_url": f"https://{'a' * 64}.com/v2"}, "base_url must be like https://host/path"),
    ({"base_url": "https://a..com/v2"}, "base_url must be like https://host/path"),
    ({"base_url": "https://a.com:99999/v2"}, "base_url must be like https://host/path"),
    ({"proxy": "http://proxy:99999"}, "proxy must be like http://host:port"),
    ({"proxy": "http://xn--a.com:3128"}, "proxy is no address: check its host"),
    ({"proxy": "socks5://localhost:1080"}, "a socks5:// proxy needs one more package"),
]


@pytest.mark.parametrize(("settings", "message"), UNREACHABLE)
@pytest.mark.parametrize("kind", [EventsApi, AsyncEventsApi])
def test_an_address_that_is_none_is_told_when_the_api_is_made(
    settings: dict[str, Any], message: str, kind: Callable[[Configuration], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mparticle_ext._client.find_spec", lambda _: None)  # as where no socksio is installed

    async def main() -> None:
        api = kind(Configuration("key", "secret", **settings))
        assert isinstance(api, AsyncEventsApi)
        await api.upload_events(identified())

    with pytest.raises(ConfigurationError) as raised:
        asyncio.run(main()) if kind is AsyncEventsApi else kind(Configuration("key", "secret", **settings))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://user:hush@xn--a.com"])
def test_a_proxy_of_the_environment_that_is_none(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ConfigurationError, match=r"^proxy is ") as raised:
        EventsApi(Configuration("key", "secret"))
    assert "hush" not in str(raised.value)
    EventsApi(Configuration("key", "secret", trust_env=False)).close()
