"""What a Python peer does with its tasks: run the one that is asked for, and print what it took as JSON.

Standard library only, and little of it, so that it weighs on no peer's memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Self

BULK = 50
IN_FLIGHT = 8

# What the reference batch says: strings and maps that are the user's own, made before.
CUSTOM_EVENTS = [f"Event {number}" for number in range(6)]
CUSTOM_ATTRIBUTES: dict[str, Any] = {"screen": "home", "button": "buy", "position": 3, "price": 19.99, "new": True}
SCREENS = ["Home", "Cart"]
PRODUCTS = [("sku-1", "Shoes"), ("sku-2", "Laces")]
USER_ATTRIBUTES = {f"attribute {number}": f"value {number}" for number in range(10)}

Task = Callable[[str, int], object]
"""Does something a number of times, with the sink at a URL. A task of its own clock returns what it measured."""


def main(tasks: dict[str, Task]) -> None:
    """Run `peer.py TASK URL COUNT`."""
    _, name, url, count = sys.argv
    print(json.dumps(_measured(tasks[name], url, int(count))))


def repeated(work: Callable[[], object]) -> Callable[[int], dict[str, float]]:
    """A piece of work, timed over many repetitions after some that warm it up."""

    def run(count: int) -> dict[str, float]:
        for _ in range(max(1, count // 10)):
            work()
        with Clock() as clock:
            for _ in range(count):
                work()
        return clock.each(count)

    return run


class Clock:
    """CPU and wall time of a block, of the whole process: all threads, and the kernel's part."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_seconds = time.process_time() - self._cpu
        self.wall_seconds = time.perf_counter() - self._wall

    def each(self, count: int) -> dict[str, float]:
        """The two for one repetition, in microseconds."""
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
