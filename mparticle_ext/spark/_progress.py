"""The progress of a `send`, on stderr: a bar on a terminal and in a notebook, else a line every ten seconds."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .. import BatchResult


class ProgressDisplay:
    """Counts the results of `upload_all`, and shows the count, the rate and the time that is left."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._failed = total, 0, 0
        self._started = time.monotonic()
        console = Console(stderr=True)
        self._has_bar = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
        columns = (BarColumn(bar_width=20), TextColumn("{task.description}", markup=False))
        self._bar = Progress(
            *columns, console=console, disable=not self._has_bar, redirect_stdout=False, redirect_stderr=False
        )
        self._task = self._bar.add_task("", total=total)
        self._seconds = 0.2 if self._has_bar else 10.0  # between two updates
        self._next = self._started + self._seconds

    def add(self, result: BatchResult) -> None:
        """Count a result, and show the progress if it is time to."""
        self._done += 1
        self._failed += result.error is not None
        if time.monotonic() >= self._next:
            self._show()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._show()
        self._bar.stop()

    def _show(self) -> None:
        self._next = time.monotonic() + self._seconds
        if self._has_bar:
            self._bar.update(self._task, completed=self._done, description=self._text(), refresh=True)
        else:
            with suppress(OSError, ValueError):  # nobody reads it
                sys.stderr.write(f"{self._text()}\n")

    def _text(self) -> str:
        rate = self._done / max(time.monotonic() - self._started, 0.001)
        left = f", {timedelta(seconds=round((self._total - self._done) / rate))} left" if rate else ""
        return f"{self._done:,} of {self._total:,} batches, {self._failed:,} failed, {rate:,.0f}/s{left}"
