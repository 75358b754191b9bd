"""`mparticle-ext example`: batches made of the examples in the spec."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mparticle_events.examples import BATCH, EVENTS, SHORT_BATCH

from ._python_code import python_code

_ENVIRONMENT = {"environment": "development"}  # an example must not count as production data
_OMITTED = "source_request_id"  # mParticle drops a second batch with the same one


def names() -> list[str]:
    """The event types that have an example."""
    return list(EVENTS)


def example(event: str | None, *, as_python: bool) -> str:
    """A batch with this event, or with most fields of a batch; as JSON, or as the Python code that builds it."""
    batch = _batch(event)
    return python_code(batch) if as_python else json.dumps(batch, indent=2, ensure_ascii=False)


def _batch(event: str | None) -> Mapping[str, Any]:
    batch = BATCH if event is None else {**SHORT_BATCH, "events": [EVENTS[event]]}
    return {field: value for field, value in {**batch, **_ENVIRONMENT}.items() if field != _OMITTED}
