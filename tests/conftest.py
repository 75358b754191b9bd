"""What tests share: the spec, and a sandbox to upload to."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from mparticle_ext.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
MEASURED = os.environ.pop("COVERAGE_PROCESS_CONFIG", "")  # what has coverage measure a process: the command's alone


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
def authority() -> trustme.CA:
    return trustme.CA()


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition."""
    pause, until = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came so far"
        pause.wait(0.01)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="send 100,000 batches in the soak instead of some thousand")
    parser.addoption("--picture", action="store_true", help="keep the picture of the sandbox's page for the README")
