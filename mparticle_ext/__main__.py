"""`python -m mparticle_ext`: the command, where its script is not on the path."""

from .cli import main

main()
