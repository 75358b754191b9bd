"""`mparticle-ext example`: batches of the spec's own examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mparticle_events.examples import BATCH, EVENTS, SHORT_BATCH

from ._python import written

_TRIED_OUT = {"environment": "development"}  # what is only tried out must not count as real data
_COPIED = "source_request_id"  # one that is copied along with a batch would have the copy dropped


def names() -> list[str]:
    """The events that there is an example of."""
    return list(EVENTS)


def example(event: str | None, *, as_python: bool) -> str:
    """A batch with this event, or with much of what one may hold; as JSON, or as the Python that builds it."""
    batch = _batch(event)
    return written(batch) if as_python else json.dumps(batch, indent=2, ensure_ascii=False)


def _batch(event: str | None) -> Mapping[str, Any]:
    batch = BATCH if event is None else {**SHORT_BATCH, "events": [EVENTS[event]]}
    return {field: value for field, value in {**batch, **_TRIED_OUT}.items() if field != _COPIED}
