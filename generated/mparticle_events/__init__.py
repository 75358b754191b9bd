# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""A client for mParticle's Events API.

`models` has the data classes, `client` the HTTP client, and `api` one module for each operation. This module imports
nothing, so a program that only builds data does not load an HTTP library.
"""
