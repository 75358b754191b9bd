"""What is measured, and the goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Peer = Literal["ours", "theirs", "node"]
Server = Literal["sink", "slow sink", "sandbox"]
Measure = Literal[
    "cpu_us", "wall_us", "process_cpu_ms", "peak_kib", "more_kib", "more_threads", "more_files", "per_second"
]

ALL: tuple[Peer, ...] = ("ours", "theirs", "node")
PYTHON: tuple[Peer, ...] = ("ours", "theirs")
OURS: tuple[Peer, ...] = ("ours",)
SINK_LATENCY_MS = 20  # of the slow sink
RATE_LIMIT = 270  # of the sandbox, in batches a second
_EVENTS = 10  # per batch


@dataclass(frozen=True)
class Task:
    """What a peer does a number of times, in a process of its own.

    Attributes:
        name: The name of the task in the peers.
        count: The number of repetitions.
        quick: The number of repetitions in a quick run.
        peers: The peers that do it.
        units: The batches or events in one repetition.
        server: Where the peer uploads to.
        rounds: The number of rounds at most.
        needs_java: Whether it is left out if there is no Java.
    """

    name: str
    count: int
    quick: int
    peers: tuple[Peer, ...]
    units: int = 1
    server: Server = "sink"
    rounds: int = 99
    needs_java: bool = False


TASKS = [
    Task("build", 10_000, 4_000, ALL),
    Task("encode", 10_000, 4_000, ALL),
    Task("check", 10_000, 4_000, OURS),
    Task("post", 1_000, 500, ALL),
    Task("async post", 1_000, 500, OURS),
    Task("aiohttp post", 1_000, 500, OURS),
    Task("bulk 50", 60, 24, ALL, units=50),
    Task("async bulk", 60, 24, OURS, units=50),
    Task("aiohttp bulk", 60, 24, OURS, units=50),
    *[Task(f"half batches {size}", 2_000 // size, 1_000 // size, OURS, units=size) for size in (1, 10, 100)],
    Task("callbacks", 400, 240, PYTHON, server="slow sink"),
    Task("bare", 1, 1, OURS),
    Task("import", 1, 1, PYTHON),
    Task("stream", 5_000, 1_000, ALL, units=_EVENTS),
    Task("upload_all", 5_000, 1_000, OURS, units=_EVENTS),
    Task("documents", 200_000, 20_000, OURS, rounds=3),
    Task("spark", 200_000, 20_000, OURS, rounds=3, needs_java=True),
    Task("spark connect", 200_000, 20_000, OURS, rounds=3, needs_java=True),
    Task("rate limit", 5_000, 5_000, OURS, server="sandbox", rounds=1),
    Task("longer stream", 100_000, 5_000, OURS, units=_EVENTS, rounds=1),
    Task("many uploads", 1_000_000, 5_000, OURS, rounds=1),
]


@dataclass(frozen=True)
class Figure:
    """A row of the table.

    Attributes:
        label: The name of the row.
        task: The task that is measured.
        measure: The measurement.
        goal: The largest ratio that is allowed; if ours is compared with nothing, the largest value. None if there is
            no goal.
        against: The peer and the task that ours is compared with.
        at_least: Whether the goal is the smallest value that is allowed.
        in_readme: Whether the README shows the row.
    """

    label: str
    task: str
    measure: Measure = "cpu_us"
    goal: float | None = None
    against: tuple[Peer, str] | None = None
    at_least: bool = False
    in_readme: bool = False


def _to_theirs(
    label: str, task: str, goal: float | None, measure: Measure = "cpu_us", other: str = "", *, in_readme: bool = False
) -> Figure:
    return Figure(label, task, measure, goal, ("theirs", other or task), in_readme=in_readme)


def _to_ours(label: str, task: str, goal: float | None, other: str, measure: Measure = "cpu_us") -> Figure:
    return Figure(label, task, measure, goal, ("ours", other))


FIGURES = [
    _to_theirs("build, µs per batch", "build", 1 / 8),
    _to_theirs("encode, µs per batch", "encode", 1 / 28),
    _to_theirs("encode and check, µs per batch", "check", 1 / 9, other="encode", in_readme=True),
    _to_theirs("one POST of one batch, µs", "post", 0.7, in_readme=True),
    _to_theirs("bulk upload of 50, µs per batch", "bulk 50", 1 / 7, in_readme=True),
    _to_ours("asyncio with aiohttp, one POST, µs (ratio to blocking)", "aiohttp post", 1.1, "post"),
    _to_ours("asyncio with aiohttp, bulk upload, µs per batch (ratio to blocking)", "aiohttp bulk", 1.1, "bulk 50"),
    _to_ours("asyncio with httpx, one POST, µs (ratio to blocking)", "async post", None, "post"),
    _to_ours("asyncio with httpx, bulk upload, µs per batch (ratio to blocking)", "async bulk", None, "bulk 50"),
    _to_theirs("8 uploads in flight, 20 ms latency: µs of time per upload", "callbacks", None, "wall_us"),
    _to_theirs("8 uploads in flight, 20 ms latency: µs of CPU per upload", "callbacks", None),
    _to_theirs("import, ms more than Python alone", "import", 0.5, "process_cpu_ms", in_readme=True),
    _to_theirs("events built and sent in bulk, µs per event", "stream", 1 / 8, in_readme=True),
    _to_theirs("events built and sent in bulk, peak memory, MiB", "stream", 1.0, "peak_kib"),
    _to_ours("a longer run, peak memory, MiB (ratio to the shorter run)", "longer stream", 1.02, "stream", "peak_kib"),
    _to_ours("the same events with upload_all, µs per event (ratio to bulk)", "upload_all", 1.3, "stream"),
    _to_ours("bulk upload of 10 half batches, µs per batch (ratio to 1)", "half batches 10", 1.0, "half batches 1"),
    _to_ours("bulk upload of 100 half batches, µs per batch (ratio to 10)", "half batches 100", 1.0, "half batches 10"),
    Figure("upload_all of small batches as JSON, batches a second", "documents", "per_second"),
    Figure("the same from a Spark frame, batches a second", "spark", "per_second"),
    Figure("the same through Spark Connect, batches a second", "spark connect", "per_second"),
    _to_ours("a Spark frame, µs per batch on the driver (ratio to upload_all of JSON)", "spark", None, "documents"),
    _to_ours("through Spark Connect, µs per batch (ratio to upload_all of JSON)", "spark connect", None, "documents"),
    Figure(
        f"upload_all at a limit of {RATE_LIMIT} batches a second: batches a second",
        "rate limit",
        "per_second",
        goal=250,
        at_least=True,
    ),
    Figure("many uploads, growth of memory after the first tenth, MiB", "many uploads", "more_kib", goal=0.5),
    Figure("many uploads, growth of the number of threads", "many uploads", "more_threads", goal=0),
    Figure("many uploads, growth of the number of open files", "many uploads", "more_files", goal=0),
]
