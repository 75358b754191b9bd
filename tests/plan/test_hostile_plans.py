"""Plans that are huge, deep, or made to take long get a clear error, or an answer in bounded time."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from plans import batch, custom, event

from mparticle_ext import DataPlan, PlanError, ValidationError

SECONDS = 20.0  # of CPU time; without a bound each of these takes hours


def plan_of(*definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "data_points": [
            {
                "match": {
                    "type": "custom_event",
                    "criteria": {"event_name": f"event {n}", "custom_event_type": "other"},
                },
                "validator": {"type": "json_schema", "definition": definition},
            }
            for n, definition in enumerate(definitions)
        ]
    }


def attribute(schema: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"data": {"properties": {"custom_attributes": {"properties": {"a": schema}}}}}}


def nested(depth: int) -> dict[str, Any]:
    definition: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        definition = {"properties": {"a": definition}}
    return definition


@pytest.mark.slow
def test_ten_thousand_points() -> None:
    started = time.process_time()
    plan = DataPlan.load(plan_of(*[attribute({"type": "string"})] * 10_000))
    found = plan.violations(batch(*(custom(f"no event {n}") for n in range(10_000)), custom("event 9999", a="")))
    assert len(found) == 10_000
    assert found[0].problem.endswith(": did you mean 'event 0'?")
    assert found[-1].problem.endswith(": add it to the plan, or leave it out")  # it no longer searches
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", r"^(?=a)(a+)+\1$", "(.*a){25}", r"(a*)*\1b"])
def test_a_regular_expression_that_takes_exponential_time(pattern: str) -> None:
    plan = DataPlan.load(plan_of(attribute({"pattern": pattern})))
    started = time.process_time()
    plan.violations(batch(custom("event 0", a="a" * 4000 + "!")))
    assert time.process_time() - started < SECONDS


def test_a_deep_schema() -> None:
    assert DataPlan.load(plan_of(nested(50))).violations(batch(custom("event 0"))) == []
    with pytest.raises(
        PlanError, match=r"^data plan: data_points\[0\]\.validator\.definition: is not a JSON Schema: |nested too deep"
    ):
        DataPlan.load(plan_of(nested(450)))


@pytest.mark.parametrize("definition", [{"$ref": "#"}, {"properties": {"data": {"$ref": "#/properties/data"}}}])
def test_a_schema_that_refers_to_itself(definition: dict[str, Any]) -> None:
    assert DataPlan.load(plan_of(definition)).violations(batch(custom("event 0"))) == []


@pytest.mark.parametrize("depth", [300, 900, 100_000])
@pytest.mark.parametrize("inmost", ["null", "1"])
def test_a_deep_batch(depth: int, inmost: str) -> None:
    deep = '{"a":' * depth + inmost + "}" * depth
    for definition in ({}, attribute({"type": "string"}), attribute({"additionalProperties": {"type": "string"}})):
        plan = DataPlan.load(plan_of(definition))
        one = json.dumps(batch(custom("event 0", a="DEEP"))).replace('"DEEP"', deep).encode()
        if depth > 1000:
            with pytest.raises(ValidationError, match="is not valid JSON"):
                plan.violations(one)
        else:
            found = [str(violation) for violation in plan.violations(one)]
            assert found in ([], ["is nested too deeply to be checked against the data plan"])


def test_a_schema_with_a_reference_is_explained() -> None:
    definitions = {"definitions": {"a": {"additionalProperties": False}}, "properties": {"data": {"$ref": "#/definitions/a"}}}  # fmt: skip
    plan = DataPlan.load(plan_of(definitions), strict=True)
    found = plan.violations(batch(event("custom_event", event_name="event 0", custom_event_type="other", b=1)))
    assert {violation.path for violation in found} >= {"events[0].data.b"}


def test_braces_in_a_schema_are_no_placeholders() -> None:
    plan = DataPlan.load(plan_of(attribute({"enum": ["{limit}", "{0}"], "pattern": "^[{]x[}]$"})))
    found = plan.violations(batch(custom("event 0", a="b")))
    assert {violation.problem for violation in found} == {"must be one of {limit}, {0}", 'does not match "^[{]x[}]$"'}


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$", "a.b-c@example.com", "a+b@example.com"),
        (r"^[\d-_]+$", "1-2_3", "1.2"),
        (r"^[.-\w]+$", "a.b-c", "a+b"),
        (r"^[+-\d-.]+-\d$", "+1-.2-3", "1,2-3"),
        (r"^[\w-.][.\-\w]+$", "a.b-c", "a.b\\c"),
        (r"^[\w-.]\\w-x$", "-\\w-x", "-a-x"),
    ],
)
def test_a_dash_beside_a_class_is_a_dash_as_in_javascript(pattern: str, good: str, bad: str) -> None:
    plan = DataPlan.load(plan_of(attribute({"pattern": pattern})))
    assert plan.violations(batch(custom("event 0", a=good))) == []
    (found,) = plan.violations(batch(custom("event 0", a=bad)))
    assert found.problem.startswith("does not match ")


@pytest.mark.parametrize(
    ("pattern", "instead", "good"),
    [
        (r"^(?<n>a)\k<n>$", r"^(?<n>a)\1$", "aa"),
        ("^[^]$", r"^[\s\S]$", "\n"),
        (r"^[\b]$", r"^\x08$", "\b"),
        (r"^\0$", r"^\x00$", "\0"),
    ],
)
def test_a_pattern_that_is_not_read_can_be_written_in_another_way(pattern: str, instead: str, good: str) -> None:
    with pytest.raises(PlanError, match=r"pattern: is not a JSON Schema: "):
        DataPlan.load(plan_of(attribute({"pattern": pattern})))
    plan = DataPlan.load(plan_of(attribute({"pattern": instead})))
    assert plan.violations(batch(custom("event 0", a=good))) == []
    assert len(plan.violations(batch(custom("event 0", a="no match")))) == 1


def test_a_long_list_of_values_is_shortened() -> None:
    plan = DataPlan.load(plan_of(attribute({"enum": [*range(1000)]})))
    (found,) = plan.violations(batch(custom("event 0", a="b")))
    assert found.problem.endswith("18, 19, ... (1000 values)")


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf", "not", "minItems", "uniqueItems"])
def test_a_keyword_that_mparticle_does_not_have(keyword: str) -> None:
    schemas: dict[str, Any] = {"anyOf": [False], "oneOf": [False], "allOf": [False], "not": {}, "minItems": 3, "uniqueItems": True}  # fmt: skip
    plan = DataPlan.load(plan_of(attribute({keyword: schemas[keyword]})))
    assert {one.kind for one in plan.violations(batch(custom("event 0", a=[1, 1])))} == {"unknown"}
