"""vcrpy, as its documentation says: https://vcrpy.readthedocs.io/en/latest/usage.html."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import vcr
from clients import CLIENTS
from clients import Outcome as Result
from vcr.errors import CannotOverwriteExistingCassetteException

from mparticle_ext import Batch, EventsApi
from mparticle_ext.sandbox import Sandbox

ENCODED = "c2FuZGJveC1rZXk6c2FuZGJveC1zZWNyZXQ="  # sandbox-key:sandbox-secret
Client = Callable[..., Result]


@pytest.mark.parametrize("client", CLIENTS)
def test_an_upload_is_recorded_and_replayed_without_the_server(client: Client, tmp_path: Path) -> None:
    cassette = tmp_path / "uploads.yaml"
    batch = Batch("production", source_request_id="order 7")
    with Sandbox() as sandbox, vcr.use_cassette(str(cassette), filter_headers=["authorization"]):
        configuration = dataclasses.replace(sandbox.configuration, retry=None)
        recorded = client(configuration, "bulk_upload_events", [batch])
        assert len(sandbox.requests) == 1
    assert isinstance(recorded, httpx.Response), recorded
    content = cassette.read_text()
    assert "order 7" in content
    assert ENCODED not in content
    assert "authorization" not in content.lower()

    with vcr.use_cassette(str(cassette), filter_headers=["authorization"], record_mode="none") as replayed:
        response = client(configuration, "bulk_upload_events", [batch])
    assert isinstance(response, httpx.Response), response
    assert (response.status_code, response.headers["Date"]) == (recorded.status_code, recorded.headers["Date"])
    assert replayed.play_count == 1


def test_without_a_filter_vcrpy_records_the_credentials(sandbox: Sandbox, tmp_path: Path) -> None:
    """So the README tells users to filter them. If vcrpy begins to filter by itself, the README can say less."""
    cassette = tmp_path / "uploads.yaml"
    with vcr.use_cassette(str(cassette)), EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("production"))
    assert ENCODED in cassette.read_text()


def test_bodies_can_be_matched_if_batches_have_ids(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without one a batch is sent with a new UUID, so its body is not that of the recording."""
    settings = {"match_on": ["method", "uri", "body"], "filter_headers": ["authorization"]}
    cassette = str(tmp_path / "uploads.yaml")
    with EventsApi(sandbox.configuration) as api:
        with vcr.use_cassette(cassette, **settings):
            api.upload_events(Batch("production", source_request_id="order 7"))
        with vcr.use_cassette(cassette, record_mode="none", **settings):
            api.upload_events(Batch("production", source_request_id="order 7"))
            with pytest.raises(CannotOverwriteExistingCassetteException):
                api.upload_events(Batch("production"))
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_each_attempt_is_recorded(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    cassette = str(tmp_path / "uploads.yaml")
    sandbox.fail(500)
    with vcr.use_cassette(cassette, filter_headers=["authorization"]) as recorded:
        client(sandbox.configuration, "upload_events", Batch("production"))
    assert [response["status"]["code"] for response in recorded.responses] == [500, 202]
    with vcr.use_cassette(cassette, filter_headers=["authorization"], record_mode="none"):
        response = client(sandbox.configuration, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
