"""`mparticle-ext validate`: reads, judges, tells."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Sequence

import click

from ._exits import FAULTY, NOT_WRITTEN, USAGE, LocalError, complain, leave_at_once, printable
from ._input import reading, shown, total_bytes
from ._judge import Complaint, Judged, judge
from ._progress import Ticker, counted, lasting, sized, ticker

_ANY_ID = "00000000-0000-0000-0000-000000000000"  # as long as the one that an upload gives


class Validation:
    """One run of it."""

    def __init__(self, files: Sequence[str], *, historical: bool, as_json: bool) -> None:
        self._files = files
        self._historical = historical
        self._as_json = as_json
        self._total = total_bytes(files)
        self._started = time.monotonic()
        self._batches = self._bad = self._events = self._faults = self._bytes = 0

    def run(self) -> int:
        """Check all files, and return the exit code."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a bar is taken away, as at Ctrl-C
        try:
            return self._run()
        except LocalError as error:
            complain(str(error))
            leave_at_once(NOT_WRITTEN)  # or the interpreter would try to write it once more

    def _run(self) -> int:
        with ticker(self._so_far, quiet=False) as progress:
            readable = [self._check(file, progress) for file in self._files]
        faults = counted(self._faults, "fault") + (f" in {counted(self._bad, 'batch')}" if self._bad else "")
        size, seconds = sized(self._bytes), time.monotonic() - self._started
        click.echo(
            f"{counted(self._batches, 'batch')}, {counted(self._events, 'event')}, {faults}; {size} in {seconds:.1f} s",
            err=True,
        )
        return USAGE if not all(readable) else FAULTY if self._faults else 0

    def _check(self, file: str, progress: Ticker) -> bool:
        try:
            with reading(file) as source:
                before, batches = self._bytes, self._batches
                for value in source.values():
                    self._bytes = before + source.bytes_read
                    self._count(file, judge(value, _ANY_ID, historical=self._historical), progress)
                    progress.tick()
                self._bytes = before + source.bytes_read
                if self._batches == batches:
                    complain(f"{shown(file)} holds no batch")
        except BrokenPipeError:
            raise
        except OSError as error:
            complain(f"{file} cannot be read: {error.strerror or error}")
            return False
        return True

    def _count(self, file: str, judged: Judged, progress: Ticker) -> None:
        if not isinstance(judged, list):
            self._events += len(judged.events or ())
        else:
            if sys.stdout.isatty():
                progress.close()  # the faults show how far it is
            self._bad += 1
            self._faults += len(judged)
            self._tell(shown(file), judged)
        self._batches += 1

    def _tell(self, file: str, complaints: list[Complaint]) -> None:
        for one in complaints:
            if self._as_json:
                _print(json.dumps({"file": file, **one._asdict(), "index": self._batches}))
            else:
                _print(f"{click.style(f'{printable(file)}:{one.line}:', bold=True)} {printable(str(one))}")

    def _so_far(self) -> tuple[float | None, str]:
        seconds = time.monotonic() - self._started
        share = self._bytes / self._total if self._total else None
        said = f"{counted(self._batches, 'batch')}, {counted(self._faults, 'fault')}, {sized(self._bytes / seconds)}/s"
        return share, said + (f", {lasting(seconds / share - seconds)} left" if share else "")


def _print(line: str) -> None:
    try:
        click.echo(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LocalError("standard output", error) from None
