"""The three ways to upload: tests run their cases with each of them."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

import httpx

from mparticle_ext import AsyncEventsApi, Batch, Configuration, EventsApi, MParticleError, Retry

Outcome: TypeAlias = httpx.Response | Exception
QUICK = Retry(initial_backoff=0.005, max_backoff=0.02)


def configured(url: str, **others: Any) -> Configuration:
    """A configuration for a server of a test, with quick retries."""
    return Configuration("key", "secret", base_url=url, **{"retry": QUICK, "timeout": 1.0, **others})


def identified(name: str = "an id") -> Batch:
    return Batch("production", source_request_id=name)


def blocking(configuration: Configuration, method: str, body: Any) -> Outcome:
    with EventsApi(configuration) as api:
        try:
            response: httpx.Response = getattr(api, method)(body)
        except MParticleError as error:
            return error
        return response


def with_callback(configuration: Configuration, method: str, body: Any) -> Outcome:
    calls: list[tuple[Exception | None, None, httpx.Response | None]] = []
    with EventsApi(configuration) as api:
        future = getattr(api, method)(body, lambda *call: calls.append(call))
        raised = future.exception(timeout=20)
    return _of_callback(calls, raised, future)


def from_asyncio(configuration: Configuration, method: str, body: Any) -> Outcome:
    async def upload() -> Outcome:
        async with AsyncEventsApi(configuration) as api:
            try:
                response: httpx.Response = await getattr(api, method)(body)
            except MParticleError as error:
                return error
            return response

    return asyncio.run(upload())


def _of_callback(calls: list[Any], raised: BaseException | None, future: Any) -> Outcome:
    ((error, data, response),) = calls
    assert data is None
    assert error is raised
    if error is None:
        assert response is future.result()
        assert isinstance(response, httpx.Response)
        return response
    assert response is getattr(error, "response", None)
    assert isinstance(error, Exception)
    return error


CLIENTS = [blocking, with_callback, from_asyncio]
