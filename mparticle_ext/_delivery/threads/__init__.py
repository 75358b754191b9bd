"""Uploads in threads: the blocking client and its callbacks."""
