"""A forked child has the parent's objects, but not its threads; its connections it must not share."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol
from weakref import WeakSet

from ._check import load_decoders


class Forkable(Protocol):
    """What begins anew in a forked child."""

    def start(self) -> None:
        """Make threads, locks and connections of one's own, and let go of the parent's."""


_living: WeakSet[Forkable] = WeakSet()
_WHEN_FIRST_USED = ("encodings.idna", "mparticle_ext._again", "mparticle_ext._attempt")


def start_anew_after_fork(forkable: Forkable) -> None:
    """See to it that `start` is called in each forked child, as long as the object lives."""
    _living.add(forkable)


def _finish_imports() -> None:
    """Wait for another thread that loads what is loaded at first use: its lock would stay shut in the child."""
    if not _living:
        return
    for module in _WHEN_FIRST_USED:
        import_module(module)
    load_decoders()


def _start_all() -> None:
    for forkable in list(_living):
        forkable.start()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_finish_imports, after_in_child=_start_all)
