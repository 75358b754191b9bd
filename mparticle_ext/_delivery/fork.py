"""Forked processes: a child needs its own threads, locks and connections."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol
from weakref import WeakSet

from .._checks import load_decoders, renew_lock


class Restartable(Protocol):
    """An object that a forked child starts again."""

    def start(self) -> None:
        """Make new threads, locks and connections, and drop the parent's."""


_objects: WeakSet[Restartable] = WeakSet()
_LAZY_MODULES = ("encodings.idna", "uuid")


def restart_after_fork(restartable: Restartable) -> None:
    """Call `start` in each forked child, as long as the object exists."""
    _objects.add(restartable)


def _finish_imports() -> None:
    """Load what is loaded at first use: an import lock that another thread holds would never open in the child."""
    if _objects:
        for module in _LAZY_MODULES:
            import_module(module)
        load_decoders()


def _restart_all() -> None:
    renew_lock()
    for restartable in list(_objects):
        restartable.start()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(before=_finish_imports, after_in_child=_restart_all)
