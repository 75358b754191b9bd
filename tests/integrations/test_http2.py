"""`Configuration(http2=True)` against an HTTP/2 server over TLS."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest
import trustme
from clients import from_asyncio
from faulty_server import FaultyServer
from http2_server import (
    DATA_FIRST,
    DISCONNECT,
    DRIP,
    GOAWAY,
    RESET,
    SILENT,
    WRONG_LENGTH,
    Http2Server,
    http2_server,
)
from socket_server import contexts

from mparticle_ext import (
    APIConnectionError,
    APITimeoutError,
    AsyncEventsApi,
    Batch,
    Configuration,
    ConfigurationError,
    EventsApi,
    Outcome,
    Retry,
)


def configuration(server: Http2Server, **settings: Any) -> Configuration:
    given = {"retry": None, **settings}
    return Configuration(
        "the-key", "the-secret", base_url=server.url, http2=True, ssl_context=server.client_context, **given
    )


def test_an_upload() -> None:
    with http2_server() as server:
        response = from_asyncio(
            configuration(server), "upload_events", Batch("production", source_request_id="order 7")
        )
    assert isinstance(response, httpx.Response), response
    assert (response.status_code, response.http_version) == (202, "HTTP/2")
    (request,) = server.requests
    assert (request[":method"], request[":path"]) == ("POST", "/v2/events")
    assert request["authorization"].startswith("Basic ")
    assert server.bodies[0]["source_request_id"] == "order 7"


def test_uploads_from_asyncio_share_one_connection() -> None:
    async def main(server: Http2Server) -> None:
        async with AsyncEventsApi(configuration(server)) as api:
            await api.upload_events(Batch("production"))
            await asyncio.gather(*(api.upload_events(Batch("production")) for _ in range(20)))

    with http2_server() as server:
        asyncio.run(main(server))
        assert (len(server.requests), server.connections) == (21, 1)


def test_it_is_for_the_asyncio_client() -> None:
    with pytest.raises(ConfigurationError, match="is for AsyncEventsApi"):
        EventsApi(Configuration("key", "secret", http2=True))


@pytest.mark.parametrize("fault", [500, 503, RESET, GOAWAY, DISCONNECT])
def test_a_failed_attempt_is_repeated_with_the_same_id(fault: int | str) -> None:
    with http2_server(fault) as server:
        settings = configuration(server, retry=Retry(initial_backoff=0.001))
        response = from_asyncio(settings, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
    first, second = server.bodies
    assert first == second
    assert first["source_request_id"]


@pytest.mark.parametrize("fault", [RESET, DISCONNECT, DATA_FIRST, WRONG_LENGTH])
def test_without_a_response_the_outcome_is_unknown(fault: str) -> None:
    with http2_server(fault) as server:
        error = from_asyncio(configuration(server), "upload_events", Batch("production"))
    assert isinstance(error, APIConnectionError)
    assert error.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("fault", [DATA_FIRST, WRONG_LENGTH])
def test_after_a_response_that_violates_the_protocol_the_request_is_sent_again(fault: str) -> None:
    with http2_server(fault) as server:
        response = from_asyncio(configuration(server, retry=Retry()), "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
    assert [body["source_request_id"] for body in server.bodies] == [server.bodies[0]["source_request_id"]] * 2


@pytest.mark.parametrize("fault", [SILENT, DRIP])
def test_the_deadline_is_hard(fault: str) -> None:
    started = time.monotonic()
    with http2_server(fault) as server:
        error = from_asyncio(configuration(server, deadline=0.5), "upload_events", Batch("production"))
        assert time.monotonic() - started < 5
    assert isinstance(error, APITimeoutError)
    assert error.outcome is Outcome.UNKNOWN


def test_a_server_without_http2_gets_http1(authority: trustme.CA) -> None:
    server_context, client_context = contexts(authority)
    with FaultyServer(tls=server_context) as server:
        settings = Configuration("key", "secret", base_url=server.url, http2=True, ssl_context=client_context)
        response = from_asyncio(settings, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
    assert response.http_version == "HTTP/1.1"
