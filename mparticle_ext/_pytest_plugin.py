"""The pytest fixture `mparticle_sandbox`. It needs the extra `sandbox`; pytest finds it by its entry point."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import DataPlan
    from .sandbox import Sandbox

_PLAN = pytest.StashKey["DataPlan | None"]()
_SANDBOX = pytest.StashKey["Sandbox"]()
_MAX_SHOWN = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--mparticle-data-plan`."""
    group = parser.getgroup("mparticle")
    text = "a data plan: a test that sends something else to the fixture mparticle_sandbox fails"
    group.addoption("--mparticle-data-plan", metavar="FILE", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Load the data plan once."""
    path = config.getoption("--mparticle-data-plan")
    config.stash[_PLAN] = _load(path) if path else None


def _load(path: str) -> DataPlan:
    try:
        from . import DataPlan, PlanError
    except ImportError as error:
        raise pytest.UsageError(str(error)) from None
    try:
        return DataPlan.load(path)
    except (PlanError, OSError) as error:
        raise pytest.UsageError(f"--mparticle-data-plan: {error}") from None


@pytest.fixture
def mparticle_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A local Events API for one test: upload to it with `EventsApi(mparticle_sandbox.configuration)`.

    `mparticle_sandbox.environ` has the environment variables for code that is configured by the environment. With
    `--mparticle-data-plan`, a test fails if it sends what is not planned.
    """
    from .sandbox import Sandbox  # it loads a web server

    with Sandbox(data_plan=request.config.stash[_PLAN]) as sandbox:
        request.node.stash[_SANDBOX] = sandbox
        yield sandbox


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test that sent something that is not as the data plan says."""
    yield
    violations = item.stash[_SANDBOX].violations if _SANDBOX in item.stash else []
    if violations:
        shown = [str(violation) for violation in violations[:_MAX_SHOWN]]
        more = [f"and {len(violations) - _MAX_SHOWN} more"] if len(violations) > _MAX_SHOWN else []
        pytest.fail("\n  ".join(["what was sent is not as the data plan says:", *shown, *more]), pytrace=False)
