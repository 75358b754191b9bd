# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""<openapi_python_client.schema.untrusted_string.UntrustedString object at 0x7fd534be0710>

`models` has the data, `client` the connection, `api` an operation a module. Nothing is imported here, so that a program
that only builds data does not load an HTTP library.
"""
