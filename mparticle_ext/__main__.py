"""`python -m mparticle_ext` runs the command."""

from .cli import main

main()
