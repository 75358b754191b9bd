"""The outcome of an upload after each fault of the network or the server, with each client, over real sockets."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import trustme
from clients import CLIENTS
from clients import Outcome as Result
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play, accept, answer, status

from mparticle_ext import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    Batch,
    Configuration,
    Outcome,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    Retry,
    ServerError,
)

QUICK = Retry(initial_backoff=0.005, max_backoff=0.02)
TAKEN, NOT_TAKEN, UNKNOWN, REFUSED = Outcome.TAKEN, Outcome.NOT_TAKEN, Outcome.UNKNOWN, Outcome.REFUSED
HALF = b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LARGE = {"environment": "production", "partner_identity": "x" * 250_000}


def after(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def silent(exchange: Exchange) -> None:
    exchange.read()
    exchange.wait()


def taken_and_lost(exchange: Exchange) -> None:
    exchange.read()
    exchange.take()
    exchange.close()


def taken_and_reset(exchange: Exchange) -> None:
    exchange.read()
    exchange.take()
    exchange.reset()


def reset_while_reading(exchange: Exchange) -> None:
    exchange.reset()


def half_closed(exchange: Exchange) -> None:
    exchange.read()
    exchange.half_close()
    exchange.wait(0.2)
    exchange.close()


def drips(data: bytes) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        exchange.take()
        exchange.drip(data)

    return play


def floods(first: bytes, data: bytes, *, takes: bool = False) -> Play:
    def play(exchange: Exchange) -> None:
        exchange.read()
        if takes:
            exchange.take()
        exchange.send(first)
        exchange.flood(data)
        exchange.close()

    return play


def too_large_before_the_end(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    exchange.half_close()
    exchange.wait(0.1)
    exchange.close()


def never_reads(exchange: Exchange) -> None:
    exchange.wait()


def bomb(code: int) -> Play:
    body = gzip.compress(b" " * 50_000_000)
    return status(code, body, takes=code == 202, content_encoding="gzip", content_type="application/json")


def closes(connection: socket.socket) -> None:
    connection.close()


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@dataclass(frozen=True)
class Case:
    """A script for the server, and the expected result.

    `taken`, `error`, `outcome` and `attempts` are for a batch with a source_request_id. `without_id` has the error, the
    outcome and the number of batches taken for one without; None if they are the same.
    """

    name: str
    plays: tuple[Play, ...]
    taken: int = 1
    error: type[APIError] | None = None
    outcome: Outcome = TAKEN
    attempts: int = 1
    without_id: tuple[type[APIError], Outcome, int] | None = None
    at_accept: tuple[Callable[[socket.socket], None], ...] = ()
    body: dict[str, Any] = field(default_factory=lambda: {"environment": "production"})
    says: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def unknown(name: str, *plays: Play, kind: type[APIError] = APIConnectionError, taken: int = 0, **others: Any) -> Case:
    """A fault after which nobody knows whether the batch was accepted."""
    return Case(name, plays, attempts=2, without_id=(kind, UNKNOWN, taken), **others)


def refused(name: str, kind: type[APIError], play: Play, says: str = "", **others: Any) -> Case:
    return Case(name, (play,), taken=0, error=kind, outcome=REFUSED, says=says, **others)


CASES = [
    # accepted
    Case("202", (accept,)),
    Case("202 with a body", (status(202, b"thanks", takes=True),)),
    Case("200", (status(200, takes=True),)),
    Case("204", (answer(b"HTTP/1.1 204 No Content\r\n\r\n", takes=True),)),
    Case("202 in HTTP/1.0, and closed", (answer(b"HTTP/1.0 202 Accepted\r\n\r\nthanks", takes=True, closes=True),)),
    Case("100 Continue before", (answer(CONTINUE + ACCEPTED, takes=True),)),
    Case("a few 1xx before", (answer(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 5 + ACCEPTED, takes=True),)),
    Case("more bytes than Content-Length", (answer(ACCEPTED + b"surplus", takes=True, closes=True),)),
    Case("the server closes its half after it", (answer(ACCEPTED, takes=True, closes=True),)),
    Case("a gzip bomb in a 202", (bomb(202),)),
    Case("an endless body of a 202", (floods(b"HTTP/1.1 202 Accepted\r\n\r\n", b"x" * 4096, takes=True),)),
    Case("a folded header, and bytes that are not ASCII", (answer(b"HTTP/1.1 202 \xff\r\nX: a\r\n b\xff\r\nContent-Length: 0\r\n\r\n", takes=True),)),
    # not accepted: retried with and without an id
    Case("429", (status(429),), attempts=2),
    Case("429, Retry-After 0", (status(429, retry_after="0"),), attempts=2),
    Case("429, Retry-After of a second", (status(429, retry_after="1"),), attempts=2),
    Case("429, a date in Retry-After", (status(429, retry_after=after(1.5)),), attempts=2),
    Case("429, a date in the past", (status(429, retry_after=after(-9)),), attempts=2),
    Case("429, nonsense in Retry-After", (status(429, retry_after="soon"), status(429, retry_after="-5"),
         status(429, retry_after="99999999999999999999"), status(429, retry_after="1e1")), attempts=5),
    Case("429, Retry-After past the deadline", (status(429, retry_after="77", x_mp_rate_limit_exceeded="org"),), taken=0,
         error=RateLimitError, outcome=NOT_TAKEN, says="over the org rate limit: wait 77 s and send again; nothing was accepted"),
    Case("429 each time", (status(429),) * 20, taken=0, error=RateLimitError, outcome=NOT_TAKEN, attempts=8, says="[8 attempts, "),
    Case("503", (status(503), status(503, retry_after="0")), attempts=3, without_id=(ServerError, UNKNOWN, 0)),
    Case("503 each time", (status(503),) * 20, taken=0, error=ServerError, outcome=UNKNOWN, attempts=8,
         without_id=(ServerError, UNKNOWN, 0)),
    # unknown: retried only with an id
    unknown("closed at once", at_accept=(closes,)),
    unknown("reset at once", at_accept=(resets,)),
    unknown("reset while it is read", reset_while_reading),
    unknown("closed without an answer", taken_and_lost, taken=1),
    unknown("reset without an answer", taken_and_reset, taken=1),
    unknown("half closed without an answer", half_closed),
    unknown("no answer in time", silent, kind=APITimeoutError),
    unknown("a body that is not read in time", never_reads, kind=APITimeoutError, body=LARGE),
    unknown("taken, and 500", status(500, takes=True), kind=ServerError, taken=1),
    unknown("502 with HTML", status(502, b"<html>bad gateway</html>", content_type="text/html"), kind=ServerError),
    unknown("504", status(504), kind=ServerError),
    unknown("501", status(501), kind=ServerError),
    unknown("520", status(520), kind=ServerError),
    unknown("999", status(999), kind=ServerError),
    unknown("408", status(408), kind=APIStatusError),
    unknown("101", answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", closes=True)),
    unknown("half a status line", answer(b"HTTP/1.1 20", closes=True)),
    unknown("not HTTP", answer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", closes=True)),
    unknown("a status that is not a number", answer(b"HTTP/1.1 abc Accepted\r\n\r\n", closes=True)),
    unknown("half the headers", answer(b"HTTP/1.1 202 Accepted\r\nContent-Le", closes=True)),
    unknown("a header without a colon", answer(b"HTTP/1.1 202 Accepted\r\nnonsense\r\n\r\n", closes=True)),
    unknown("fewer bytes than Content-Length", answer(HALF, takes=True, closes=True), taken=1),
    unknown("fewer bytes, and silence", answer(HALF, takes=True), kind=APITimeoutError, taken=1),
    unknown("two Content-Lengths", answer(b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", closes=True)),
    unknown("a negative Content-Length", answer(b"HTTP/1.1 202 OK\r\nContent-Length: -1\r\n\r\n", closes=True)),
    unknown("a chunk without a size", answer(b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", closes=True)),
    unknown("chunks that break off", answer(b"HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", closes=True)),
    unknown("huge headers", answer(b"HTTP/1.1 202 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", closes=True)),
    unknown("a flood of 1xx", floods(b"", CONTINUE * 100)),
    unknown("an answer that drips past the deadline", drips(b"HTTP/1.1 202 Accepted\r\n" + b"X-Slow: x\r\n" * 99), kind=APITimeoutError,
            taken=1, settings={"deadline": 0.6, "timeout": 0.3}),
    # refused: not retried
    refused("400", BadRequestError, status(400, b'{"errors": [{"code": "BAD_REQUEST", "message": "no"}]}'), "HTTP 400: mParticle cannot read the request (BAD_REQUEST: no); nothing was accepted"),
    refused("400 with HTML", BadRequestError, status(400, b"<html>"), "mParticle cannot read the request; nothing was accepted"),
    refused("400 with errors of another type", BadRequestError, status(400, b'{"errors": 5}'), "the request; nothing"),
    refused("400 with a list", BadRequestError, status(400, b"[[[]]]"), "the request; nothing"),
    refused("400 with bytes that are not UTF-8", BadRequestError, status(400, b'{"errors": "\xff"}'), "the request; nothing"),
    refused("400 with deep nesting", BadRequestError, status(400, b"[" * 50_000), "the request; nothing"),
    refused("400, a gzip bomb", BadRequestError, bomb(400)),
    refused("400 with an endless body", BadRequestError, floods(b"HTTP/1.1 400 No\r\n\r\n", b"x" * 4096)),
    refused("401", AuthenticationError, status(401)),
    refused("403", PermissionDeniedError, status(403)),
    refused("404", APIStatusError, status(404), "check that base_url ends in /v2"),
    refused("413 before the body was read", PayloadTooLargeError, too_large_before_the_end, body=LARGE),
    refused("418", APIStatusError, status(418)),
    # more than one fault
    Case("everything at once", (silent, status(500), taken_and_lost, status(429), status(503)), attempts=6,
         without_id=(APITimeoutError, UNKNOWN, 0)),
    Case("perhaps accepted, then a long Retry-After", (taken_and_lost, status(429, retry_after="77")), error=RateLimitError,
         outcome=UNKNOWN, attempts=2, without_id=(APIConnectionError, UNKNOWN, 1), says="mParticle drops duplicates"),
]  # fmt: skip


def configured(url: str, **others: Any) -> Configuration:
    settings = {"retry": QUICK, "timeout": 0.3, "deadline": 20.0, "deduplicate": False, **others}
    return Configuration("key", "secret", base_url=url, **settings)


def is_of(result: Result, error: type[Exception] | None) -> bool:
    """Whether a result is a response, or of the class of the error. A lost connection can be a timeout too."""
    if error is APIConnectionError:
        return isinstance(result, error)
    return type(result) is (error or httpx.Response)


def timeouts(case: Case) -> dict[str, Any]:
    """Short if the server is silent, to save time; else long, because the machine can be busy."""
    silent = case.without_id is not None and case.without_id[0] is APITimeoutError
    return {"timeout": 0.3 if silent else 1.0 if "flood" in case.name else 5.0, **case.settings}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("has_id", [True, False], ids=["id", "no id"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_ends_in_the_right_outcome(case: Case, has_id: bool, client: Callable[..., Result]) -> None:
    body = {**case.body, "source_request_id": "once"} if has_id else case.body
    error, outcome, taken = case.error, case.outcome, case.taken
    if not has_id and case.without_id is not None:
        error, outcome, taken = case.without_id
    with FaultyServer(*case.plays, at_accept=case.at_accept) as server:
        result = client(configured(server.url, **timeouts(case)), "upload_events", body)
        if case.settings and has_id:  # the rest of its deadline can be too short for another attempt
            assert len(server.taken) == taken
            return
        if case.at_accept and isinstance(
            result, httpx.Response
        ):  # the connection was closed before the request was written
            assert len(server.taken) == 1
            return
        assert is_of(result, error), result
        assert len(server.taken) == taken
    if isinstance(result, APIError):
        assert result.outcome is outcome
        assert result.repeatable is has_id
        attempts = 1 if not has_id and case.without_id is not None else case.attempts
        assert (result.attempts, len(result.earlier)) == (attempts, attempts - 1)
        assert 0 < result.elapsed_seconds < 20
        if has_id or case.without_id is None:
            assert case.says in str(result)
        elif outcome is UNKNOWN:
            assert "Configuration(deduplicate=True)" in str(result)
    else:
        assert isinstance(result, httpx.Response)
        assert len(result.content) <= 65_536


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


OVER_TLS = [case for case in CASES if case.name in {
    "202", "429", "closed without an answer", "reset without an answer", "no answer in time", "half the headers", "503",
    "fewer bytes than Content-Length", "a flood of 1xx", "a body that is not read in time", "400", "closed at once",
}]  # fmt: skip
BEFORE_TLS = {"closed at once"}


@pytest.mark.slow
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("has_id", [True, False], ids=["id", "no id"])
@pytest.mark.parametrize("case", OVER_TLS, ids=lambda case: case.name)
def test_a_fault_over_tls_ends_in_the_right_outcome(
    case: Case,
    has_id: bool,
    client: Callable[..., Result],
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    body = {**case.body, "source_request_id": "once"} if has_id else case.body
    error, taken = case.error, case.taken
    if not has_id and case.without_id is not None and case.name not in BEFORE_TLS:
        error, _, taken = case.without_id
    with FaultyServer(*case.plays, at_accept=case.at_accept, tls=server_tls) as server:
        result = client(configured(server.url, ssl_context=client_tls, **timeouts(case)), "upload_events", body)
        assert is_of(result, error), result
        assert len(server.taken) == taken


def answers_without_tls(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.close()


def stays_silent(connection: socket.socket) -> None:
    time.sleep(1)
    connection.close()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("at_accept", [answers_without_tls, stays_silent])
def test_a_failed_tls_handshake_is_retried_without_an_id_too(
    at_accept: Callable[[socket.socket], None],
    client: Callable[..., Result],
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    with FaultyServer(at_accept=(at_accept,), tls=server_tls) as server:
        result = client(configured(server.url, ssl_context=client_tls), "upload_events", {"environment": "production"})
        assert isinstance(result, httpx.Response), result
        assert len(server.taken) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_an_untrusted_certificate_is_not_retried(client: Callable[..., Result], server_tls: ssl.SSLContext) -> None:
    with FaultyServer(tls=server_tls) as server:
        few = Retry(max_attempts=2, initial_backoff=0.01)
        result = client(configured(server.url, retry=few), "upload_events", Batch("production"))
        assert isinstance(result, APIConnectionError)
        assert "CERTIFICATE_VERIFY_FAILED" in str(result)
        assert (result.outcome, result.attempts) == (REFUSED, 1)
        assert not server.requests


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("host", ["localhost", "no-such-host.invalid"])
def test_a_failed_connection_is_retried_and_reported(
    host: str, client: Callable[..., Result], closed_port: int
) -> None:
    few = Retry(max_attempts=3, initial_backoff=0.01)
    url = f"http://{host}:{closed_port}/v2"
    result = client(configured(url, retry=few, allow_http=True), "upload_events", Batch("production"))
    assert type(result) is APIConnectionError
    assert (result.outcome, result.attempts, len(result.earlier)) == (NOT_TAKEN, 3, 2)
    assert isinstance(result.__cause__, httpx.ConnectError)
    assert "nothing was accepted" in str(result)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int, client: Callable[..., Result]) -> None:
    with FaultyServer() as other, FaultyServer(status(code, location=f"{other.url}/events")) as server:
        result = client(configured(server.url), "upload_events", Batch("production"))
        assert isinstance(result, APIStatusError)
        assert (result.status_code, result.outcome, result.attempts) == (code, REFUSED, 1)
        assert not other.connections
