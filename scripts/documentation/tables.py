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

from .markdown import table

Notes = Mapping[str, Mapping[str, str]]
_HEADS = ("setting", "default", "unit", "meaning", "when to change it")


class DocumentationError(Exception):
    """A page cannot be made. The text says which, and what to do."""


def settings_tables(folder: Path) -> str:
    """Every setting with its default, its unit, its meaning and when to change it."""
    kinds = (Configuration, Retry)
    notes = _notes(folder / "settings.toml", [field.name for kind in kinds for field in _settings(kind)])
    return "\n\n".join(f"## {kind.__name__}\n\n{_settings_table(kind, notes)}" for kind in kinds)


def _settings_table(kind: type[Any], notes: Notes) -> str:
    meanings = _meanings(kind)
    rows = [
        (f"`{name}`", _default(field), notes[name].get("unit", ""), meanings[name], notes[name]["change"])
        for field in _settings(kind)
        if (name := field.name)
    ]
    return table(_HEADS, rows)


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


def error_list(folder: Path) -> str:
    """Every error with its meaning, what became of the data, and what to do."""
    errors = list(_errors(MParticleError))
    notes = _notes(folder / "errors.toml", [error.__name__ for error in errors])
    return "\n\n".join(_error(error, notes[error.__name__]) for error in errors)


def _errors(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _errors(one)


def _error(error: type[Exception], note: Mapping[str, str]) -> str:
    base = error.__bases__[0].__name__
    kind = [] if error is MParticleError else [f"is a [`{base}`](#{base.lower()})\n{{ .facts }}"]
    meaning = (inspect.getdoc(error) or "").split("\n\n")[0]
    told = [f"**Your data:** {note['data']}", f"**What to do:** {note['do']}"]
    return "\n\n".join([f"## {error.__name__}", *kind, meaning, *told])


def _notes(file: Path, names: list[str]) -> Notes:
    notes: dict[str, dict[str, str]] = tomllib.loads(file.read_text())
    if missing := sorted(set(names) - notes.keys()):
        raise DocumentationError(f"docs/{file.name}: {missing[0]}: is missing: say there what the page needs")
    if unknown := sorted(notes.keys() - set(names)):
        raise DocumentationError(f"docs/{file.name}: {unknown[0]}: is not in the code: remove it, or correct the name")
    return notes
