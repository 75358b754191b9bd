"""What happens, as it happens, for the page: server-sent events, each with the news since the last."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any

from msgspec import json

from ._faults import Faults
from ._journal import Journal
from ._summary import Row, row_of

PAGE_ROWS = 10_000
"""How many of the newest rows a page holds."""

_PAUSE_SECONDS = 0.1  # between two looks; what arrives meanwhile is told at once
_CATCH_UP_SECONDS = 0.02  # between two looks while there is more to tell
_MOST_ROWS = 200  # of an event, and ...
_MOST_BYTES = 1_000_000  # ... of what is read for it: others are served meanwhile
_SILENCE_SECONDS = 15.0  # an open connection that says nothing for longer is taken for dead by some


class Stream:
    """The news of a sandbox."""

    def __init__(self, journal: Journal, faults: Faults, stopping: threading.Event, *, default_keys: bool) -> None:
        self._journal = journal
        self._faults = faults
        self._stopping = stopping
        self._default_keys = default_keys  # others may be secrets, which no page shows
        self._run = token_hex(4)  # numbers start anew with each sandbox, also at the same address

    async def events(self, last_id: str) -> AsyncIterator[bytes]:
        """Every change after the event that was seen last, until the sandbox stops."""
        told, seen, said_at = self._place(last_id), b"", time.monotonic()
        while not self._stopping.is_set():
            rows, last, more = self._rows(told)
            state = json.encode(self._state(behind=more))
            if rows or state != seen:
                yield _event(f"{self._run}-{last}", state, rows)
                told, seen, said_at = last, state, time.monotonic()
            elif time.monotonic() - said_at > _SILENCE_SECONDS:
                yield b":\n\n"
                said_at = time.monotonic()
            await asyncio.sleep(_CATCH_UP_SECONDS if more else _PAUSE_SECONDS)

    def _place(self, last_id: str) -> int:
        run, _, number = last_id.partition("-")
        return int(number) if run == self._run and number.isdecimal() else 0

    def _rows(self, told: int) -> tuple[list[Row], int, bool]:
        """The next rows, the number of the last of them, and whether there are more."""
        with self._journal.changing:
            newest = self._journal.rows.last
            arrivals = self._journal.rows.after(max(told, newest - PAGE_ROWS), _MOST_ROWS)
        rows: list[Row] = []
        read = 0
        for number, arrival in arrivals:
            if read > _MOST_BYTES:
                return rows, rows[-1].number, True
            rows.append(row_of(number, arrival))
            read += rows[-1].size
        last = rows[-1].number if rows else newest
        return rows, last, last < newest

    def _state(self, *, behind: bool) -> dict[str, Any]:
        with self._journal.changing:
            return {
                "run": self._run,
                "behind": behind,
                "default_keys": self._default_keys,
                "first": self._journal.rows.first,
                "counts": self._journal.counts._asdict(),
                "latency": self._faults.latency,
                "rate_limit": self._faults.rate_limit,
                "pending": self._faults.pending,
            }


def _event(last_id: str, state: bytes, rows: list[Row]) -> bytes:
    return b"id: %s\ndata: %s,%s\n\n" % (last_id.encode(), state[:-1], b'"rows":' + json.encode(rows) + b"}")
