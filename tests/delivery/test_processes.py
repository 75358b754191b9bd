"""Processes: forks, gunicorn, uvicorn, the exit of the interpreter, frozen processes, and threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from common import wait_until
from faulty_server import ACCEPTED, Exchange, FaultyServer
from processes import listening, python

from mparticle_ext import Batch, Configuration, EventsApi
from mparticle_ext.sandbox import Sandbox

PROCESSES = Path(__file__).parent / "processes"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")


def batch_with_id(name: str) -> Batch:
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
    api.upload_events(batch("parent, with callback"), lambda *_: held.wait(20))  # its callback runs during the fork
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            assert api.flush(0) == [], "the child has no uploads yet"
            api.upload_events(batch(f"child {number}, blocking"))
            futures = [api.upload_events(batch(f"child {number}, with callback {n}"), lambda *_: None) for n in range(5)]
            if number == 0:
                api.close()
                os._exit(0)
            if number == 1:
                assert api.flush(10) == []
                result = api.upload_all(batch(f"child 1, of all {n}") for n in range(3))
                os._exit(result.delivered != 3)
            raise SystemExit(0)  # the interpreter exits, and waits for the uploads with callbacks
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    held.set()
    api.upload_events(batch("parent, after"))
    api.close()
    assert codes == [0, 0, 0], codes
"""


def test_after_a_fork_each_process_uploads_its_own_batches_once() -> None:
    with Sandbox() as sandbox:
        output = run(FORKS, sandbox)
        expected = ["parent, before", "parent, with callback", "parent, after"]
        expected += [f"child {child}, blocking" for child in range(3)]
        expected += [f"child {child}, with callback {number}" for child in range(3) for number in range(5)]
        expected += [f"child 1, of all {number}" for number in range(3)]
        assert names_in(sandbox) == sorted(expected), output
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
    SHARED.upload_events(batch_with_id(name))
    return name


SHARED: EventsApi | None = None


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_multiprocessing_workers_share_an_api_over_the_fork() -> None:
    global SHARED  # inherited by a fork
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as SHARED:
        SHARED.upload_events(batch_with_id("parent"))
        with multiprocessing.get_context("fork").Pool(2) as pool:
            names = pool.map(in_a_worker, [f"task {number}" for number in range(10)])
        assert names_in(sandbox) == sorted([*names, "parent"])


def get(url: str, path: str) -> str:
    with urllib.request.urlopen(f"{url}/{path}", timeout=20) as answer:  # noqa: S310  # the server of this test
        text: str = answer.read().decode()
    return text


@pytest.mark.slow
def test_gunicorn_with_preload_sends_everything_before_it_exits_on_sigterm() -> None:
    with Sandbox() as sandbox, listening() as (fd, url):
        options = ("--preload", "--workers", "2", "--bind", f"fd://{fd}", "--no-control-socket")
        command = ("-m", "gunicorn", *options, "gunicorn_app:application")
        with python(*command, environ=sandbox.environ, cwd=PROCESSES, fds=[fd]) as server:
            workers = {get(url, f"request{number}") for number in range(12)}
            output = server.terminate()
        assert server.process.returncode == 0, output
        names = names_in(sandbox)
        with_callback = [f"request{r} with callback {n}" for r in range(12) for n in range(3)]
        blocking = [f"request{r} blocking" for r in range(12)]
        before = ["before the fork", f"with callback in {server.process.pid}"]
        assert names == sorted([*with_callback, *blocking, *before]), output
        assert str(server.process.pid) not in workers
        assert not sandbox.dropped


@pytest.mark.slow
def test_uvicorn_sends_everything_before_it_exits_on_sigterm() -> None:
    with Sandbox() as sandbox, listening() as (fd, url):
        command = ("-m", "uvicorn", "--fd", str(fd), "uvicorn_app:app")
        with python(*command, environ=sandbox.environ, cwd=PROCESSES, fds=[fd]) as server:
            for number in range(5):
                get(url, f"request{number}")
            output = server.terminate()
        assert names_in(sandbox) == sorted(f"request{r} {n}" for r in range(5) for n in range(3)), output


def test_the_exit_of_the_interpreter_waits_for_uploads_with_callbacks_and_their_retries() -> None:
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


def test_an_upload_that_fails_at_the_exit_of_the_interpreter_is_logged() -> None:
    program = """
        from mparticle_ext import *
        api = EventsApi(Configuration.from_env(retry=Retry(max_attempts=2, initial_backoff=0.05)))
        api.upload_events(Batch("production"), lambda *_: None)
    """
    with Sandbox() as sandbox:
        sandbox.fail(503, times=9)
        output = run(program, sandbox)
        assert "not delivered" in output
        assert "HTTP 503" in output


def test_after_a_freeze_the_first_attempt_succeeds() -> None:
    program = """
        import sys, time
        from mparticle_ext import *
        api = EventsApi(Configuration.from_env(retry=None))
        api.upload_events(Batch("production", source_request_id="before"))
        print("frozen", flush=True)
        sys.stdin.readline()
        api.upload_events(Batch("production", source_request_id="after"))
    """

    def accept_and_reset(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        exchange.send(ACCEPTED)
        exchange.wait(0.3)  # the connection is lost while the process is frozen
        exchange.reset()

    with FaultyServer(accept_and_reset) as server:
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
        output = process.communicate("go\n", timeout=20)[1]
        assert process.returncode == 0, output
        assert [batch["source_request_id"] for batch in server.taken] == ["before", "after"]


@pytest.mark.parametrize("first", ["batch.validate()", "api.upload_events(refused)"])
def test_threads_can_use_it_for_the_first_time_together(first: str) -> None:
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
                api.upload_events(batch_with_id(f"{number} {step} blocking"))
                api.upload_events(batch_with_id(f"{number} {step} with callback"), lambda *_: None)
            api.upload_all(batch_with_id(f"{number} {step} of all") for step in range(10))
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


def test_many_apis_leave_no_threads_and_sockets() -> None:
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


def test_a_closed_api_is_garbage_collected() -> None:
    import gc
    import weakref

    kept: list[Any] = []
    for _ in range(3):
        api = EventsApi(Configuration("key", "secret", base_url="http://127.0.0.1:1"))
        kept.append(weakref.ref(api._engine))  # noqa: SLF001  # which a fork starts again
        api.close()
    del api
    gc.collect()
    assert [reference() for reference in kept] == [None] * 3
