"""Names the data plan in batches, and checks them against it before they are sent. Loaded when there is a plan."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from mparticle_events import constructors, models
from mparticle_events.wire import encode
from msgspec import Raw

from .._checks import checked
from ..batch import AnyBatch
from ..errors import PlanViolationError, ValidationError, require_plain

if TYPE_CHECKING:
    from ..configuration import OnViolation
    from ..plan.data_plan import DataPlan, Violation

LOG = logging.getLogger("mparticle_ext")

_BatchObject: TypeAlias = models.Batch | Mapping[str, Any]
_Context: Any = dict[str, Raw] | None
_MAX_LOGGED = 5  # violations of a batch


class PlanCheck:
    """The data plan of one API object, and what happens to a batch that is not as it says."""

    def __init__(self, plan: DataPlan, on_violation: OnViolation) -> None:
        self._plan = plan
        named = {"plan_id": plan.plan_id, "plan_version": plan.version}
        self._named: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        self._on_violation = on_violation

    def tagged(self, batch: _BatchObject) -> _BatchObject:
        """The batch with the plan in its context, else mParticle does not check it. The caller's object stays as it is.

        A batch that names a plan keeps it.
        """
        context = batch.get("context") if isinstance(batch, Mapping) else batch.context
        if "plan_id" not in self._named or _names_a_plan(context):
            return batch
        if isinstance(batch, Mapping):
            return {**batch, "context": self._with_plan(context or {})}
        batch = copy.copy(batch)
        batch.context = self._with_plan(context or constructors.BatchContext())
        return batch

    def tagged_document(self, document: bytes) -> bytes:
        """The JSON of a batch with the plan in its context."""
        fields, context = _fields_and_context(document)
        if "plan_id" not in self._named or bytes(context.get("data_plan", b"null")) != b"null":
            return document
        return encode({**fields, "context": self._with_plan(context)})

    def check(self, batch: AnyBatch, document: bytes, index: int | None) -> None:
        """Check the JSON of a batch: warn about violations, raise them, or give them to the user's function."""
        violations = [] if self._is_for_another(document) else self._plan.violations(document)
        if not violations:
            return
        if callable(self._on_violation):
            require_plain(self._on_violation(violations, batch), "on_violation")
        elif self._on_violation == "raise":
            raise PlanViolationError(violations, index)
        else:
            _warn(violations, index)

    def _is_for_another(self, document: bytes) -> bool:
        """Whether a batch names another plan or version, by which mParticle checks it."""
        named: Any = None
        with suppress(ValidationError):  # what is not valid is not for the plan to say
            _, context = _fields_and_context(document)
            named = checked(bytes(context.get("data_plan", b"null")), object)
        given = named if isinstance(named, dict) else {}
        return any(given.get(name) not in (None, value) for name, value in self._named.items())

    def _with_plan(self, context: Any) -> Any:
        if isinstance(context, Mapping):
            return {**context, "data_plan": self._named}
        context = copy.copy(context)
        context.data_plan = constructors.DataPlanContext(**self._named)
        return context


def _fields_and_context(document: bytes) -> tuple[dict[str, Raw], dict[str, Raw]]:
    """The fields of the JSON of a batch, and those of its context."""
    fields = checked(document, dict[str, Raw])
    return fields, checked(bytes(fields.get("context", b"{}")), _Context) or {}


def _names_a_plan(context: object) -> bool:
    """Whether a context names a plan, or cannot take one because it is not valid."""
    if isinstance(context, Mapping):
        return bool(context.get("data_plan"))
    return bool(context.data_plan if isinstance(context, models.BatchContext) else context)


def _warn(violations: Sequence[Violation], index: int | None) -> None:
    shown = "; ".join(map(str, violations[:_MAX_LOGGED]))
    more = f"; and {len(violations) - _MAX_LOGGED} more" if len(violations) > _MAX_LOGGED else ""
    place = "batch" if index is None else f"batches[{index}]"
    LOG.warning("%s: is not as the data plan says: %s%s", place, shown, more)
