"""Random wire documents before two judges: the generated models, and a JSON Schema validator on the same spec. They agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import yaml
from common import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judges import Documents, validator
from mparticle_events import models
from mparticle_events.wire import encode

SPEC = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text())
JUDGE = validator(SPEC, "Batch")
DECODER = msgspec.json.Decoder(models.Batch)
many = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def models_take(document: Any) -> bool:
    try:
        DECODER.decode(json.dumps(document).encode())
    except msgspec.ValidationError:
        return False
    return True


@many
@given(Documents(SPEC, bad=False).named("Batch"))
def test_both_take_what_is_good_and_nothing_of_it_is_lost(document: Any) -> None:
    assert JUDGE.is_valid(document), list(JUDGE.iter_errors(document))
    decoded = DECODER.decode(json.dumps(document).encode())
    assert json.loads(encode(decoded)) == document


@many
@given(Documents(SPEC, bad=True).named("Batch"))
def test_they_agree_on_good_and_bad(document: Any) -> None:
    assert models_take(document) == JUDGE.is_valid(document), list(JUDGE.iter_errors(document))


@given(st.integers(-(2**53), 2**53))
def test_the_one_difference_is_a_whole_number_that_is_written_with_a_fraction(number: int) -> None:
    document = {"environment": "production", "mpid": float(number)}
    assert JUDGE.is_valid(document)
    assert not models_take(document)


@many
@given(st.sampled_from(sorted(SPEC["components"]["schemas"]["Event"]["discriminator"]["mapping"])), st.data())
def test_they_agree_on_each_event(event_type: str, data: st.DataObject) -> None:
    name = SPEC["components"]["schemas"]["Event"]["discriminator"]["mapping"][event_type].rpartition("/")[2]
    event = data.draw(Documents(SPEC, bad=data.draw(st.booleans())).named(name))
    document = {"environment": "production", "events": [event]}
    assert models_take(document) == JUDGE.is_valid(document), list(JUDGE.iter_errors(document))
