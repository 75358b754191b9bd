"""Which violations a data plan finds, and what they say."""

from __future__ import annotations

import copy
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from plans import CONTAINERS, DOCUMENT, OTHER, SHOP, VERSION, batch, custom, event, purchase, write

import mparticle_ext as m
from mparticle_ext import DataPlan, PlanError, Violation

PLAN = DataPlan.load(SHOP)


def lines(*events: dict[str, Any], **fields: Any) -> list[str]:
    return [f"{found.kind}: {found}" for found in PLAN.violations(batch(*events, **fields))]


GOOD = batch(
    custom("Search", "search", words="tea", results=3, filters=None, fast=True),
    event("screen_view", screen_name="Home"),
    purchase({"id": "sku-1", "name": "Tea", "price": 1.5, "custom_attributes": {"color": "red", "size": 9}}),
    event("session_start"),
    event("application_state_transition", application_transition_type="application_foreground"),
    user_attributes={"plan": "gold", "age": 7, "tags": ["a"]},
    user_identities={"customer_id": "1", "email": "ada@example.com", "other_id_2": "b"},
)


def test_a_batch_as_planned_has_no_violations() -> None:
    assert PLAN.violations(GOOD) == []
    assert PLAN.violations(json.dumps(GOOD).encode()) == PLAN.violations(json.dumps(GOOD)) == []
    assert PLAN.violations(m.Batch.from_json(json.dumps(GOOD))) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (custom("Serch", "search"), "unplanned: events[0]: custom_event 'Serch' of type search is not planned: did you mean 'Search'?"),
        (custom("Search", "navigation"), "unplanned: events[0]: custom_event 'Search' is planned as search, not navigation"),
        (event("custom_event", event_name="Search"), "unplanned: events[0]: custom_event 'Search' is planned as search, not other"),
        (event("screen_view", screen_name="Xyz"), "unplanned: events[0]: screen_view 'Xyz' is not planned: add it to the plan, or leave it out"),
        (event("commerce_event", product_action={"action": "refund"}), "unplanned: events[0]: product_action 'refund' is not planned: add it to the plan, or leave it out"),
        (custom("Hello World", fo=1), "unplanned: events[0].data.custom_attributes.fo: is not planned: did you mean 'foo'?"),
        (custom("Hello World", "other", **{"a b": 1}), "unplanned: events[0].data.custom_attributes['a b']: is not planned: add it to the plan, or leave it out"),
        (custom("Search", "search"), "missing_required: events[0].data.custom_attributes.words: is required: give it a value"),
        (custom("Search", "search", words=None), "missing_required: events[0].data.custom_attributes.words: is required: give it a value"),
        (custom("Search", "search", words=1), "invalid_value: events[0].data.custom_attributes.words: must be of type string, not number"),
        (custom("Search", "search", words="", filters=True), "invalid_value: events[0].data.custom_attributes.filters: must be of type null or string, not boolean"),
        (custom("Search", "search", words="", results=-1), "invalid_value: events[0].data.custom_attributes.results: is less than the minimum of 0"),
        (custom("Search", "search", words="", results="10001"), "invalid_value: events[0].data.custom_attributes.results: is greater than the maximum of 10000"),
        (custom("Search", "search", words="", page=0), "invalid_value: events[0].data.custom_attributes.page: is less than or equal to the minimum of 0"),
        (custom("Hello World", size="huge"), "invalid_value: events[0].data.custom_attributes.size: must be one of small, large"),
        (custom("Hello World", foo="x"), "invalid_value: events[0].data.custom_attributes.foo: \"bar\" was expected"),
        (custom("Signed up, at last", "user_content", code="secret"), 'invalid_value: events[0].data.custom_attributes.code: does not match "^[A-Z]{2}\\d+$"'),
        (custom("Signed up, at last", "user_content", at="secret"), 'invalid_value: events[0].data.custom_attributes.at: is not a "date-time"'),
        (event("screen_view", screen_name="Home", custom_attributes={"variant": "long"}), "invalid_value: events[0].data.custom_attributes.variant: is longer than 3 characters"),
        (purchase({"id": "sku-1", "name": "a"}, {"id": "sku-2"}), "missing_required: events[0].data.product_action.products[1].name: is required: give it a value"),
        (purchase({"id": "sku-1", "name": "a", "custom_attributes": {"colour": "red"}}), "unplanned: events[0].data.product_action.products[0].custom_attributes.colour: is not planned: did you mean 'color'?"),
        (purchase(coupn="a"), "unplanned: events[0].data.custom_attributes.coupn: is not planned: did you mean 'coupon'?"),
    ],
)  # fmt: skip
def test_a_violation_of_an_event(found: dict[str, Any], expected: str) -> None:
    assert lines(found) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"user_attributes": {"plann": "gold"}}, "unplanned: user_attributes.plann: is not planned: did you mean 'plan'?"),
        ({"user_attributes": {"plan": "lead"}}, "invalid_value: user_attributes.plan: must be one of gold, silver"),
        ({"user_attributes": {"tags": ["a", 1]}}, "invalid_value: user_attributes.tags[1]: must be of type string, not number"),
        ({"user_identities": {"other_id_3": "a"}}, "unplanned: user_identities.other_id_3: is not planned: did you mean 'other_id_2'?"),
        ({"user_identities": {"email": "a"}}, 'invalid_value: user_identities.email: is not a "email"'),
    ],
)  # fmt: skip
def test_a_violation_of_a_user(fields: dict[str, Any], expected: str) -> None:
    assert lines(**fields) == [expected]


def test_all_violations_come_in_the_order_of_the_events() -> None:
    found = PLAN.violations(batch(custom("x"), custom("Hello World", a=1, foo=2), user_attributes={"z": 1}))
    assert [violation.path.partition(".")[0] for violation in found] == ["events[0]", "events[1]", "events[1]", "user_attributes"]  # fmt: skip
    assert found[1] == Violation(
        "events[1].data.custom_attributes.foo", "invalid_value", "const", '"bar" was expected', None, ("events", 1, "data", "custom_attributes", "foo")
    )  # fmt: skip


def test_only_unplanned_data_is_blocked_as_the_settings_say() -> None:
    found = PLAN.violations(
        batch(custom("x"), custom("Hello World", a=1, foo=2), user_attributes={"z": 1}, user_identities={"google": "a"})
    )
    assert {violation.action for violation in found if violation.kind == "invalid_value"} == {None}
    unplanned = [violation.action for violation in found if violation.kind == "unplanned"]
    assert unplanned == ["drop_event", "drop_attribute", None, "drop_batch"]


def test_a_batch_object_is_checked_in_the_form_in_which_it_is_sent() -> None:
    product = m.Product("sku-1", "Tea", Decimal("-1"), custom_attributes={"size": 99})
    purchase = m.CommerceEvent(product_action=m.ProductAction("purchase", "order-1", Decimal(1), [product]))
    found = PLAN.violations(m.Batch("production", events=[purchase]))
    assert [violation.path for violation in found] == [
        "events[0].data.product_action.products[0].price",
        "events[0].data.product_action.products[0].custom_attributes.size",
    ]


def test_what_the_match_names_needs_no_property() -> None:
    added = event("commerce_event", product_action={"action": "add_to_cart", "products": []})
    assert PLAN.violations(batch(added)) == []
    (found,) = DataPlan.load(SHOP, strict=True).violations(batch(added))
    assert found.path == "events[0].data.product_action.action"  # as the npm package says


@pytest.mark.parametrize("kind", ["custom_event", "screen_view"])
def test_the_type_of_an_event_needs_no_property(kind: str) -> None:
    names = {"event_name": "a", "custom_event_type": "other"} if kind == "custom_event" else {"screen_name": "a"}
    validator = {"type": "json_schema", "definition": {"properties": {"data": {}}, "additionalProperties": False}}
    points = [
        {"match": {"type": kind, "criteria": names}, "validator": validator},
        {"match": {"type": "user_attributes"}, "validator": validator},
    ]
    found = DataPlan.load({"data_points": points}).violations(
        batch({**event(kind, **names), "more": 1}, user_attributes={"event_type": kind})
    )
    assert [one.path for one in found] == ["events[0].more", "user_attributes.event_type"]


def test_a_point_without_a_custom_event_type_plans_no_event() -> None:
    points = [{"match": {"type": "custom_event", "criteria": {"event_name": "Search"}}}]
    (found,) = DataPlan.load({"data_points": points}).violations(batch(custom("Search", "search")))
    assert found.problem == "custom_event 'Search' of type search is not planned: add it to the plan, or leave it out"
    points.append(
        {"match": {"type": "custom_event", "criteria": {"event_name": "Search", "custom_event_type": "other"}}}
    )
    (found,) = DataPlan.load({"data_points": points}).violations(batch(custom("Search", "search")))
    assert found.problem == "custom_event 'Search' is planned as other, not search"


def test_no_text_quotes_a_value() -> None:
    words = ["secret", -77777, "77777.5", [77777], {"secret": "secret"}, "2020-secret"]
    attributes = [dict.fromkeys(("words", "results", "filters", "fast", "page"), word) for word in words]
    events = [custom("Search", "search", **one) for one in attributes]
    found = "".join(map(repr, PLAN.violations(batch(*events, user_attributes={"plan": "secret", "age": "77777.5"}))))
    assert "must be" in found
    assert "secret" not in found
    assert "77777" not in found


@pytest.mark.parametrize("name", CONTAINERS)
def test_each_container_is_read(name: str, tmp_path: Path) -> None:
    plan = DataPlan.load(write(tmp_path / "plan.json", CONTAINERS[name]), None if name == "a version" else 2)
    assert (plan.plan_id, plan.version) == ("shop", 2)
    (found,) = plan.violations(batch(custom("x")))
    assert found.action == "drop_event"
    assert repr(plan) == "DataPlan('shop', version 2)"


def test_a_document_alone_is_read_too() -> None:
    plan = DataPlan.load(DOCUMENT)
    assert (plan.plan_id, plan.version) == (None, None)
    assert len(plan.violations(batch(custom("x")))) == 1


def test_what_the_sdks_block() -> None:
    open_plan: dict[str, Any] = {"version_document": {"data_points": []}}
    plan = DataPlan.load({"dtpn": {"vers": open_plan, "blok": {"ev": True, "ua": False}}})
    (found,) = plan.violations(batch(custom("x")))
    assert found.action == "drop_event"


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xef\xbb\xbf" + SHOP.read_bytes())
    assert DataPlan.load(str(tmp_path / "plan.json")).plan_id == "shop"


def point(**changes: Any) -> dict[str, Any]:
    return {"data_points": [DOCUMENT["data_points"][0], {"match": {"type": "screen_view"}} | changes]}


def schema(definition: object) -> dict[str, Any]:
    return point(validator={"type": "json_schema", "definition": definition})


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"data_plan_versions": [OTHER, VERSION]}, "has 2 versions (1, 2): say which with version="),
        ({"data_plan_versions": [OTHER, OTHER, VERSION]}, "has 3 versions (1, 1, 2): say which with version="),
        ({"data_plan_versions": []}, "is not a data plan, for it has no data_points: give a file that mParticle exported"),
        ([[[[[[[[[VERSION]]]]]]]]], "is not a data plan, for it has no data_points: give a file that mParticle exported"),
        (7, "is not a data plan, for it has no data_points: give a file that mParticle exported"),
        ({"version_document": 7}, "version_document: must be an object, not a whole number"),
        ({"version_document": {}}, "data_points: is required: give it a value"),
        ({"data_points": {}}, "data_points: must be a list, not an object"),
        ({"data_points": [7]}, "data_points[0]: must be an object, not a whole number"),
        ({"version": "1", "data_points": []}, "version: must be a whole number or null, not a string"),
        (point(match=None), "data_points[1].match: is null, but required: give it a value"),
        (point(match={}), "data_points[1].match.type: is required: give it a value"),
        (point(match={"type": "screen_view", "criteria": {"screen_name": 7}}), "data_points[1].match.criteria.screen_name: must be a string or null, not a whole number"),
        (schema([]), "data_points[1].validator.definition: must be an object or null, not a list"),
        (schema({"properties": {"a": {"type": "strin"}}}), "data_points[1].validator.definition: properties.a.type: is not a JSON Schema: "),
        (point(match={"type": "user_identities"}, validator={"definition": {"properties": 7, "required": 7}}), "data_points[1].validator.definition: "),
        (schema({"required": "a"}), "data_points[1].validator.definition: required: is not a JSON Schema: "),
        (schema({"pattern": "("}), "data_points[1].validator.definition: pattern: is not a JSON Schema: "),
        (schema({"$ref": "http://127.0.0.1:1/schema"}), "data_points[1].validator.definition: is not a JSON Schema: "),
        (schema({"$ref": "file:///etc/passwd"}), "data_points[1].validator.definition: is not a JSON Schema: "),
    ],
)  # fmt: skip
def test_what_is_no_plan_says_why(plan: Any, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path / "plan.json", plan)
    with pytest.raises(PlanError) as caught:
        DataPlan.load(path)
    assert str(caught.value).startswith(f"{path}: {expected}")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is not valid JSON: "),
        (b'{"data_points": [', "is not valid JSON: "),
        (b"\xff\xfe{\x00", "is not "),
        (gzip.compress(b"{}", mtime=0), "is not "),
        (b"[" * 100_000, "is not valid JSON: "),
    ],
)
def test_a_file_that_is_no_json(content: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(PlanError, match=expected):
        DataPlan.load(tmp_path / "plan.json")


def test_a_version_that_is_not_there() -> None:
    with pytest.raises(PlanError, match=r"^data plan: has no version 3: it has 1, 2$"):
        DataPlan.load({"data_plan_versions": [OTHER, VERSION]}, 3)
    with pytest.raises(PlanError, match=r"^data plan: has 2 versions \(1, 1\): give a file with one plan$"):
        DataPlan.load({"data_plan_versions": [OTHER, OTHER]}, 1)


def test_a_dict_that_contains_itself() -> None:
    plan = copy.deepcopy(VERSION)
    plan["version_document"]["data_points"].append(plan)
    with pytest.raises(PlanError, match=r"^data plan: contains itself"):
        DataPlan.load(plan)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DataPlan.load(tmp_path / "plan.json")


@pytest.mark.parametrize(
    "value",
    [
        {"events": 7, "user_attributes": [], "user_identities": "a"},
        {"events": [7, None, {}, {"event_type": 7}, {"event_type": []}, {"event_type": "custom_event", "data": 7}]},
        {"events": [event("commerce_event", product_action=7), event("commerce_event", product_action={"action": {}})]},
        {"events": [event("custom_event", event_name={"a": []}, custom_event_type=[])]},
        {},
    ],
)
def test_what_is_not_valid_is_left_to_the_validation(value: dict[str, Any]) -> None:
    assert {violation.kind for violation in PLAN.violations(value)} <= {"unplanned"}


def test_a_value_without_json_form_is_an_error() -> None:
    with pytest.raises(m.ValidationError):
        PLAN.violations({"events": [object()]})
    with pytest.raises(m.ValidationError):
        PLAN.violations(b"{")


@pytest.mark.parametrize("wrong", [[m.Batch("production")], m.AppEvent("other", "a"), None, 7])
def test_what_is_no_batch_is_refused(wrong: Any) -> None:
    with pytest.raises(m.WrongCallError, match="a Batch is expected, not "):
        PLAN.violations(wrong)
