"""AWS's own runtime for Python, with a Runtime API of the test that invokes the handler. Lambda's freeze is SIGSTOP."""

from __future__ import annotations

import json
import random
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from queue import SimpleQueue
from threading import Thread
from typing import Any, Self

import pytest
from processes import SECONDS, Running, python

from mparticle_ext import AppEvent, Batch
from mparticle_ext.sandbox import Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("awslambdaric") is None, reason="awslambdaric is not installed: it is for Linux"),
]
VERSION = "/2018-06-01/runtime"
Event = dict[str, Any]


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's Runtime API: the runtime asks for the next event, and posts the result."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.events = SimpleQueue[tuple[bytes, float] | None]()
        self.results = SimpleQueue[tuple[str, Any]]()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def invoke(self, event: Event, seconds: float = 60) -> list[str]:
        """Invoke the handler with a time limit, and return the messages that it reports as not delivered."""
        self.events.put((json.dumps(event).encode(), time.time() + seconds))
        kind, result = self.results.get(timeout=SECONDS)
        assert kind == "response", result
        return [one["itemIdentifier"] for one in result["batchItemFailures"]]

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.events.put(None)
        self.shutdown()
        self.server_close()


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi

    def do_GET(self) -> None:  # the name that http.server calls
        assert self.path == f"{VERSION}/invocation/next"
        if (given := self.server.events.get()) is not None:
            event, deadline = given
            headers = {"Aws-Request-Id": "request-1", "Deadline-Ms": str(int(deadline * 1000))}
            self._answer(200, event, headers | {"Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:1:function:shop"})

    def do_POST(self) -> None:  # the same
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(202, b"{}", {})
        self.server.results.put((self.path.rpartition("/")[2], body))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")  # AWS's runtime crashes without it
        for name, value in headers.items():
            self.send_header(f"Lambda-Runtime-{name}", value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the output of a test is for its failures."""


def messages(*names: str) -> Event:
    """An event of SQS with a batch in each message."""
    batch = Batch("production", events=[AppEvent("transaction", "Order placed")])
    return {"Records": [{"messageId": name, "body": batch.to_json()} for name in names]}


@contextmanager
def function(sandbox: Sandbox) -> Iterator[tuple[RuntimeApi, Running]]:
    """The handler in AWS's runtime."""
    with RuntimeApi() as api:
        environ = {**sandbox.environ, "AWS_LAMBDA_RUNTIME_API": api.address}
        with python("-m", "awslambdaric", "lambda_handler.handler", environ=environ) as started:
            yield api, started


def names_in(sandbox: Sandbox) -> list[str]:
    return sorted(str(batch.source_request_id) for batch in sandbox.batches)


def freeze(runtime: Running, sandbox: Sandbox) -> None:
    """Stop the runtime, close its connections, and let it go on."""
    runtime.process.send_signal(signal.SIGSTOP)
    sandbox.stop()
    sandbox.start()
    runtime.process.send_signal(signal.SIGCONT)


def quiet_port() -> int:
    """A free port below those that the system gives to connections, so that it stays free."""
    for _ in range(100):
        port = random.randrange(20_000, 30_000)  # noqa: S311  # not a secret
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no port is free")


def test_after_a_freeze_in_which_all_connections_were_lost_nothing_is_lost() -> None:
    expected = []
    with Sandbox(port=quiet_port()) as sandbox, function(sandbox) as (api, runtime):
        for number in range(3):
            names = [f"{number} {message}" for message in range(10)]
            expected += names
            assert api.invoke(messages(*names)) == []
            assert names_in(sandbox) == sorted(expected), "all are delivered when the handler returns"
            freeze(runtime, sandbox)
    assert not sandbox.dropped
    assert {request.status for request in sandbox.requests} == {202}


def test_an_upload_that_is_not_finished_is_reported_and_counts_once() -> None:
    with Sandbox(port=quiet_port(), latency=SECONDS) as sandbox, function(sandbox) as (api, runtime):
        assert api.invoke(messages("1", "2"), seconds=3) == ["1", "2"]
        sandbox.latency = 0
        freeze(runtime, sandbox)
        assert api.invoke(messages("1", "2", "3")) == []
    assert names_in(sandbox) == ["1", "2", "3"]


def test_only_messages_that_failed_are_reported(sandbox: Sandbox) -> None:
    event = messages("right", "no batch", "no JSON")
    event["Records"][1]["body"] = '{"environment": "nowhere"}'
    event["Records"][2]["body"] = "order 1"
    with function(sandbox) as (api, runtime):
        assert api.invoke(event) == ["no batch", "no JSON"]
        assert "'nowhere'" in runtime.output
    assert names_in(sandbox) == ["right"]
