"""What is measured, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Peer = Literal["ours", "theirs", "node", "floor"]
Measure = Literal["cpu_us", "wall_us", "process_cpu_ms", "peak_kib", "more_kib", "more_threads", "more_files"]

ALL: tuple[Peer, ...] = ("ours", "theirs", "node", "floor")
SDKS: tuple[Peer, ...] = ("ours", "theirs", "node")
PYTHON: tuple[Peer, ...] = ("ours", "theirs")
OURS: tuple[Peer, ...] = ("ours",)
_EVENTS = 10  # of a batch


@dataclass(frozen=True)
class Task:
    """A thing that each peer does some number of times, in a process of its own.

    Attributes:
        name: What the peers call it.
        count: How many times.
        quick: How many times in a quick run.
        peers: Who does it.
        units: How many of what is counted are in one repetition: batches, or events.
        latency: Whether the sink waits before it answers.
        rounds: How often it is done at most.
    """

    name: str
    count: int
    quick: int
    peers: tuple[Peer, ...]
    units: int = 1
    latency: bool = False
    rounds: int = 99


TASKS = [
    Task("build", 10_000, 4_000, ALL),
    Task("encode", 10_000, 4_000, ALL),
    Task("check", 10_000, 4_000, OURS),
    Task("post", 1_000, 500, ALL),
    Task("post through pyreqwest", 1_000, 500, OURS),
    Task("async post, 1 in flight", 1_000, 500, OURS),
    Task("async post, 8 in flight", 1_000, 500, OURS),
    Task("bulk 50", 60, 24, ALL, units=50),
    *[Task(f"halves {size}", 2_000 // size, 1_000 // size, OURS, units=size) for size in (1, 10, 100)],
    Task("async bulk, 1 in flight", 60, 24, OURS, units=50),
    Task("async bulk, 8 in flight", 64, 24, OURS, units=50),
    Task("callbacks", 400, 240, PYTHON, latency=True),
    Task("bare", 1, 1, OURS),
    Task("import", 1, 1, PYTHON),
    Task("first", 1, 1, SDKS),
    Task("stream", 5_000, 1_000, ALL, units=_EVENTS),
    Task("upload_all", 5_000, 1_000, OURS, units=_EVENTS),
    Task("longer stream", 100_000, 5_000, OURS, units=_EVENTS, rounds=1),
    Task("endless", 1_000_000, 5_000, OURS, rounds=1),
]


@dataclass(frozen=True)
class Figure:
    """A line of the table.

    Attributes:
        label: What it says.
        task: Where it comes from.
        measure: What of it.
        goal: What is to be reached: the largest ratio, or where there is nothing to compare it with the largest value.
            None where it is only shown.
        against: What ours is compared with: a peer, and what that does.
    """

    label: str
    task: str
    measure: Measure = "cpu_us"
    goal: float | None = None
    against: tuple[Peer, str] | None = None


def _to_theirs(label: str, task: str, goal: float | None, measure: Measure = "cpu_us", other: str = "") -> Figure:
    return Figure(label, task, measure, goal, ("theirs", other or task))


def _to_ours(label: str, task: str, goal: float, other: str, measure: Measure = "cpu_us") -> Figure:
    return Figure(label, task, measure, goal, ("ours", other))


FIGURES = [
    _to_theirs("build, µs a batch", "build", 1 / 8),
    _to_theirs("encode, µs a batch", "encode", 1 / 35),
    _to_theirs("encode and check, µs a batch", "check", 1 / 15, other="encode"),
    _to_theirs("one POST of one batch, µs", "post", 1 / 2),
    _to_theirs("the same through pyreqwest, µs", "post through pyreqwest", None, other="post"),
    _to_theirs("bulk of 50, µs a batch", "bulk 50", 1 / 12),
    Figure("the same, to the floor", "bulk 50", goal=2.8, against=("floor", "bulk 50")),
    _to_ours("asyncio, POST, 1 in flight, µs, to blocking", "async post, 1 in flight", 1.3, "post"),
    _to_ours("asyncio, POST, 8 in flight, µs, to blocking", "async post, 8 in flight", 1.3, "post"),
    _to_ours("asyncio, bulk, 1 in flight, µs, to blocking", "async bulk, 1 in flight", 1.1, "bulk 50"),
    _to_ours("asyncio, bulk, 8 in flight, µs, to blocking", "async bulk, 8 in flight", 1.1, "bulk 50"),
    _to_theirs("callbacks, 8 in flight, 20 ms away: µs of time", "callbacks", 1.0, "wall_us"),
    _to_theirs("callbacks, 8 in flight, 20 ms away: µs of CPU", "callbacks", 1 / 2),
    _to_theirs("import over bare Python, ms", "import", 0.5, "process_cpu_ms"),
    _to_theirs("process start to first accepted batch, ms", "first", 1.0, "process_cpu_ms"),
    _to_theirs("events built and sent, µs an event", "stream", 1 / 9),
    _to_theirs("events built and sent, peak MiB", "stream", 1.0, "peak_kib"),
    _to_ours("many more events, peak MiB, to that", "longer stream", 1.02, "stream", "peak_kib"),
    _to_theirs("events through upload_all, µs an event", "upload_all", None, other="stream"),
    _to_ours("bulk of 10 halves, µs a batch, to bulk of 1", "halves 10", 1.0, "halves 1"),
    _to_ours("bulk of 100 halves, µs a batch, to bulk of 10", "halves 100", 1.0, "halves 10"),
    Figure("many uploads, MiB more than after a tenth of them", "endless", "more_kib", goal=0.5),
    Figure("many uploads, threads more", "endless", "more_threads", goal=0),
    Figure("many uploads, open files more", "endless", "more_files", goal=0),
]
