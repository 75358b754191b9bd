"""The server-sent events that keep the page up to date. Each event has the state and the new rows."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from msgspec import json

from ._faults import Faults
from ._request_log import RequestLog
from ._rows import Row, row_of

if TYPE_CHECKING:
    from .. import DataPlan

MAX_PAGE_ROWS = 10_000
"""How many of the newest rows a page shows."""

_POLL_SECONDS = 0.1
_CATCH_UP_SECONDS = 0.02  # the pause between two events while the page is behind
_MAX_EVENT_ROWS = 200
_MAX_EVENT_BYTES = 1_000_000  # of batches that are parsed for one event: it blocks other requests
_KEEP_ALIVE_SECONDS = 15.0


class EventStream:
    """The event stream of one sandbox."""

    def __init__(
        self, log: RequestLog, faults: Faults, stopping: threading.Event, *, default_keys: bool, plan: DataPlan | None
    ) -> None:
        self._log = log
        self._faults = faults
        self._stopping = stopping
        self._default_keys = default_keys  # the page shows no other keys
        self._plan = plan
        self._run_id = token_hex(4)  # another sandbox at the same address numbers its rows from 1 again

    async def events(self, last_event_id: str) -> AsyncIterator[bytes]:
        """All events after the given one, until the sandbox stops."""
        last_row, last_state, sent_at = self._last_row(last_event_id), b"", time.monotonic()
        while not self._stopping.is_set():
            rows, newest, is_behind = self._rows_after(last_row)
            state = json.encode(self._state(is_behind=is_behind))
            if rows or state != last_state:
                yield _event(f"{self._run_id}-{newest}", state, rows)
                last_row, last_state, sent_at = newest, state, time.monotonic()
            elif time.monotonic() - sent_at > _KEEP_ALIVE_SECONDS:
                yield b":\n\n"
                sent_at = time.monotonic()
            await asyncio.sleep(_CATCH_UP_SECONDS if is_behind else _POLL_SECONDS)

    def _last_row(self, last_event_id: str) -> int:
        run_id, _, number = last_event_id.partition("-")
        return int(number) if run_id == self._run_id and number.isdecimal() else 0

    def _rows_after(self, last_row: int) -> tuple[list[Row], int, bool]:
        """The next rows, the number of the last one, and whether there are more."""
        with self._log.condition:
            newest = self._log.rows.last
            batches = self._log.rows.after(max(last_row, newest - MAX_PAGE_ROWS), _MAX_EVENT_ROWS)
        rows: list[Row] = []
        size = 0
        for batch in batches:
            if size > _MAX_EVENT_BYTES:
                break
            rows.append(row_of(batch, self._plan))
            size += rows[-1].size
        last = rows[-1].number if rows else newest
        return rows, last, last < newest

    def _state(self, *, is_behind: bool) -> dict[str, Any]:
        with self._log.condition:
            return {
                "run_id": self._run_id,
                "is_behind": is_behind,
                "default_keys": self._default_keys,
                "data_plan": self._plan is not None,
                "first": self._log.rows.first,
                "counts": self._log.counts._asdict(),
                "latency": self._faults.latency,
                "rate_limit": self._faults.rate_limit,
                "pending": self._faults.pending,
            }


def _event(event_id: str, state: bytes, rows: list[Row]) -> bytes:
    return b"id: %s\ndata: %s,%s\n\n" % (event_id.encode(), state[:-1], b'"rows":' + json.encode(rows) + b"}")
