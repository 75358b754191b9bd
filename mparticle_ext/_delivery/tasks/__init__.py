"""Uploads in asyncio tasks."""
