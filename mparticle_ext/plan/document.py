"""Reads the document of a data plan, in each container that mParticle has for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import attrs
from msgspec import Struct

from .._checks import checked, encoded, utf8
from ..errors import PlanError, ValidationError

__all__ = ["PlanDocument", "PlanError", "Point", "document_of", "read_document"]

_CONTAINERS = ("dtpn", "vers", "data_plan_versions", "document")  # what can be around a version
_MAX_DEPTH = 8  # of containers: a list of plans has 3
_MAX_SHOWN = 100  # characters
_JSON_SCHEMA = "json_schema"
_BLOCKED = {  # what the SDKs' container blocks, as settings.validation_actions say it
    "ev": ("event", "drop_event"),
    "ea": ("event_attribute", "drop_attribute"),
    "ua": ("user_attribute", "drop_attribute"),
    "id": ("user_identity", "drop_attribute"),
}


@attrs.frozen
class Point:
    """A data point: an event, or the attributes or identities of a user.

    Attributes:
        match_type: What it plans: `custom_event`, `screen_view`, `product_action`, `user_attributes`, ...
        criteria: Which of them, such as `{"event_name": "Search", "custom_event_type": "search"}`.
        description: What the plan says about it; empty if it says nothing.
        schema: The JSON Schema of it; empty if there is none.
    """

    match_type: str
    criteria: Mapping[str, str]
    description: str
    schema: Mapping[str, Any]


@attrs.frozen
class PlanDocument:
    """A version of a data plan.

    Attributes:
        plan_id: The ID of the plan; None if the document does not have it.
        version: The number of the version; None if the document does not have it.
        points: The data points.
        actions: What mParticle does with unplanned data, such as `{"event": "drop_event"}`.
    """

    plan_id: str | None
    version: int | None
    points: Sequence[Point]
    actions: Mapping[str, str]


class _Match(Struct):
    type: str
    criteria: dict[str, str | None] | None = None


class _Validator(Struct):
    type: str = _JSON_SCHEMA
    definition: dict[str, Any] | None = None


class _Point(Struct):
    match: _Match
    validator: _Validator | None = None
    description: str | None = None


class _Settings(Struct):
    validation_actions: dict[str, str | None] | None = None


class _Document(Struct):
    data_points: list[_Point]
    settings: _Settings | None = None


class _Version(Struct):
    version_document: _Document
    data_plan_id: str | None = None
    version: int | None = None
    blok: dict[str, bool | None] | None = None


class _Found(NamedTuple):
    """A version in a document. A bare one is a `version_document` alone."""

    path: str
    version: dict[str, Any]
    is_bare: bool


def read_document(path: str | os.PathLike[str], version: int | None = None) -> PlanDocument:
    """Read a version of a data plan from a JSON file. `version` is needed if the file has several.

    Raises:
        PlanError: The file is no data plan, or does not have that version.
        OSError: The file cannot be read.
    """
    text = utf8(Path(path).read_bytes())
    return _read(lambda: checked(text, object), version, os.fsdecode(path))


def document_of(plan: Mapping[str, Any], version: int | None = None) -> PlanDocument:
    """Read a version of a data plan from a dict. `version` is needed if the dict has several.

    Raises:
        PlanError: The dict is no data plan, or does not have that version.
    """
    return _read(lambda: checked(encoded(plan), object), version, "data plan")


def _read(parse: Callable[[], Any], version: int | None, name: str) -> PlanDocument:
    found = _Found("", {}, is_bare=False)
    try:
        found = _choose([*_versions(parse(), "", {})], version, name)
        read = checked(encoded(found.version), _Version)
    except ValidationError as error:
        inside = error.path.removeprefix("version_document.") if found.is_bare else error.path
        place = f"{found.path}.{inside}".strip(".")
        raise PlanError(f"{name}: {place + ': ' if place else ''}{error.problem}") from None
    points = [_point(point) for point in read.version_document.data_points]
    return PlanDocument(read.data_plan_id, read.version, points, _actions(read))


def _versions(value: Any, path: str, about: dict[str, Any], depth: int = 0) -> Iterator[_Found]:
    """Each version in a document, with its path. `about` is what the containers say about it."""
    if isinstance(value, list) and depth < _MAX_DEPTH:
        for index, one in enumerate(value):
            yield from _versions(one, f"{path}[{index}]", about, depth + 1)
    elif isinstance(value, dict) and depth < _MAX_DEPTH:
        about = about | {name: value[name] for name in _Version.__struct_fields__ if name in value}
        if "version_document" in value:
            yield _Found(path, about, is_bare=False)
        elif "data_points" in value:
            yield _Found(path, {**about, "version_document": value}, is_bare=True)
        else:
            for name in _CONTAINERS:
                yield from _versions(value.get(name), f"{path}.{name}", about, depth + 1)


def _choose(found: list[_Found], version: int | None, name: str) -> _Found:
    if not found:
        raise PlanError(f"{name}: is no data plan, for it has no data_points: give a file that mParticle exported")
    shown = ", ".join(str(one.version.get("version")) for one in found)
    chosen = [one for one in found if version in (None, one.version.get("version"))]
    if not chosen:
        raise PlanError(f"{name}: has no version {version}: it has {shown:.{_MAX_SHOWN}}")
    if len(chosen) > 1 and version is not None:
        raise PlanError(f"{name}: has version {version} {len(chosen)} times: give a file with one plan")
    if len(chosen) > 1:
        raise PlanError(f"{name}: has {len(chosen)} versions ({shown:.{_MAX_SHOWN}}): say which with version=")
    return chosen[0]


def _point(point: _Point) -> Point:
    criteria = {name: value for name, value in (point.match.criteria or {}).items() if value is not None}
    validator = point.validator
    schema = validator.definition if validator and validator.type == _JSON_SCHEMA else None
    return Point(point.match.type, criteria, point.description or "", schema or {})


def _actions(version: _Version) -> dict[str, str]:
    settings, blok = version.version_document.settings, version.blok or {}
    blocked = dict(action for name, action in _BLOCKED.items() if blok.get(name))
    given = (settings and settings.validation_actions) or {}
    return blocked | {subject: action for subject, action in given.items() if action is not None}
