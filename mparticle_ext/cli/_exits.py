"""How the command ends: its exit codes, and its words for what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

FAULTY = 1
USAGE = 2
STOPPED = 3
NOT_WRITTEN = 4
INTERRUPTED = 130
BROKEN_PIPE = 141

EXITS = """\b
Exit codes:
    0  all is good, or delivered
    1  something is faulty, or was not delivered
    2  wrong usage, or a file that cannot be read
    3  the service stopped it: credentials, or an outage
    4  a file could not be written: a full disk
  130  interrupted
  141  the reader of the output went away"""


class RefusedError(Exception):
    """Nothing was begun: it was called in a way that cannot be meant. The text says what to do."""


class LocalError(Exception):
    """A file that cannot be written."""

    def __init__(self, path: object, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}")


@contextmanager
def writing(path: object) -> Iterator[None]:
    """A block that writes a file.

    Raises:
        LocalError: It cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise LocalError(path, error) from None


def complain(text: str) -> None:
    """Say what went wrong, on stderr."""
    click.echo(f"{click.style('mparticle-ext:', fg='red', bold=True)} {printable(text)}", err=True)


def printable(text: str) -> str:
    """A text without what a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def leave_at_once(code: int) -> NoReturn:
    """End without waiting for any thread."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
