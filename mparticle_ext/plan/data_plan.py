"""Checks batches against a data plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import attrs

from .._checks import checked, encoded, require_batch, utf8
from .._checks.paths import Path, format_path
from ..batch import AnyBatch
from .document import CRITERIA, PlanDocument, read_document, sent_identities
from .schema import Hints, Problem, SchemaCheck, ViolationKind

_COMMERCE = ("product_action", "promotion_action", "product_impressions")  # the first one says what an event is
_NAMED_BY_MATCH = {("events", "event_type")} | {
    *(("events", "data", name) for name in ("event_name", "custom_event_type", "screen_name")),
    *(("events", "data", name, "action") for name in ("product_action", "promotion_action")),
}  # a schema that is closed can leave them out


@attrs.frozen
class Violation:
    """A difference between a batch and the data plan. It quotes no value.

    Attributes:
        path: The path in the batch, such as `events[3].data.custom_attributes.color`; empty for the whole batch.
        kind: mParticle's word for it: `unplanned`, `missing_required`, `invalid_value` or `unknown`.
        keyword: The keyword of the schema, such as `type`; None for an event that is not planned.
        problem: What is wrong, and what to do.
        action: How mParticle blocks it by the settings of the plan: `drop_event`, `drop_attribute` or `drop_batch`;
            None if it does not.
        steps: The path as names and indices.
    """

    path: str
    kind: ViolationKind
    keyword: str | None
    problem: str
    action: str | None = None
    steps: Path = attrs.field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


class DataPlan:
    """A version of a data plan, to check batches against. `load` reads it.

    By default it says what mParticle's cloud says: `"42"` is accepted as a number, `"true"` as a boolean. With `strict`
    it says what mParticle's npm package `@mparticle/data-planning-node` says, which converts nothing and does not check
    identities. Events that cannot be planned, such as a session start, are accepted in both modes.

    Attributes:
        plan_id: The ID of the plan; None if the document does not have it.
        version: The number of the version; None if the document does not have it.

    Raises:
        PlanError: A schema is not valid.
    """

    def __init__(self, document: PlanDocument, *, strict: bool = False) -> None:
        self.plan_id: str | None = document.data_plan_id
        self.version: int | None = document.version
        self._strict = strict
        self._actions = {subject: action for subject, action in document.actions.items() if action != "allow"}
        self._hint = Hints()
        self._checks: dict[tuple[str | None, ...], SchemaCheck] = {}
        self._planned: dict[str, dict[str, list[str]]] = {}  # by match type and name: the custom event types
        for index, point in enumerate(document.version_document.data_points):
            place, key = f"{document.source}: data_points[{index}].validator.definition", point.key
            self._checks[key] = SchemaCheck(point.schema, self._hint, place, strict=strict)
            if None not in key:  # else it matches no event
                self._planned.setdefault(point.match.type, {}).setdefault(str(key[-1]), []).extend(map(str, key[1:-1]))

    @classmethod
    def load(
        cls, plan: str | os.PathLike[str] | Mapping[str, Any], version: int | None = None, *, strict: bool = False
    ) -> Self:
        """Read a whole plan or a version, as mParticle's page, API or SDKs have it.

        Args:
            plan: The path of a JSON file, or a dict.
            version: The number of the version, if there are several.
            strict: Say what mParticle's npm package says, not what its cloud says.

        Raises:
            PlanError: This is not a data plan, does not have that version, or has a schema that is not valid.
            OSError: The file cannot be read.
        """
        return cls(read_document(plan, version), strict=strict)

    def violations(self, batch: AnyBatch) -> list[Violation]:
        """Find the violations of the plan in a batch, in the order of the events.

        Args:
            batch: A batch, also as its JSON. `Batch.faults` finds values that are not valid; this check does not.

        Raises:
            WrongCallError: The argument is not a batch.
            ValidationError: A value has no JSON form, or the bytes are not JSON.
        """
        text = utf8(batch) if isinstance(batch, (str, bytes)) else encoded(require_batch(batch))
        document = _object(checked(text, object))
        try:
            return [*self._violations(document, _without_nulls if b"null" in text else _object)]
        except (RecursionError, ValueError):  # of Python, and of jsonschema-rs
            return [Violation("", "unknown", None, "is nested too deeply to be checked against the data plan")]

    def __repr__(self) -> str:
        return f"DataPlan({self.plan_id!r}, version {self.version})"

    def _violations(self, batch: dict[str, Any], clean: Callable[[Any], dict[str, Any]]) -> Iterator[Violation]:
        events = batch.get("events")
        for index, event in enumerate(map(clean, events) if isinstance(events, list) else ()):
            key, place = _key_of_event(event), ("events", index)
            if key and key not in self._checks:
                yield self._violation(place, Problem((), "unplanned", None, self._unplanned(*key)), "event")
            yield from self._part(key, event, place, "event_attribute")
        attributes, identities = ("user_attributes",), ("user_identities",)
        yield from self._part(attributes, clean(batch.get(attributes[0])), attributes, "user_attribute")
        if not self._strict:  # the npm package ignores identities
            sent = sent_identities(clean(batch.get(identities[0])))
            yield from self._part(identities, sent, identities, "user_identity")

    def _part(self, key: tuple[str, ...], value: dict[str, Any], place: Path, subject: str) -> Iterator[Violation]:
        check = self._checks.get(key)
        for problem in check.problems(value) if check else ():
            if self._strict or problem.kind != "unplanned" or (place[0], *problem.path) not in _NAMED_BY_MATCH:
                yield self._violation(place, problem, subject)

    def _violation(self, place: Path, problem: Problem, subject: str) -> Violation:
        steps = (*place, *problem.path)
        action = self._actions.get(subject) if problem.kind == "unplanned" else None
        return Violation(format_path(steps), problem.kind, problem.keyword, problem.text, action, steps)

    def _unplanned(self, kind: str, *criteria: str) -> str:
        """The problem of an event that is not planned."""
        *types, name = criteria or [""]
        planned = self._planned.get(kind, {})
        if types and name in planned:
            return f"{kind} {name!r} is planned as {' or '.join(planned[name])}, not {types[0]}"
        event = f"{kind} {name!r} of type {types[0]}" if types else f"{kind} {name!r}" if name else kind
        return f"{event} is not planned{self._hint(name, planned)}"


def _key_of_event(event: dict[str, Any]) -> tuple[str, ...]:
    """The data point that plans an event; empty if the event cannot be planned."""
    kind, data = event.get("event_type"), _object(event.get("data"))
    if kind == "commerce_event":
        field = next((name for name in _COMMERCE if data.get(name) is not None), "")
        kind, data = field.removesuffix("s"), _object(data.get(field))
    elif kind not in ("custom_event", "screen_view"):
        return ()
    data = {"custom_event_type": "other", **data}
    return (kind, *(str(data.get(name)) for name in CRITERIA.get(kind, ()))) if kind else ()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _without_nulls(value: Any) -> dict[str, Any]:
    """An object without the fields that are null, which mParticle does not check. Lists stay as they are."""
    fields = ((name, one) for name, one in _object(value).items() if one is not None)
    return {name: _without_nulls(one) if isinstance(one, dict) else one for name, one in fields}
