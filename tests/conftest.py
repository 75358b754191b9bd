"""Fixtures: the spec, a sandbox to upload to, a port without a server, a certificate authority."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
import yaml
from common import ROOT
from hypothesis import HealthCheck, settings

from mparticle_ext.sandbox import Sandbox

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def spec() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text())
    return document


@pytest.fixture
def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="send 100,000 batches in the soak instead of some thousand")
    parser.addoption("--picture", action="store_true", help="save the picture of the sandbox's page for the README")
