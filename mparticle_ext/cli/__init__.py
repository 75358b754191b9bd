"""The command `mparticle-ext`. Needs the extra `cli`: pip install "mparticle-ext[cli]"."""

import os
import sys


def main() -> None:
    """Run the command with the arguments of the process, and exit as it says."""
    _open_what_is_closed()
    try:
        import click  # noqa: F401  # whether it is there
        import rich  # noqa: F401  # the same
    except ModuleNotFoundError:
        sys.exit('mparticle-ext: the command needs its extra: pip install "mparticle-ext[cli]"')
    from ._app import app

    app(prog_name="mparticle-ext")


def _open_what_is_closed() -> None:
    """Lead each standard stream that is closed to nowhere: the next file that is opened would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  # before anything is loaded, and kept
