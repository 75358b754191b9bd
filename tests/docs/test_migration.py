"""What the page about mparticle for Python says about that package is true."""

from __future__ import annotations

import inspect
from importlib.metadata import version
from typing import Any

import mparticle as theirs
import pytest
from common import ROOT

PAGE = (ROOT / "docs" / "migrate" / "python.md").read_text()


def positional(kind: Any) -> list[str]:
    return list(inspect.signature(kind).parameters)


def test_the_version_is_the_one_that_is_compared() -> None:
    assert f"version {version('mparticle')}." in PAGE


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("AppEvent", ["event_name", "custom_event_type"]),
        ("ScreenViewEvent", ["timestamp_unixtime_ms"]),
        ("Product", ["id", "name", "brand", "category"]),
        ("ProductAction", ["action", "checkout_step"]),
    ],
)
def test_the_arguments_have_this_order_there(name: str, first: list[str]) -> None:
    assert positional(getattr(theirs, name))[: len(first)] == first


def test_a_misspelt_attribute_is_ignored_there() -> None:
    batch = theirs.Batch()
    batch.user_attribute = {"plan": "gold"}
    assert "user_attribute" not in theirs.ApiClient(configuration=theirs.Configuration()).sanitize_for_serialization(
        batch
    )


def test_a_callback_gets_the_exception_there(closed_port: int) -> None:
    configuration = theirs.Configuration()
    configuration.host = f"http://127.0.0.1:{closed_port}/v2"
    called: list[Any] = []
    batch = theirs.Batch()
    batch.environment = "development"
    theirs.EventsApi(configuration).upload_events(batch, callback=called.append).join()
    (error,) = called
    assert isinstance(error, Exception)
