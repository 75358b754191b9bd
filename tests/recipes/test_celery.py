"""Celery with Redis and a prefork worker: whatever ends a task, each batch arrives once."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from common import wait_until
from processes import Running, python, running

from mparticle_ext.sandbox import Sandbox

REDIS = shutil.which("redis-server") or ""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REDIS, reason="redis-server is not installed: apt-get install redis-server"),
]
TASKS = 100  # more than a worker can run while it is being stopped
LONG = 60.0  # seconds of a response: longer than a test


@pytest.fixture
def broker() -> Iterator[str]:
    """A Redis of its own, on a Unix socket."""
    with tempfile.TemporaryDirectory() as folder:  # tmp_path can be too long for a socket
        file = Path(folder) / "redis"
        with running(
            REDIS, "--port", "0", "--unixsocket", str(file), "--save", "", cwd=Path(folder), environ={}
        ) as server:
            wait_until(lambda: file.exists() or server.process.poll() is not None)
            yield f"redis+socket://{file}"


@pytest.fixture
def shop(broker: str) -> Iterator[Celery]:
    """The program that starts the tasks."""
    with Celery("shop", broker=broker) as client:
        yield client


@contextmanager
def worker(broker: str, sandbox: Sandbox) -> Iterator[Running]:
    options = ("--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
    command = ("-m", "celery", "--app", "celery_app", "worker", *options)
    with python(*command, environ={**sandbox.environ, "CELERY_BROKER_URL": broker}) as started:
        yield started


def start_task(shop: Celery, number: int | str, *, soft_time_limit: int | None = None) -> None:
    arguments = [str(number), "ada", 21.49, 1_790_000_000_000]
    shop.send_task("celery_app.upload_purchase", arguments, soft_time_limit=soft_time_limit)


def names_in(sandbox: Sandbox) -> list[str]:
    return sorted(str(batch.source_request_id) for batch in sandbox.batches)


def test_a_killed_process_loses_nothing(broker: str, shop: Celery, sandbox: Sandbox) -> None:
    sandbox.latency = LONG
    with worker(broker, sandbox) as started:
        start_task(shop, 1)
        sandbox.wait_for(1, LONG)  # accepted, but the response is on its way
        children = started.children()
        sandbox.latency = 0
        for child in children:
            os.kill(child, signal.SIGKILL)
        wait_until(lambda: len(sandbox.dropped) == 1, LONG)  # the task ran again
        output = started.terminate()
    assert len(children) == 2
    assert names_in(sandbox) == ["order-1"], output


def test_a_task_over_its_soft_time_limit_runs_again(broker: str, shop: Celery, sandbox: Sandbox) -> None:
    sandbox.latency = LONG
    with worker(broker, sandbox) as started:
        start_task(shop, 1, soft_time_limit=1)
        sandbox.wait_for(1, LONG)
        sandbox.latency = 0
        wait_until(lambda: len(sandbox.dropped) == 1, LONG)
        output = started.terminate()
    assert "SoftTimeLimitExceeded" in output
    assert names_in(sandbox) == ["order-1"], output


def test_sigterm_finishes_the_running_tasks_and_leaves_the_others_to_the_next_worker(
    broker: str, shop: Celery, sandbox: Sandbox
) -> None:
    sandbox.latency = 0.5
    for number in range(TASKS):
        start_task(shop, number)
    with worker(broker, sandbox) as first:
        sandbox.wait_for(2, LONG)
        output = first.terminate()
    assert first.process.returncode == 0, output
    delivered = sandbox.counts.taken
    assert delivered < TASKS
    assert output.count("succeeded in") == delivered, output
    sandbox.latency = 0
    with worker(broker, sandbox) as second:
        sandbox.wait_for(TASKS, LONG)
        output = second.terminate()
    assert names_in(sandbox) == sorted(f"order-{number}" for number in range(TASKS)), output
    assert not sandbox.dropped


def test_an_outage_is_retried_by_the_task(broker: str, shop: Celery, sandbox: Sandbox) -> None:
    sandbox.fail(401)
    with worker(broker, sandbox) as started:
        start_task(shop, 1)
        sandbox.wait_for(1, LONG)
        output = started.terminate()
    assert [request.status for request in sandbox.requests] == [401, 202], output


def test_an_order_without_a_number_fails_its_task(broker: str, shop: Celery, sandbox: Sandbox) -> None:
    with worker(broker, sandbox) as started:
        start_task(shop, "")
        start_task(shop, 1)
        sandbox.wait_for(1, LONG)
        wait_until(lambda: "ValueError" in started.output, LONG)
        output = started.terminate()
    assert "the order has no number" in output
    assert names_in(sandbox) == ["order-1"], output
