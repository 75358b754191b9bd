"""Reads the document of a data plan, in each container that mParticle has for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from .._checks import checked, encoded, utf8
from ..errors import PlanError, ValidationError

CRITERIA = {  # that say which event a data point plans
    "custom_event": ("custom_event_type", "event_name"),
    "screen_view": ("screen_name",),
    "product_action": ("action",),
    "promotion_action": ("action",),
}
_SENT = {"customerid": "customer_id", "facebookcustomaudienceid": "facebook_custom_audience_id"}
_SENT |= {f"other{one}": f"other_id_{one}" for one in range(2, 11)}  # in a batch, by the name in a plan
_CONTAINERS = ("dtpn", "vers", "data_plan_versions", "document")  # what can be around a version
_MAX_DEPTH = 8  # of containers: a list of plans has 3
_BLOCKED = {  # what the SDKs' container blocks, as settings.validation_actions say it
    "ev": ("event", "drop_event"),
    "ea": ("event_attribute", "drop_attribute"),
    "ua": ("user_attribute", "drop_attribute"),
    "id": ("user_identity", "drop_attribute"),
}


def sent_identities(given: Any) -> Any:
    """A dict or a list of identities, with their names in a batch."""
    if isinstance(given, dict):
        return {_SENT.get(name, name): value for name, value in given.items()}
    return [_SENT.get(str(name), name) for name in given] if isinstance(given, list) else given


class _Match(Struct):
    type: str
    criteria: dict[str, str | None] | None = None


class _Validator(Struct):
    type: str = "json_schema"
    definition: dict[str, Any] | None = None


class Point(Struct):
    """A data point: an event, or the attributes or identities of a user."""

    match: _Match
    validator: _Validator | None = None
    description: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """The type and the criteria of its match, such as `("custom_event", "search", "Search")`."""
        criteria = self.match.criteria or {}
        return (self.match.type, *(criteria.get(name) for name in CRITERIA.get(self.match.type, ())))

    @property
    def place(self) -> str:
        """The name that mParticle has for it, such as `custom_event:search:Search`."""
        return ":".join(one or "" for one in self.key)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of it; empty if there is none. Identities have the names of a batch."""
        validator = self.validator or _Validator()
        schema = (validator.definition or {}) if validator.type == "json_schema" else {}
        names = {"properties", "required"} & schema.keys() if self.match.type == "user_identities" else ()
        return schema | {name: sent_identities(schema[name]) for name in names}


class _Settings(Struct):
    validation_actions: dict[str, str | None] | None = None


class _Document(Struct):
    data_points: list[Point]
    settings: _Settings | None = None


class PlanDocument(Struct):
    """A version of a data plan. The ID and the version are None if the document does not have them."""

    version_document: _Document
    data_plan_id: str | None = None
    version: int | None = None
    blok: dict[str, bool | None] | None = None
    source: str = ""  # for messages

    @property
    def actions(self) -> dict[str, str]:
        """The action of mParticle for each kind of unplanned data, such as `{"event": "drop_event"}`."""
        settings, blok = self.version_document.settings, self.blok or {}
        blocked = dict(action for name, action in _BLOCKED.items() if blok.get(name))
        given = (settings and settings.validation_actions) or {}
        return blocked | {subject: action for subject, action in given.items() if action is not None}


def read_document(plan: str | os.PathLike[str] | Mapping[str, Any], version: int | None = None) -> PlanDocument:
    """Read a version of a data plan, from a JSON file or a dict. `version` is needed if there are several.

    Raises:
        PlanError: This is not a data plan, or does not have that version.
        OSError: The file cannot be read.
    """
    name, path = "data plan" if isinstance(plan, Mapping) else os.fsdecode(plan), ""
    try:
        text = encoded(plan) if isinstance(plan, Mapping) else utf8(Path(plan).read_bytes())
        path, found = _choose([*_versions(checked(text, object), "", {})], version, name)
        return checked(encoded({**found, "source": name}), PlanDocument)
    except ValidationError as error:
        place = f"{path}.{error.path.removeprefix('version_document.')}".strip(".")
        raise PlanError(f"{name}: {place + ': ' if place else ''}{error.problem}") from None


def _versions(value: Any, path: str, about: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """The path of each version in a document, and the version. `about` is what the containers say about it."""
    if isinstance(value, list) and depth < _MAX_DEPTH:
        for index, one in enumerate(value):
            yield from _versions(one, f"{path}[{index}]", about, depth + 1)
    elif isinstance(value, dict) and depth < _MAX_DEPTH:
        about = about | {name: value[name] for name in PlanDocument.__struct_fields__ if name in value}
        if "version_document" in value:
            yield path, about
        elif "data_points" in value:
            yield path, {**about, "version_document": value}
        else:
            for name in _CONTAINERS:
                yield from _versions(value.get(name), f"{path}.{name}", about, depth + 1)


def _choose(found: list[tuple[str, dict[str, Any]]], version: int | None, name: str) -> tuple[str, dict[str, Any]]:
    if not found:
        raise PlanError(f"{name}: is not a data plan, for it has no data_points: give a file that mParticle exported")
    shown = ", ".join(str(one.get("version")) for _, one in found)
    chosen = [(path, one) for path, one in found if version in (None, one.get("version"))]
    if not chosen:
        raise PlanError(f"{name}: has no version {version!r}: it has {shown:.100}")
    if len(chosen) > 1:
        advice = "say which with version=" if version is None else "give a file with one plan"
        raise PlanError(f"{name}: has {len(found)} versions ({shown:.100}): {advice}")
    return chosen[0]
