"""What is passed along inside: a few fields under names, made in C."""

from __future__ import annotations

from msgspec import Struct


class Record(Struct, eq=False):
    """Shows nothing of its fields, because what is passed along is someone's data, or a secret."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"
