"""Reads the document of a data plan, in each container that mParticle has for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import attrs
from msgspec import Struct

from .._checks import checked, encoded
from ..errors import PlanError, ValidationError

__all__ = ["PlanDocument", "PlanError", "Point", "document_of", "read_document"]

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"
_CONTAINERS = ("dtpn", "vers", "data_plan_versions", "document")  # what can be around a version
_MAX_DEPTH = 8  # of containers: a list of plans has 3
_MAX_SHOWN = 20
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


class _About(Struct):
    """What the containers of a document say about it."""

    data_plan_id: str | None = None
    version: int | None = None
    blok: dict[str, bool | None] | None = None


class _Found(NamedTuple):
    path: str
    document: Any
    about: dict[str, Any]


def read_document(path: str | os.PathLike[str], version: int | None = None) -> PlanDocument:
    """Read a version of a data plan from a JSON file. `version` is needed if the file has several.

    Raises:
        PlanError: The file is no data plan, or does not have that version.
        OSError: The file cannot be read.
    """
    return _read(Path(path).read_bytes().removeprefix(_BOM), version, os.fsdecode(path))


def document_of(plan: Mapping[str, Any], version: int | None = None) -> PlanDocument:
    """Read a version of a data plan from a dict. `version` is needed if the dict has several.

    Raises:
        PlanError: The dict is no data plan, or does not have that version.
    """
    try:
        document = encoded(plan)
    except ValidationError as error:
        raise _error("data plan", error) from None
    return _read(document, version, "data plan")


def _read(text: bytes, version: int | None, name: str) -> PlanDocument:
    parsed: Any = _checked(text, Any, name)
    found = _choose([*_versions(parsed, "", {})], version, name)
    about = _checked(encoded(found.about), _About, name, found.path)
    document = _checked(encoded(found.document), _Document, name, found.path)
    points = [_point(point) for point in document.data_points]
    return PlanDocument(about.data_plan_id, about.version, points, _actions(document, about))


def _versions(value: Any, path: str, about: dict[str, Any], depth: int = 0) -> Iterator[_Found]:
    """Each version in a document, with its path."""
    if depth == _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _versions(one, f"{path}[{index}]", about, depth + 1)
    elif isinstance(value, dict):
        about = about | {name: value[name] for name in _About.__struct_fields__ if name in value}
        if "version_document" in value:
            yield _Found(f"{path}.version_document", value["version_document"], about)
        elif "data_points" in value:
            yield _Found(path, value, about)
        else:
            for name in _CONTAINERS:
                yield from _versions(value.get(name), f"{path}.{name}", about, depth + 1)


def _choose(found: list[_Found], version: int | None, name: str) -> _Found:
    if not found:
        raise PlanError(f"{name}: is no data plan, for it has no data_points: give a file that mParticle exported")
    numbers = [one.about.get("version") for one in found]
    shown = ", ".join(map(str, numbers[:_MAX_SHOWN])) + (", ..." if len(numbers) > _MAX_SHOWN else "")
    chosen = [one for one in found if version is None or one.about.get("version") == version]
    if not chosen:
        raise PlanError(f"{name}: has no version {version}: it has {shown}")
    if len(chosen) > 1 and version is not None:
        raise PlanError(f"{name}: has version {version} {len(chosen)} times: give a file with one plan")
    if len(chosen) > 1:
        raise PlanError(f"{name}: has {len(chosen)} versions ({shown}): say which with version=")
    return chosen[0]


def _checked(text: bytes, kind: type[T], name: str, path: str = "") -> T:
    try:
        return checked(text, kind)
    except ValidationError as error:
        raise _error(name, error, path) from None


def _error(name: str, error: ValidationError, path: str = "") -> PlanError:
    place = ".".join(filter(None, [path, error.path])).removeprefix(".")
    return PlanError(f"{name}: {place + ': ' if place else ''}{error.problem}")


def _point(point: _Point) -> Point:
    criteria = {name: value for name, value in (point.match.criteria or {}).items() if value is not None}
    validator = point.validator
    schema = validator.definition if validator and validator.type == _JSON_SCHEMA else None
    return Point(point.match.type, criteria, point.description or "", schema or {})


def _actions(document: _Document, about: _About) -> dict[str, str]:
    blocked = dict(_BLOCKED[name] for name, is_blocked in (about.blok or {}).items() if is_blocked and name in _BLOCKED)
    actions = (document.settings and document.settings.validation_actions) or {}
    return blocked | {kind: action for kind, action in actions.items() if action is not None}
