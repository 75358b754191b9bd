"""`mparticle-ext validate`: reads files, checks each batch, and prints its faults."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ._batch_check import Check, Checked
from ._exit import FAILED, NOT_WRITTEN, USAGE, WriteError, exit_now, print_error, printable
from ._faults import Fault
from ._input import display_name, open_input, total_bytes
from ._progress_bar import ProgressDisplay, show_bytes, show_count, show_left

if TYPE_CHECKING:
    from .. import DataPlan

_REQUEST_ID = "00000000-0000-0000-0000-000000000000"  # as long as the one that an upload adds


class Validation:
    """One run of `mparticle-ext validate`."""

    def __init__(
        self, files: Sequence[str], *, max_faults: int, as_json: bool, plan: DataPlan | None, **mode: bool
    ) -> None:
        self._files = files
        self._check = Check(plan=plan, **mode)
        self._plan = plan
        self._max_faults = max_faults or sys.maxsize  # of a file
        self._as_json = as_json
        self._total_bytes = total_bytes(files)
        self._started = time.monotonic()
        self._batches = self._invalid = self._events = self._faults = self._violations = self._bytes = 0

    def run(self) -> int:
        """Check all files, and return the exit code."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the bar is removed, as at Ctrl-C
        try:
            return self._run()
        except WriteError as error:
            print_error(str(error))
            exit_now(NOT_WRITTEN)  # else the interpreter tries to write again

    def _run(self) -> int:
        with ProgressDisplay(self._progress, quiet=False) as display:
            readable = [self._check_file(file, display) for file in self._files]
        faults = self._found() + (f" in {show_count(self._invalid, 'batch')}" if self._invalid else "")
        size, seconds = show_bytes(self._bytes), time.monotonic() - self._started
        events = show_count(self._events, "event") + (" in valid batches" if self._invalid else "")
        counts = f"{show_count(self._batches, 'batch')}, {events}, {faults}"
        click.echo(f"{counts}; {size} in {seconds:.1f} s", err=True)
        self._check.print_notes()
        return USAGE if not all(readable) else FAILED if self._faults else 0

    def _found(self) -> str:
        violations = f" and {show_count(self._violations, 'violation')}" if self._plan else ""
        return show_count(self._faults - self._violations, "fault") + violations

    def _check_file(self, path: str, display: ProgressDisplay) -> bool:
        """Check a file; False if it cannot be read."""
        name = display_name(path)
        try:
            with open_input(path) as file:
                bytes_before, most_faults = self._bytes, self._faults + self._max_faults
                for value in file.values():
                    self._bytes = bytes_before + file.bytes_read
                    checked = self._check.check(value, _REQUEST_ID)
                    left = most_faults - self._faults
                    if isinstance(checked, list) and len(checked) > left:
                        self._stop(name, checked[:left], display)
                        break
                    self._record(name, checked, display)
                    display.update()
                self._bytes = bytes_before + file.bytes_read
        except BrokenPipeError:
            raise
        except OSError as error:
            print_error(f"{name} cannot be read: {error.strerror or error}")
            return False
        return True

    def _stop(self, file: str, faults: list[Fault], display: ProgressDisplay) -> None:
        if faults:
            self._record(file, faults, display)
        problem = f"has more than {self._max_faults} faults: correct these first, or print all with --max-faults 0"
        print_error(f"{file} {problem}")

    def _record(self, file: str, checked: Checked, display: ProgressDisplay) -> None:
        if isinstance(checked, list):
            if sys.stdout.isatty():
                display.close()  # the faults show the progress
            self._invalid += 1
            self._faults += len(checked)
            self._violations += sum(fault.violation is not None for fault in checked)
            self._print_faults(file, checked)
        else:
            self._events += len(checked[1].events or ())
        self._batches += 1

    def _print_faults(self, file: str, faults: list[Fault]) -> None:
        for fault in faults:
            if self._as_json:
                _print(json.dumps({"file": file, **_fields(fault), "index": self._batches}))
            else:
                _print(f"{click.style(f'{printable(file)}:{fault.line}:', bold=True)} {printable(str(fault))}")

    def _progress(self) -> tuple[float | None, str]:
        seconds = time.monotonic() - self._started
        part = self._bytes / self._total_bytes if self._total_bytes else None
        text = f"{show_count(self._batches, 'batch')}, {self._found()}"
        text += f", {show_bytes(self._bytes / seconds)}/s"
        return part, text + (show_left(seconds, part) if part else "")


def _fields(fault: Fault) -> dict[str, object]:
    return {name: value for name, value in fault._asdict().items() if value is not None}


def _print(line: str) -> None:
    try:
        click.echo(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError("standard output", error) from None
