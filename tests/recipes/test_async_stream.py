"""A stream over HTTP: it is uploaded while it arrives, and what came before a break is delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from processes import Running, python

from mparticle_ext.sandbox import Sandbox

pytestmark = pytest.mark.slow
ORDERS = 1000


class Orders(ThreadingHTTPServer):
    """Streams orders. It holds the last hundred back until `go_on` is set, and then sends them or breaks off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Stream)
        self.go_on = Event()
        self.breaks = False
        self.numbers: Sequence[object] = range(ORDERS)
        self.url = f"http://127.0.0.1:{self.server_port}/orders.ndjson"


class _Stream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Orders

    def do_GET(self) -> None:  # the name that http.server calls
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for index, number in enumerate(self.server.numbers):
            if index == ORDERS - 100:
                self.server.go_on.wait(60)
                if self.server.breaks:
                    self.close_connection = True
                    return
            order = {"customer_id": "ada", "placed_at": 1_790_000_000_000, "number": number}
            if number == "absent":
                del order["number"]
            line = json.dumps(order).encode() + b"\n\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Nothing: the output of a test is for its failures."""


@pytest.fixture
def source() -> Iterator[Orders]:
    with Orders() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.go_on.set()
        server.shutdown()


def finish(recipe: Running, sandbox: Sandbox, source: Orders, code: int = 0) -> str:
    sandbox.wait_for(ORDERS - 200, 60)  # while the stream is open
    source.go_on.set()
    output = recipe.wait()
    assert recipe.process.returncode == code, output
    return output


def test_a_stream_is_uploaded_while_it_arrives(sandbox: Sandbox, source: Orders) -> None:
    with python("async_stream.py", source.url, environ=sandbox.environ) as recipe:
        assert finish(recipe, sandbox, source) == f"{ORDERS} of {ORDERS} orders delivered\n"
    assert sandbox.counts.taken == ORDERS


def test_what_came_before_a_break_is_delivered(sandbox: Sandbox, source: Orders) -> None:
    source.breaks = True
    with python("async_stream.py", source.url, environ=sandbox.environ) as recipe:
        output = finish(recipe, sandbox, source, code=1)
    assert "the stream broke: RemoteProtocolError" in output
    assert "900 of 900 orders delivered" in output
    assert sandbox.counts.taken == ORDERS - 100


def test_an_order_without_a_number_is_reported(sandbox: Sandbox, source: Orders) -> None:
    source.numbers = [None, "absent", "", "", 5]
    with python("async_stream.py", source.url, environ=sandbox.environ) as recipe:
        output = recipe.wait()
    assert recipe.process.returncode == 1, output
    assert "1 of 5 orders delivered" in output
    assert [f"order {number}: " in output for number in range(1, 6)] == [True, True, True, True, False]
    assert [batch.source_request_id for batch in sandbox.batches] == ["order-5"]
    assert not sandbox.dropped
