"""The spec: its examples, its rules for events and objects, its servers and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import yaml
from common import ROOT
from jsonschema import Draft202012Validator
from judges import validator
from mparticle_events import models, service
from mparticle_events.wire import encode

from mparticle_ext import Batch

SPEC: dict[str, Any] = yaml.safe_load((ROOT / "spec" / "openapi.yaml").read_text())
SCHEMAS = SPEC["components"]["schemas"]
EVENTS = {branch["$ref"].rpartition("/")[2] for branch in SCHEMAS["Event"]["oneOf"]}


def examples() -> Iterator[tuple[str, str, Any]]:
    """Each example: its name, its model and its value."""
    for path in SPEC["paths"].values():
        content = path["post"]["requestBody"]["content"]["application/json"]
        for name, example in content["examples"].items():
            batches = example["value"] if isinstance(example["value"], list) else [example["value"]]
            yield from (
                (f"{path['post']['operationId']} {name} {number}", "Batch", batch)
                for number, batch in enumerate(batches)
            )
    for name, schema in SCHEMAS.items():
        yield from ((f"{name} {number}", name, example) for number, example in enumerate(schema.get("examples", ())))


EXAMPLES = list(examples())


def test_each_operation_and_each_event_has_an_example() -> None:
    assert {name.split()[0] for name, _, _ in EXAMPLES} >= {
        *EVENTS,
        *(path["post"]["operationId"] for path in SPEC["paths"].values()),
    }


@pytest.mark.parametrize(("model", "example"), [case[1:] for case in EXAMPLES], ids=[case[0] for case in EXAMPLES])
def test_an_example_is_valid_and_survives_a_round_trip(model: str, example: Any) -> None:
    assert validator(SPEC, model).is_valid(example), list(validator(SPEC, model).iter_errors(example))
    decoded = msgspec.json.decode(json.dumps(example).encode(), type=getattr(models, model))
    assert json.loads(encode(decoded)) == example
    if model == "Batch":
        assert json.loads(Batch.from_json(json.dumps(example)).to_json()) == example


def test_each_event_is_in_one_of_and_in_the_mapping() -> None:
    mapping = SCHEMAS["Event"]["discriminator"]["mapping"]
    assert {name.rpartition("/")[2] for name in mapping.values()} == EVENTS
    for event_type, reference in mapping.items():
        envelope = SCHEMAS[reference.rpartition("/")[2]]
        assert envelope["properties"]["event_type"]["const"] == event_type


def test_each_object_in_a_request_is_closed() -> None:
    objects = {name: schema for name, schema in SCHEMAS.items() if "properties" in schema or "allOf" in schema}
    open_ones = {
        name
        for name, schema in objects.items()
        if not {"additionalProperties", "unevaluatedProperties"} & schema.keys()
    }
    assert open_ones == {"ApiErrorResponse", "ApiError", "CommonEventData"}


def test_every_optional_field_may_be_null() -> None:
    for name, schema in SCHEMAS.items():
        for field, property_ in schema.get("properties", {}).items():
            accepts_null = Draft202012Validator({**property_, "components": SPEC["components"]}).is_valid(None)
            assert accepts_null or field in schema.get("required", ()), f"{name}.{field}"


def test_the_servers_and_the_limits() -> None:
    assert {**service.SERVERS} == {
        "us1": "https://s2s.mparticle.com/v2",
        "us2": "https://s2s.us2.mparticle.com/v2",
        "eu1": "https://s2s.eu1.mparticle.com/v2",
        "au1": "https://s2s.au1.mparticle.com/v2",
    }
    assert (service.MIN_BATCHES, service.MAX_BATCHES) == (1, 100)
    assert (service.MAX_REQUEST_BYTES, service.MIN_HISTORICAL_AGE_HOURS) == (256 * 1024, 72)
