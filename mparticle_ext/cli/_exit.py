"""Exit codes, the errors that end a command, and messages on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

FAILED = 1
USAGE = 2
STOPPED = 3
NOT_WRITTEN = 4
INTERRUPTED = 130
BROKEN_PIPE = 141
SHOWN_FAULTS = 50  # of a file

EXIT_CODES = """\b
Exit codes:
    0  all batches are valid, or delivered
    1  a batch is invalid, or was not delivered
    2  wrong usage, or a file that cannot be read
    3  the service stopped it: credentials, or an outage
    4  a file that cannot be written: a full disk
  130  interrupted
  141  the reader of the output closed it"""


class CommandError(Exception):
    """An error that ends a command with the exit code `code`."""

    code = USAGE


class UsageError(CommandError):
    """The command cannot start or continue with these options and files. The text says what to do."""


class WriteError(CommandError):
    """A file cannot be written."""

    code = NOT_WRITTEN

    def __init__(self, path: object, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}")


@contextmanager
def writing(path: object) -> Iterator[None]:
    """Turn an OSError of the block into a WriteError for this path."""
    try:
        yield
    except OSError as error:
        raise WriteError(path, error) from None


def print_error(text: str) -> None:
    """Print an error on stderr."""
    click.echo(f"{click.style('mparticle-ext:', fg='red', bold=True)} {printable(text)}", err=True)


def print_first(file: str, faults: Sequence[tuple[int, str]]) -> None:
    """Print the first faults of a file, each with its line, on stderr."""
    for line, fault in faults[:SHOWN_FAULTS]:
        click.echo(printable(f"{file}:{line}: {fault}"), err=True)
    if (more := len(faults) - SHOWN_FAULTS) > 0:
        advice = "correct these first, or print all with validate --max-faults 0"
        click.echo(f"and {more:,} more in {printable(file)}: {advice}", err=True)


def printable(text: str) -> str:
    """The text with control characters escaped: a terminal must not act on them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def exit_now(code: int) -> NoReturn:
    """Exit without waiting for other threads."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
