# Made from spec/openapi.yaml by scripts/regenerate. Do not edit: change the spec and run it again.

"""Contains endpoint functions for accessing the API"""
