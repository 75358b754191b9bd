"""The command `mparticle-ext`. It needs the extra `cli`: pip install "mparticle-ext[cli]"."""

import os
import sys


def main() -> None:
    """Run the command with the arguments of the process, and exit."""
    _open_closed_streams()
    try:
        import click  # noqa: F401  # is it installed?
        import rich  # noqa: F401  # is it installed?
    except ModuleNotFoundError:
        sys.exit('mparticle-ext: the command needs its extra: pip install "mparticle-ext[cli]"')
    from ._app import app

    app(prog_name="mparticle-ext")


def _open_closed_streams() -> None:
    """Open each closed standard stream on the null device: else the next file that is opened gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  # first of all, and never closed
