"""The generated models and a JSON Schema validator of the same spec accept the same random documents."""

from __future__ import annotations

import json
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
VALIDATOR = validator(SPEC, "Batch")
DECODER = msgspec.json.Decoder(models.Batch)
many = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def is_accepted_by_models(document: Any) -> bool:
    try:
        DECODER.decode(json.dumps(document).encode())
    except msgspec.ValidationError:
        return False
    return True


@many
@given(Documents(SPEC, invalid=False).named("Batch"))
def test_both_accept_valid_documents_and_no_field_is_lost(document: Any) -> None:
    assert VALIDATOR.is_valid(document), list(VALIDATOR.iter_errors(document))
    decoded = DECODER.decode(json.dumps(document).encode())
    assert json.loads(encode(decoded)) == document


@many
@given(Documents(SPEC, invalid=True).named("Batch"))
def test_they_agree_on_valid_and_invalid_documents(document: Any) -> None:
    assert is_accepted_by_models(document) == VALIDATOR.is_valid(document), list(VALIDATOR.iter_errors(document))


@given(st.integers(-(2**53), 2**53))
def test_the_only_difference_is_an_integer_written_with_a_fraction(number: int) -> None:
    document = {"environment": "production", "mpid": float(number)}
    assert VALIDATOR.is_valid(document)
    assert not is_accepted_by_models(document)


@many
@given(st.sampled_from(sorted(SPEC["components"]["schemas"]["Event"]["discriminator"]["mapping"])), st.data())
def test_they_agree_on_each_event_type(event_type: str, data: st.DataObject) -> None:
    name = SPEC["components"]["schemas"]["Event"]["discriminator"]["mapping"][event_type].rpartition("/")[2]
    event = data.draw(Documents(SPEC, invalid=data.draw(st.booleans())).named(name))
    document = {"environment": "production", "events": [event]}
    assert is_accepted_by_models(document) == VALIDATOR.is_valid(document), list(VALIDATOR.iter_errors(document))
