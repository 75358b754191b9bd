# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""Contains methods for accessing the API"""
