"""Progress on stderr: a bar on a terminal, else a line every few seconds. And numbers as text."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress

_BAR_SECONDS = 0.1
_LINE_SECONDS = 5.0
_MINUTE = 60
_HOUR = 3600
_THOUSAND = 1000


class ProgressDisplay:
    """Shows the progress at intervals. `progress` returns the part that is done, if it is known, and a text."""

    def __init__(self, progress: Callable[[], tuple[float | None, str]], *, quiet: bool) -> None:
        self._progress = progress
        self._bar = _Bar() if sys.stderr.isatty() else None
        self._seconds = _BAR_SECONDS if self._bar else _LINE_SECONDS
        self._closed = quiet
        self._next = time.monotonic() + self._seconds

    def update(self) -> None:
        """Show the progress if it is time to."""
        now = time.monotonic()
        if self._closed or now < self._next:
            return
        self._next = now + self._seconds
        part, text = self._progress()
        if self._bar:
            self._bar.show(part, text)
        else:
            click.echo(text if part is None else f"{part:.0%}: {text}", err=True)

    def note(self, text: str) -> None:
        """Show a line that stays."""
        if self._closed:
            return
        if self._bar:
            self._bar.note(text)
        else:
            click.echo(text, err=True)

    def close(self) -> None:
        """Show nothing more."""
        self._closed = True
        if self._bar:
            self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WaitNotes(logging.Handler):
    """Shows why an upload waits: the SDK logs it at WARNING, and losses, which the report has, at ERROR."""

    def __init__(self, display: ProgressDisplay) -> None:
        super().__init__()
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        """Show a line about a wait."""
        if record.levelno == logging.WARNING:
            self._display.note(record.getMessage())


class _Bar:
    def __init__(self) -> None:
        self._progress: Progress | None = None

    def show(self, part: float | None, text: str) -> None:
        if self._progress is None:
            self._progress = self._start()
        self._progress.update(self._task, completed=part or 0.0, total=None if part is None else 1.0, text=text)

    def note(self, text: str) -> None:
        if self._progress is None:
            self._progress = self._start()
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _start(self) -> Progress:
        from rich.console import Console  # loaded only if there is something to show
        from rich.progress import BarColumn, Progress, TextColumn

        progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}", markup=False),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = progress.add_task("", total=None, text="")
        progress.start()
        return progress


def show_seconds(seconds: float) -> str:
    """A time as text: `12 s`, `3 min`, `1 h 20 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR / _MINUTE:.0f} min"


def show_left(seconds: float, part: float, before: float = 0.0) -> str:
    """The time left as text, if it is known. `part` of all is done; `before` of it was done before these seconds."""
    return f", {show_seconds(seconds * (1 - part) / (part - before))} left" if part > before else ""


def show_bytes(size: float) -> str:
    """A number of bytes as text: `1.5 MB`."""
    for unit in ("B", "kB", "MB"):
        if size < _THOUSAND:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= _THOUSAND
    return f"{size:.1f} GB"


def show_count(count: int, noun: str) -> str:
    """A count with its noun: `1 batch`, `1,200 batches`."""
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
