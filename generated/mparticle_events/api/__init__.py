# Made from spec/openapi.yaml by scripts/regenerate. Not edited by hand: change the spec and run it again.

"""Contains methods for accessing the API"""
