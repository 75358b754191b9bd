"""Many batches over a network that fails: each one is accepted once, and no memory, threads or files grow.

`scripts/test -k soak --soak` sends 100,000 batches instead of 20,000.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from faulty_server import ACCEPTED, Exchange, FaultyServer, Play

SOAK = Path(__file__).parent / "processes" / "soak.py"
SECONDS = 600  # far more than 100,000 batches need


def failing(chance: random.Random) -> Play:
    """One response in ten fails. The request was accepted or not."""

    def play(exchange: Exchange) -> None:
        exchange.read()
        if chance.random() >= 0.1:
            exchange.take()
            exchange.send(ACCEPTED)
            return
        if chance.random() < 0.5:
            exchange.take()
        chance.choice([unavailable, unavailable_soon, trouble, closes, resets, half])(exchange)

    return play


def unavailable(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n")


def unavailable_soon(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")


def trouble(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 500 Trouble\r\nContent-Length: 0\r\n\r\n")


def closes(exchange: Exchange) -> None:
    exchange.close()


def resets(exchange: Exchange) -> None:
    exchange.reset()


def half(exchange: Exchange) -> None:
    exchange.send(ACCEPTED[:20])
    exchange.close()


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="measures with /proc")  # noqa: PTH110
@pytest.mark.parametrize("client", ["blocking", "asyncio"])
def test_soak(client: str, request: pytest.FixtureRequest) -> None:
    count = 100_000 if request.config.getoption("--soak") else 20_000
    play = failing(random.Random(7))  # noqa: S311
    with FaultyServer(otherwise=play) as server:
        command = [sys.executable, str(SOAK), client, str(count)]
        environment = {
            **os.environ,
            "MPARTICLE_API_KEY": "k",
            "MPARTICLE_API_SECRET": "s",
            "MPARTICLE_BASE_URL": server.url,
        }
        process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        restart = threading.Thread(target=restart_halfway, args=(server, count))
        restart.start()
        output, errors = process.communicate(timeout=SECONDS)
        restart.join(10)
        assert process.returncode == 0, errors
        report = json.loads(output)
        assert (report["delivered"], report["failed"], report["reported"]) == (count, 0, count)
        assert sorted(int(batch["source_request_id"]) for batch in server.taken) == list(range(count))
        require_flat(report["samples"])
    print(
        {
            **report,
            "samples": report["samples"][-1],
            "requests": len(server.requests),
            "connections": server.connections,
        }
    )


def restart_halfway(server: FaultyServer, count: int) -> None:
    pause = threading.Event()
    while len(server.taken) < count // 2:
        pause.wait(0.005)
    server.stop()
    pause.wait(0.3)
    server.start()


def require_flat(samples: list[dict[str, int]]) -> None:
    """The second half needs no more than the first, apart from allocators and the threads in which asyncio resolves names."""
    middle = len(samples) // 2
    for name, slack in {"KiB": 4096, "threads": 6, "files": 6}.items():
        first, second = (max(sample[name] for sample in part) for part in (samples[2:middle], samples[middle:]))
        assert second <= first + slack, (name, samples)
