"""Checks batches against a data plan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import attrs

from .._checks import checked, encoded
from .._checks.paths import Path, format_path
from ..errors import PlanError
from .document import PlanDocument, Point, document_of, read_document
from .schema import MAX_SEARCHED, Problem, SchemaCheck, ViolationKind, hint

if TYPE_CHECKING:
    from ..batch import AnyBatch

_Key: TypeAlias = tuple[str | None, ...]  # the match type and the criteria of a data point

_CRITERIA = {
    "custom_event": ("custom_event_type", "event_name"),
    "screen_view": ("screen_name",),
    "product_action": ("action",),
    "promotion_action": ("action",),
}
_DEFAULTS = {"custom_event_type": "other"}  # of a custom event without a type
_EVENTS = ("custom_event", "screen_view")  # besides commerce events, the events that can be planned
_COMMERCE = {  # the first of these fields says what a commerce event is
    "product_action": "product_action",
    "promotion_action": "promotion_action",
    "product_impressions": "product_impression",
}
_NAMED_BY_MATCH = {  # what the match of a data point names, its schema can leave out
    ("data", "event_name"),
    ("data", "custom_event_type"),
    ("data", "screen_name"),
    ("data", "product_action", "action"),
    ("data", "promotion_action", "action"),
}
_PLANNED_IDENTITIES = {
    "customer_id": "customerid",
    "facebook_custom_audience_id": "facebookcustomaudienceid",
    **{f"other_id_{number}": f"other{number}" for number in range(2, 11)},
}
_SENT_IDENTITIES = {planned: sent for sent, planned in _PLANNED_IDENTITIES.items()}


@attrs.frozen
class Violation:
    """What of a batch is not as the data plan says. It quotes no value.

    Attributes:
        path: The path in the batch, such as `events[3].data.custom_attributes.color`.
        kind: mParticle's word for it: `unplanned`, `missing_required`, `invalid_value` or `unknown`.
        keyword: The keyword of the schema, such as `type`; None for an event that is not planned.
        problem: What is wrong, and what to do.
        action: What mParticle does with it by the settings of the plan: `drop_event`, `drop_attribute` or
            `drop_batch`; None if it does nothing.
        steps: The path as names and indices.
    """

    path: str
    kind: ViolationKind
    keyword: str | None
    problem: str
    action: str | None = None
    steps: Path = attrs.field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class DataPlan:
    """A version of a data plan, to check batches against.

    By default it says what mParticle's cloud says: `"42"` is accepted as a number, `"true"` as a boolean. With `strict`
    it says what mParticle's npm package `@mparticle/data-planning-node` says: it converts nothing, and does not check
    identities. Events that cannot be planned, such as a session start, are accepted in both modes.

    Attributes:
        plan_id: The ID of the plan; None if the document does not have it.
        version: The number of the version; None if the document does not have it.
    """

    def __init__(self, document: PlanDocument, *, strict: bool = False) -> None:
        """Compile the schemas of a document. `load` and `from_dict` read it first.

        Raises:
            PlanError: A schema is not valid.
        """
        self.plan_id = document.plan_id
        self.version = document.version
        self._strict = strict
        self._actions = {kind: action for kind, action in document.actions.items() if action != "allow"}
        self._checks = {_key_of_point(point): self._check(index, point) for index, point in enumerate(document.points)}
        self._planned = _names(self._checks)

    @classmethod
    def load(cls, path: str | os.PathLike[str], version: int | None = None, *, strict: bool = False) -> Self:
        """Read a plan from a JSON file: a whole plan or a version, as mParticle's page, API or SDKs have it.

        Args:
            path: The file.
            version: The number of the version, if the file has several.
            strict: Convert nothing, as mParticle's npm package.

        Raises:
            PlanError: The file is no data plan, does not have that version, or has a schema that is not valid.
            OSError: The file cannot be read.
        """
        document = read_document(path, version)
        try:
            return cls(document, strict=strict)
        except PlanError as error:
            raise PlanError(f"{os.fsdecode(path)}: {error}") from None

    @classmethod
    def from_dict(cls, plan: Mapping[str, Any], version: int | None = None, *, strict: bool = False) -> Self:
        """Read a plan from the dict of such a file.

        Raises:
            PlanError: The dict is no data plan, does not have that version, or has a schema that is not valid.
        """
        return cls(document_of(plan, version), strict=strict)

    def violations(self, batch: AnyBatch | bytes) -> list[Violation]:
        """What of a batch is not as the plan says, in the order of the events.

        Args:
            batch: A batch, or its JSON. What is not valid in it, `Batch.faults` finds, not this check.

        Raises:
            ValidationError: A value has no JSON form, or the bytes are not JSON.
        """
        text = batch if isinstance(batch, bytes) else encoded(batch)
        document = _object(checked(text, Any))
        return [*self._violations(_without_nulls(document) if b"null" in text else document)]

    def __repr__(self) -> str:
        return f"DataPlan({self.plan_id!r}, version {self.version})"

    def _violations(self, batch: dict[str, Any]) -> Iterator[Violation]:
        events = batch.get("events")
        for index, event in enumerate(events if isinstance(events, list) else ()):
            yield from self._event(_object(event), ("events", index))
        yield from self._part("user_attributes", _object(batch.get("user_attributes")), "user_attribute")
        if not self._strict:  # the npm package ignores identities
            identities = _object(batch.get("user_identities"))
            planned = {_PLANNED_IDENTITIES.get(name, name): value for name, value in identities.items()}
            yield from self._part("user_identities", planned, "user_identity")

    def _event(self, event: dict[str, Any], place: Path) -> Iterator[Violation]:
        key = _key_of_event(event)
        check = self._checks.get(key)
        if check is not None:
            for problem in check.problems(event):
                if self._strict or problem.kind != "unplanned" or problem.path not in _NAMED_BY_MATCH:
                    yield self._violation(place, problem, "event_attribute")
        elif key:
            yield self._violation(place, Problem((), "unplanned", None, self._unplanned(key)), "event")

    def _part(self, name: str, value: dict[str, Any], kind: str) -> Iterator[Violation]:
        check = self._checks.get((name,))
        if check is not None:
            for problem in check.problems(value):
                yield self._violation((name,), problem, kind)

    def _violation(self, place: Path, problem: Problem, subject: str) -> Violation:
        steps = (*place, *problem.path)
        if subject == "user_identity":
            steps = tuple(_SENT_IDENTITIES.get(str(step), step) for step in steps)
        action = self._actions.get(subject) if problem.kind == "unplanned" else None
        return Violation(format_path(steps), problem.kind, problem.keyword, problem.text, action, steps)

    def _check(self, index: int, point: Point) -> SchemaCheck:
        try:
            return SchemaCheck(point.schema, strict=self._strict)
        except PlanError as error:
            raise PlanError(f"data_points[{index}].validator.definition: {error}") from None

    def _unplanned(self, key: _Key) -> str:
        """The problem of an event that is not planned."""
        kind, *criteria = key
        if not criteria:
            return f"{kind} is not planned{hint('', ())}"
        *types, name = map(str, criteria)
        planned = self._planned.get(str(kind), {})
        if types and name in planned:
            return f"{kind} {name!r} is planned as {' or '.join(planned[name])}, not {types[0]}"
        of_type = f" of type {types[0]}" if types else ""
        return f"{kind} {name!r}{of_type} is not planned{hint(name, tuple(islice(planned, MAX_SEARCHED)))}"


def _names(keys: Iterable[_Key]) -> dict[str, dict[str, list[str]]]:
    """The planned names of each match type, each with the custom event types that it is planned as."""
    names: dict[str, dict[str, list[str]]] = {}
    for kind, *criteria in keys:
        *types, name = map(str, criteria or [""])
        names.setdefault(str(kind), {}).setdefault(name, []).extend(types)
    return names


def _key_of_point(point: Point) -> _Key:
    kind = point.match_type
    return (kind, *(point.criteria.get(name) for name in _CRITERIA.get(kind, ())))


def _key_of_event(event: dict[str, Any]) -> _Key:
    """The data point that plans an event; empty if the event cannot be planned."""
    kind, data = event.get("event_type"), _object(event.get("data"))
    if kind == "commerce_event":
        field = next((name for name in _COMMERCE if data.get(name) is not None), "")
        kind, data = _COMMERCE.get(field), _object(data.get(field))
    elif kind not in _EVENTS:
        return ()
    return (kind, *[_text(data.get(name, _DEFAULTS.get(name))) for name in _CRITERIA.get(kind, ())]) if kind else ()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """A copy without the fields that are null, which mParticle does not check. Lists stay as they are."""
    return {
        name: _without_nulls(one) if isinstance(one, dict) else one for name, one in value.items() if one is not None
    }
