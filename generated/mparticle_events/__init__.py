# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""A client library for accessing mParticle Events API.

`models` has the data, `client` the connection, `api` an operation a module. Nothing is imported here, so that a program
that only builds data does not load an HTTP library.
"""
