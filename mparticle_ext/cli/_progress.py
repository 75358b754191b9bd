"""How far it is: a bar on a terminal, a line every some seconds elsewhere. All of it on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress

_BAR_SECONDS = 0.1
_LINE_SECONDS = 5.0
_MINUTE = 60
_HOUR = 3600
_THOUSAND = 1000


class Display(Protocol):
    """What shows how far it is."""

    def show(self, share: float | None, said: str) -> None:
        """Show which share of the work is done, if that is known, and more in words."""
        ...

    def close(self) -> None:
        """Take it away."""
        ...


class Ticker:
    """Asks how far it is, not too often, and has it shown."""

    def __init__(self, display: Display | None, seconds: float, ask: Callable[[], tuple[float | None, str]]) -> None:
        self._display = display
        self._seconds = seconds
        self._ask = ask
        self._next = time.monotonic() + seconds

    def tick(self) -> None:
        """Show it, where it is time to."""
        if self._display is None:
            return
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._display.show(*self._ask())

    def close(self) -> None:
        """Show nothing more."""
        display, self._display = self._display, None
        if display is not None:
            display.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ticker(ask: Callable[[], tuple[float | None, str]], *, quiet: bool) -> Ticker:
    """What fits where stderr leads to; `quiet` for nothing."""
    if quiet:
        return Ticker(None, _LINE_SECONDS, ask)
    if sys.stderr.isatty():
        return Ticker(_Bar(), _BAR_SECONDS, ask)
    return Ticker(_Lines(), _LINE_SECONDS, ask)


class _Bar:
    def __init__(self) -> None:
        self._progress: Progress | None = None

    def show(self, share: float | None, said: str) -> None:
        if self._progress is None:
            self._progress = self._made()
        self._progress.update(self._task, completed=share or 0.0, total=None if share is None else 1.0, said=said)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _made(self) -> Progress:
        from rich.console import Console  # only where there is something to see
        from rich.progress import BarColumn, Progress, TextColumn

        progress = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.fields[said]}", markup=False),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = progress.add_task("", total=None, said="")
        progress.start()
        return progress


class _Lines:
    def show(self, share: float | None, said: str) -> None:
        click.echo(said if share is None else f"{share:.0%}: {said}", err=True)

    def close(self) -> None:
        pass


def lasting(seconds: float) -> str:
    """A time in words: `12 s`, `3 min`, `1 h 20 min`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR / _MINUTE:.0f} min"


def sized(size: float) -> str:
    """A number of bytes in words: `1.5 MB`."""
    for unit in ("B", "kB", "MB"):
        if size < _THOUSAND:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= _THOUSAND
    return f"{size:.1f} GB"


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 batch`, `1,200 batches`."""
    plural = f"{noun}es" if noun.endswith("ch") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
