"""The generated package without mparticle_ext: models, client and operations."""

from __future__ import annotations

import asyncio
from collections import UserDict, UserList
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from mparticle_events.api.events import bulk_upload_events, bulk_upload_historical_events, upload_events
from mparticle_events.client import Client
from mparticle_events.models import ApiErrorResponse, Batch, CustomEvent, CustomEventData, Environment, ProductAction
from mparticle_events.types import Response
from mparticle_events.wire import encode

from mparticle_ext.sandbox import Sandbox


def client_of(sandbox: Sandbox, **others: Any) -> Client:
    configuration = sandbox.configuration
    return Client(configuration.api_key, configuration.api_secret, sandbox.url, **others)


def client_with_response(status: int, body: bytes = b"", **headers: str) -> Client:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=body, headers=headers))
    return Client("key", "secret", httpx_args={"transport": transport})


def upload_twice(client: Client) -> list[Response[ApiErrorResponse]]:
    async def upload_from_asyncio() -> Response[ApiErrorResponse]:
        async with client:
            return await upload_events.asyncio_detailed(client=client, body=BATCH)

    with client:
        return [upload_events.sync_detailed(client=client, body=BATCH), asyncio.run(upload_from_asyncio())]


BATCH = Batch(
    environment="production", events=[CustomEvent(data=CustomEventData(custom_event_type="other", event_name="a"))]
)


def test_each_form_of_each_operation_accepts_models(sandbox: Sandbox) -> None:
    async def upload_from_asyncio() -> list[ApiErrorResponse | None]:
        async with client_of(sandbox) as client:
            return [
                await upload_events.asyncio(client=client, body=BATCH),
                await bulk_upload_events.asyncio(client=client, body=[BATCH]),
                (await bulk_upload_historical_events.asyncio_detailed(client=client, body=[BATCH])).parsed,
            ]

    with client_of(sandbox) as client:
        assert upload_events.sync(client=client, body=BATCH) is None
        assert upload_events.sync(client=client, body=encode(BATCH)) is None
        assert bulk_upload_events.sync(client=client, body=(BATCH, BATCH)) is None
        assert bulk_upload_historical_events.sync_detailed(client=client, body=[BATCH]).status_code == 202
    assert asyncio.run(upload_from_asyncio()) == [None, None, None]
    assert len(sandbox.batches) == 6
    assert len(sandbox.dropped) == 2  # the historical ones: they have no timestamp


def test_an_error_body_is_parsed(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        error = upload_events.sync(client=client, body=Batch(environment="prod"))  # type: ignore[arg-type]
    assert error is not None
    assert error.errors
    assert error.errors[0].code == "BAD_REQUEST"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[]", b'"x"', b'{"errors": "x"}', b'{"errors": [{"code": 7}]}', b"{"]
)
@pytest.mark.parametrize("status", [400, 418, 520, 599, 999])
def test_any_status_and_any_body_of_an_error_can_be_parsed(status: int, body: bytes) -> None:
    for response in upload_twice(client_with_response(status, body)):
        assert response.status_code == status
        assert response.parsed == ApiErrorResponse()
        assert response.content == body


def test_unknown_fields_of_an_error_body_are_ignored() -> None:
    for response in upload_twice(client_with_response(400, b'{"errors": [{"code": "A", "new": 1}], "more": []}')):
        assert response.parsed is not None
        assert response.parsed.errors
        assert response.parsed.errors[0].code == "A"


def test_a_redirect_is_not_followed() -> None:
    for response in upload_twice(client_with_response(302, location="https://elsewhere.example")):
        assert response.status_code == 302
        assert response.headers["location"] == "https://elsewhere.example"


def test_basic_authentication_is_encoded_in_utf_8() -> None:
    seen: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(202)

    with Client("key", "sécret", httpx_args={"transport": httpx.MockTransport(respond)}) as client:
        upload_events.sync(client=client, body=BATCH)
    assert seen == ["Basic a2V5OnPDqWNyZXQ="]


def test_a_repr_has_no_secret() -> None:
    client = Client(
        "the-key", "the-secret", headers={"X-Token": "the-token"}, httpx_args={"auth": ("u", "the-password")}
    )
    client.get_httpx_client()
    assert "the-" not in repr(client)
    for response in upload_twice(client_with_response(400)):
        assert "secret" not in repr(response)


def test_the_timeout_is_finite_and_a_copy_can_have_another() -> None:
    client = Client("key", "secret")
    assert client.get_httpx_client().timeout == httpx.Timeout(60.0)
    other = client.with_timeout(5.0).with_headers({"X-A": "b"})
    assert other.get_httpx_client().timeout == httpx.Timeout(5.0)
    assert other.get_httpx_client().headers["X-A"] == "b"
    assert client.get_httpx_client().timeout == httpx.Timeout(60.0)
    assert "X-A" not in client.get_httpx_client().headers
    for each in (client, other):
        each.close()
    with pytest.raises(ValueError, match="would wait without limit"):
        client.with_timeout(None)  # type: ignore[arg-type]


def test_a_closed_client_can_be_used_again(sandbox: Sandbox) -> None:
    client = client_of(sandbox)
    for _ in range(2):
        assert upload_events.sync(client=client, body=BATCH) is None
        client.close()
    client.close()


def test_a_decimal_a_uuid_and_an_enum_are_encoded() -> None:
    assert (
        encode(ProductAction(action="purchase", total_amount=Decimal("21.490")))
        == b'{"action":"purchase","total_amount":21.490}'
    )
    assert encode({"a": UUID(int=1), "b": Environment.production}) == (
        b'{"a":"00000000-0000-0000-0000-000000000001","b":"production"}'
    )


class Text(str):
    """A string as in template engines: str() returns the same object."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


class Integer(int):
    pass


class Fraction(float):
    pass


def test_strings_numbers_and_containers_of_other_libraries_are_encoded() -> None:
    document = UserDict({"a": Text("x"), "b": Integer(1), "c": Fraction(1.5), "d": UserList([1]), "e": range(2)})
    assert encode(document) == b'{"a":"x","b":1,"c":1.5,"d":[1],"e":[0,1]}'
    with pytest.raises(TypeError, match="complex has no JSON form"):
        encode(1j)
