"""Runs a task of a Python peer, and prints its measurements as JSON.

It imports only a little of the standard library, because its memory counts for each peer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Self

BULK = 50
IN_FLIGHT = 8

# The values of the reference batch that a program has before it builds one.
CUSTOM_EVENTS = [f"Event {number}" for number in range(6)]
CUSTOM_ATTRIBUTES: dict[str, Any] = {"screen": "home", "button": "buy", "position": 3, "price": 19.99, "new": True}
SCREENS = ["Home", "Cart"]
PRODUCTS = [("sku-1", "Shoes"), ("sku-2", "Laces")]
USER_ATTRIBUTES = {f"attribute {number}": f"value {number}" for number in range(10)}

Task = Callable[[str, int], object]
"""A function of the URL of the server and the number of repetitions. It can return its own measurements."""


def main(tasks: dict[str, Task]) -> None:
    """Run `peer.py TASK URL COUNT`."""
    _, name, url, count = sys.argv
    print(json.dumps(_measured(tasks[name], url, int(count))))


def repeated(work: Callable[[], object]) -> Callable[[int], dict[str, float]]:
    """Measure many repetitions of a function, after a warm-up."""

    def run(count: int) -> dict[str, float]:
        for _ in range(max(1, count // 10)):
            work()
        with Clock() as clock:
            for _ in range(count):
                work()
        return clock.each(count)

    return run


class Clock:
    """Measures the CPU time and the wall time of a block: of all threads, user and system."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_seconds = time.process_time() - self._cpu
        self.wall_seconds = time.perf_counter() - self._wall

    def each(self, count: int) -> dict[str, float]:
        """The times of one repetition, in microseconds."""
        return {"cpu_us": self.cpu_seconds * 1e6 / count, "wall_us": self.wall_seconds * 1e6 / count}


def _measured(task: Task, url: str, count: int) -> dict[str, float]:
    own = task(url, count)
    measured = own if isinstance(own, dict) else {}
    return {**measured, "process_cpu_ms": time.process_time() * 1e3, "peak_kib": _peak_kib()}


def _peak_kib() -> int:
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123  # pathlib would add to what is measured
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
