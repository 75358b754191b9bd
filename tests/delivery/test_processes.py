"""A good citizen of any process: forks, signals, servers, the end of the interpreter, and threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer

from mparticle_ext import Batch, Configuration, EventsApi
from mparticle_ext.sandbox import Sandbox

PROCESSES = Path(__file__).parent / "processes"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def identified(name: str) -> Batch:
    return Batch("production", source_request_id=name)


def names_in(sandbox: Sandbox) -> list[str]:
    return sorted(str(batch.source_request_id) for batch in sandbox.batches)


def environment_of(sandbox: Sandbox) -> dict[str, str]:
    configuration = sandbox.configuration
    return {
        **os.environ,
        "MPARTICLE_API_KEY": configuration.api_key,
        "MPARTICLE_API_SECRET": configuration.api_secret,
        "MPARTICLE_BASE_URL": sandbox.url,
    }


def run(program: str, sandbox: Sandbox, *, code: int = 0, timeout: float = 30) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment_of(sandbox), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


FORKS = """
    import os, threading
    from mparticle_ext import *

    def batch(name):
        return Batch("production", source_request_id=name)

    api = EventsApi(Configuration.from_env(max_in_flight=2))
    api.upload_events(batch("parent, before"))
    held = threading.Event()
    api.upload_events(batch("parent, handed over"), lambda *_: held.wait(20))  # its callback runs while we fork
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            assert api.flush(0) == [], "the child has nothing of its own yet"
            api.upload_events(batch(f"child {number}, waited for"))
            futures = [api.upload_events(batch(f"child {number}, handed over {n}"), lambda *_: None) for n in range(5)]
            if number == 0:
                api.close()
                os._exit(0)
            if number == 1:
                assert api.flush(10) == []
                os._exit(0)
            raise SystemExit(0)  # the interpreter ends, and waits for what was handed over
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    held.set()
    api.upload_events(batch("parent, after"))
    api.close()
    assert codes == [0, 0, 0], codes
"""


def test_after_a_fork_each_process_uploads_its_own_and_once() -> None:
    with Sandbox() as sandbox:
        said = run(FORKS, sandbox)
        expected = ["parent, before", "parent, handed over", "parent, after"]
        expected += [f"child {child}, waited for" for child in range(3)]
        expected += [f"child {child}, handed over {number}" for child in range(3) for number in range(5)]
        assert names_in(sandbox) == sorted(expected), said
        assert not sandbox.dropped


def test_a_fork_while_threads_upload_does_not_lock_the_child() -> None:
    program = """
        import os, threading
        from mparticle_ext import *

        api = EventsApi(Configuration.from_env())
        over = threading.Event()

        def upload():
            while not over.is_set():
                api.upload_events(Batch("production"))

        threads = [threading.Thread(target=upload) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(20):
            pid = os.fork()
            if pid == 0:
                api.upload_events(Batch("production", source_request_id=f"child {number}"))
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        over.set()
        for thread in threads:
            thread.join()
        api.close()
    """
    with Sandbox() as sandbox:
        run(program, sandbox, timeout=60)
        assert {f"child {number}" for number in range(20)} <= set(names_in(sandbox))


def in_a_worker(name: str) -> str:
    assert SHARED is not None
    SHARED.upload_events(identified(name))
    return name


SHARED: EventsApi | None = None


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_multiprocessing_workers_share_an_api_over_the_fork() -> None:
    global SHARED  # what a fork hands on
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as SHARED:
        SHARED.upload_events(identified("parent"))
        with multiprocessing.get_context("fork").Pool(2) as pool:
            names = pool.map(in_a_worker, [f"task {number}" for number in range(10)])
        assert names_in(sandbox) == sorted([*names, "parent"])


@contextmanager
def served(*command: str, sandbox: Sandbox, port: int) -> Iterator[subprocess.Popen[str]]:
    server = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=PROCESSES, env=environment_of(sandbox), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        wait_until(lambda: listens(port) or server.poll() is not None)
        yield server
    finally:
        server.kill()
        server.communicate(timeout=10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:  # our own server
        text: str = answer.read().decode()
    return text


@pytest.mark.slow
def test_gunicorn_with_preload_forks_serves_and_ends_on_sigterm_with_all_sent() -> None:
    port = free_port()
    command = (
        "gunicorn",
        "--preload",
        "--workers",
        "2",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
        "gunicorn_app:application",
    )
    with Sandbox() as sandbox, served(*command, sandbox=sandbox, port=port) as server:
        workers = {get(port, f"request{number}") for number in range(12)}
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=30)[0]
        assert server.returncode == 0, said
        names = names_in(sandbox)
        handed_over = [f"request{r} handed over {n}" for r in range(12) for n in range(3)]
        waited_for = [f"request{r} waited for" for r in range(12)]
        before = ["before the fork", f"handed over in {server.pid}"]
        assert names == sorted([*handed_over, *waited_for, *before]), said
        assert str(server.pid) not in workers
        assert not sandbox.dropped


@pytest.mark.slow
def test_uvicorn_ends_on_sigterm_with_all_sent_when_the_lifespan_closes_the_api() -> None:
    port = free_port()
    with (
        Sandbox() as sandbox,
        served("uvicorn", "--port", str(port), "uvicorn_app:app", sandbox=sandbox, port=port) as server,
    ):
        for number in range(5):
            get(port, f"request{number}")
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=30)[0]
        assert names_in(sandbox) == sorted(f"request{r} {n}" for r in range(5) for n in range(3)), said


def test_the_end_of_the_interpreter_waits_for_what_was_handed_over_and_its_retries() -> None:
    program = """
        from mparticle_ext import *
        api = EventsApi(Configuration.from_env(max_in_flight=2, retry=Retry(initial_backoff=0.05)))
        for number in range(6):
            api.upload_events(Batch("production", source_request_id=str(number)), lambda *_: None)
    """
    with Sandbox() as sandbox:
        sandbox.fail(503, times=4)
        run(program, sandbox)
        assert names_in(sandbox) == [str(number) for number in range(6)]


def test_what_could_not_be_delivered_at_the_end_is_reported() -> None:
    program = """
        from mparticle_ext import *
        api = EventsApi(Configuration.from_env(retry=Retry(max_attempts=2, initial_backoff=0.05)))
        api.upload_events(Batch("production"), lambda *_: None)
    """
    with Sandbox() as sandbox:
        sandbox.fail(503, times=9)
        said = run(program, sandbox)
        assert "not delivered" in said
        assert "HTTP 503" in said


def test_a_frozen_process_uploads_at_the_first_try_after_it_thaws() -> None:
    program = """
        import sys, time
        from mparticle_ext import *
        api = EventsApi(Configuration.from_env(retry=None))
        api.upload_events(Batch("production", source_request_id="before"))
        print("frozen", flush=True)
        sys.stdin.readline()
        api.upload_events(Batch("production", source_request_id="after"))
    """

    def forget(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        exchange.send(ACCEPTED)
        exchange.wait(0.3)  # while the process is frozen its connection goes
        exchange.reset()

    with FaultyServer(forget) as server:
        environment = {
            **os.environ,
            "MPARTICLE_API_KEY": "k",
            "MPARTICLE_API_SECRET": "s",
            "MPARTICLE_BASE_URL": server.url,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "frozen\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        process.send_signal(signal.SIGCONT)
        said = process.communicate("go\n", timeout=20)[1]
        assert process.returncode == 0, said
        assert [batch["source_request_id"] for batch in server.taken] == ["before", "after"]


@pytest.mark.parametrize("first", ["batch.validate()", "api.upload_events(refused)"])
def test_threads_may_be_the_first_to_use_it_together(first: str) -> None:
    program = f"""
        import threading
        from mparticle_ext import *

        api = EventsApi(Configuration.from_env(retry=None, validate=False))
        refused = {{"environment": "nowhere"}}
        together, done = threading.Barrier(8), []

        def use():
            batch = Batch("development", events=[AppEvent("other", "x")])
            together.wait()
            try:
                {first}
            except BadRequestError as error:
                assert error.errors
            done.append(1)

        threads = [threading.Thread(target=use) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 8
    """
    with Sandbox() as sandbox:
        for _ in range(3):
            run(program, sandbox)


def test_many_threads_share_an_api() -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                api.upload_events(identified(f"{number} {step} waited for"))
                api.upload_events(identified(f"{number} {step} handed over"), lambda *_: None)
            api.upload_all(identified(f"{number} {step} of all") for step in range(10))
        except BaseException as error:
            errors.append(error)

    with Sandbox() as sandbox:
        before = threading.active_count()
        with EventsApi(replace(sandbox.configuration, max_in_flight=4)) as api:
            threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        assert not errors
        assert len(sandbox.batches) == 8 * 30
        wait_until(lambda: threading.active_count() <= before)


def test_nothing_grows_over_many_uploads_and_apis() -> None:
    def sockets() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0  # noqa: PTH110, PTH208

    with Sandbox() as sandbox:

        def use(count: int) -> None:
            for _ in range(count):
                with EventsApi(sandbox.configuration) as api:
                    api.upload_events(Batch("production"))
                    api.upload_events(Batch("production"), lambda *_: None)

        use(5)
        threads, files = threading.active_count(), sockets()
        use(40)
        wait_until(lambda: threading.active_count() <= threads and sockets() <= files + 2)


def test_a_closed_api_is_let_go() -> None:
    import gc
    import weakref

    kept: list[Any] = []
    for _ in range(3):
        api = EventsApi(Configuration("key", "secret", base_url="http://127.0.0.1:1"))
        kept.append(weakref.ref(api._engine))  # noqa: SLF001  # what fork would start anew
        api.close()
    del api
    gc.collect()
    assert [reference() for reference in kept] == [None] * 3
