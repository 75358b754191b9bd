"""Runs asyncio in virtual time: a wait takes no time, and `time.monotonic()` moves by its seconds.

Random numbers are the same in each run.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Moves the clock instead of waiting."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing is left that could happen"
        self.now += max(0.0, timeout)
        return super().select(0)


def run(coroutine: Coroutine[Any, Any, T], monkeypatch: pytest.MonkeyPatch) -> T:
    """Run a coroutine in virtual time."""
    selector = _Selector()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: selector.now)
        patch.setattr(random, "_urandom", random.Random(7).randbytes)  # noqa: S311  # of SystemRandom
        random.seed(7)
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
            return runner.run(coroutine)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
