"""respx, as its guide says: https://lundberg.github.io/respx/guide/."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
import respx
from clients import CLIENTS
from clients import Outcome as Result

from mparticle_ext import (
    APIConnectionError,
    APITimeoutError,
    AsyncEventsApi,
    Batch,
    Configuration,
    EventsApi,
    Outcome,
    RateLimitError,
    Retry,
)

URL = "https://s2s.mparticle.com/v2/events"
CONFIGURATION = Configuration("the-key", "the-secret", retry=None)
Client = Callable[[Configuration, str, object], Result]


@respx.mock
def test_the_decorator_mocks_an_upload() -> None:
    route = respx.post(URL).respond(202)
    with EventsApi(CONFIGURATION) as api:
        response = api.upload_events(Batch("production", user_attributes={"name": "value"}))
    assert response.status_code == 202
    request = route.calls.last.request
    assert json.loads(request.content)["user_attributes"] == {"name": "value"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == "Basic dGhlLWtleTp0aGUtc2VjcmV0"
    assert request.url == URL


@respx.mock
def test_the_decorator_mocks_an_upload_from_asyncio() -> None:
    route = respx.post(URL, json__environment="production").respond(202)

    async def main() -> None:
        async with AsyncEventsApi(CONFIGURATION) as api:
            await api.upload_events(Batch("production"))

    asyncio.run(main())
    assert route.called


@pytest.mark.parametrize("client", CLIENTS)
def test_the_fixture_mocks_each_attempt(respx_mock: respx.MockRouter, client: Client) -> None:
    route = respx_mock.post(URL)
    route.side_effect = [httpx.Response(500), httpx.ReadTimeout, httpx.Response(202, json={})]
    configuration = Configuration("the-key", "the-secret", retry=Retry(initial_backoff=0.001))
    response = client(configuration, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
    assert response.json() == {}
    assert len({call.request.content for call in route.calls}) == 1, "each attempt sends the same id"
    assert route.call_count == 3


@pytest.mark.parametrize("client", CLIENTS)
def test_a_mocked_read_timeout_is_an_unknown_outcome(respx_mock: respx.MockRouter, client: Client) -> None:
    respx_mock.post(URL).mock(side_effect=httpx.ReadTimeout)
    error = client(CONFIGURATION, "upload_events", Batch("production"))
    assert isinstance(error, APITimeoutError)
    assert error.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("client", CLIENTS)
def test_a_mocked_connect_error_is_not_taken(respx_mock: respx.MockRouter, client: Client) -> None:
    respx_mock.post(URL).mock(side_effect=httpx.ConnectError)
    error = client(CONFIGURATION, "upload_events", Batch("production"))
    assert isinstance(error, APIConnectionError)
    assert error.outcome is Outcome.NOT_TAKEN


@pytest.mark.parametrize("client", CLIENTS)
def test_a_mocked_status_comes_with_its_headers(respx_mock: respx.MockRouter, client: Client) -> None:
    respx_mock.post(URL).respond(429, headers={"Retry-After": "7"})
    error = client(CONFIGURATION, "upload_events", Batch("production"))
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 7


def test_upload_all_can_be_mocked(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(f"{URL.removesuffix('/events')}/bulkevents").respond(202)
    with EventsApi(CONFIGURATION) as api:
        result = api.upload_all(Batch("production") for _ in range(150))
    assert (result.delivered, result.failed) == (150, [])
    assert sum(len(json.loads(call.request.content)) for call in route.calls) == 150


def test_the_error_of_a_request_without_a_route_reaches_the_test(respx_mock: respx.MockRouter) -> None:
    with EventsApi(CONFIGURATION) as api, pytest.raises(respx.models.AllMockedAssertionError):
        api.upload_events(Batch("production"))
