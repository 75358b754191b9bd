"""The tables of settings and errors: from the code, with what `docs/*.toml` says beside it."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import griffe

from mparticle_ext import Configuration, MParticleError, Retry

Notes = Mapping[str, Mapping[str, str]]


class DocumentationError(Exception):
    """A page cannot be made. The text says which, and what to do."""


def settings_table(folder: Path) -> str:
    """Every setting with its default, its unit, its meaning and when to change it."""
    notes = _notes(folder / "settings.toml", [field.name for kind in (Configuration, Retry) for field in _settings(kind)])
    texts = []
    for kind in (Configuration, Retry):
        meanings = _meanings(kind)
        texts += [f"## {kind.__name__}", "| setting | default | unit | meaning | when to change it |\n|---|---|---|---|---|"]
        for field in _settings(kind):
            note = notes[field.name]
            cells = [f"`{field.name}`", _default(field), note.get("unit", ""), meanings[field.name], note["change"]]
            texts[-1] += f"\n| {' | '.join(cells)} |"
    return "\n\n".join(texts)


def error_list(folder: Path) -> str:
    """Every error with its meaning, what became of the data, and what to do."""
    errors = list(_errors(MParticleError))
    notes = _notes(folder / "errors.toml", [error.__name__ for error in errors])
    return "\n\n".join(_error(error, notes[error.__name__]) for error in errors)


def _error(error: type[Exception], note: Mapping[str, str]) -> str:
    meaning = inspect.getdoc(error).split("\n\n")[0]  # type: ignore[union-attr]  # each has one, a test of ruff says
    base = error.__bases__[0].__name__
    parts = [f"## {error.__name__}", f"is a [`{base}`](#{base.lower()})\n{{ .facts }}" if base != "Exception" else "", meaning]
    parts += [f"**Your data:** {note['data']}", f"**What to do:** {note['do']}"]
    return "\n\n".join(filter(None, parts))


def _errors(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _errors(one)


def _notes(file: Path, names: list[str]) -> Notes:
    notes: dict[str, dict[str, str]] = tomllib.loads(file.read_text())
    if missing := set(names) ^ notes.keys():
        raise DocumentationError(f"{file.name}: has not the same names as the code: {', '.join(sorted(missing))}")
    return notes


def _settings(kind: type[Any]) -> list[Field[Any]]:
    return [field for field in fields(kind) if field.init]


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "required"
    return "`Retry()`" if field.default == Retry() else f"`{field.default!r}`"


def _meanings(kind: type[Any]) -> dict[str, str]:
    """The description of each attribute in the docstring of a class."""
    sections = griffe.Docstring(inspect.getdoc(kind) or "", lineno=1).parse("google")
    attributes = [item for section in sections if section.kind.value == "attributes" for item in section.value]
    return {item.name: " ".join(item.description.split()) for item in attributes}
