"""The command `mparticle-ext`. Needs the extra `cli`: pip install "mparticle-ext[cli]"."""

import sys


def main() -> None:
    """Run the command with the arguments of the process, and exit as it says."""
    try:
        import click  # noqa: F401  # whether it is there
        import rich  # noqa: F401  # the same
    except ModuleNotFoundError:
        sys.exit('mparticle-ext: the command needs its extra: pip install "mparticle-ext[cli]"')
    from ._app import app

    app(prog_name="mparticle-ext")
