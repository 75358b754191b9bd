"""Modules that are generated from data plans: their names, their signatures, and what they send."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FunctionType, ModuleType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from command import environment, run
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mparticle_events import models, reading
from msgspec import UNSET, UnsetType
from type_checkers import errors_of_mypy, errors_of_pyright

import mparticle_ext
from mparticle_ext import AppEvent, Batch, DataPlan, GeoLocation, PlanError, unixtime_ms
from mparticle_ext.cli.generate import describe_changes
from mparticle_ext.plan import generate as generator
from mparticle_ext.plan.document import PlanDocument, read_document
from mparticle_ext.plan.generate import generate

HERE = Path(__file__).parent
PLANS = {"generate_shop": 2, "generate_names": None, "generate_sdk": None, "generate_bare": None, "shop": None}


def plan_file(name: str) -> Path:
    return HERE / f"{name}.json"


def load(text: str) -> ModuleType:
    """The module with this code."""
    spec = importlib.util.spec_from_loader("generated_plan", loader=None)
    assert spec
    module = importlib.util.module_from_spec(spec)
    exec(compile(text, "generated_plan.py", "exec"), vars(module))  # noqa: S102  # what the tests are about
    return module


def functions_of(module: ModuleType) -> dict[str, FunctionType]:
    return {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, FunctionType) and found.__module__ == module.__name__ and name[0] != "_"
    }


def point(name: str, attributes: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A data point of a custom event."""
    schema = {"properties": {"data": {"properties": {"custom_attributes": {"properties": attributes or {}, **more}}}}}
    criteria = {"event_name": name, "custom_event_type": "other"}
    return {
        "match": {"type": "custom_event", "criteria": criteria},
        "validator": {"type": "json_schema", "definition": schema},
    }


def text_of(document: PlanDocument) -> str:
    return generate(document)[0]


def module_of(*points: Mapping[str, Any]) -> str:
    return text_of(read_document({"data_points": list(points)}))


# What it sends


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("name", PLANS)
def test_the_check_accepts_what_each_function_makes(name: str, optional: bool, strict: bool) -> None:
    module = load(text_of(read_document(plan_file(name), PLANS[name])))
    plan = DataPlan.load(plan_file(name), PLANS[name], strict=strict)
    made = {function.__name__: call(function, module, optional=optional) for function in functions_of(module).values()}
    parts = (mparticle_ext.Product, mparticle_ext.Promotion, mparticle_ext.ProductImpression)  # of the events
    batch = Batch("development", user_attributes=made.pop("user_attributes", UNSET))
    batch.user_identities = made.pop("user_identities", UNSET)
    batch.events = [one for one in made.values() if not isinstance(one, parts)]
    batch.validate()
    flagged = {one.path.partition(".")[2] for one in plan.violations(batch)}
    assert flagged <= ({"data.product_action.action"} if strict else set())  # npm flags it in a closed product_action


def call(function: FunctionType, module: ModuleType, *, optional: bool) -> Any:
    """Call a function with a value for each parameter that is required, or for all, as its signature says."""
    hints = get_type_hints(function, localns=vars(module))
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if optional or parameter.default is inspect.Parameter.empty:
            arguments[name] = value_of(name, hints[name], function, module)
    return function(**arguments)


def value_of(name: str, hint: Any, function: FunctionType, module: ModuleType) -> Any:
    """A value of the first branch of a hint."""
    is_union = get_origin(hint) in (Union, UnionType)
    branch = next(one for one in get_args(hint) if one is not UnsetType) if is_union else hint
    origin, arguments = get_origin(branch), get_args(branch)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [value_of(name, arguments[0], function, module)]
    if origin is Sequence:
        made = functions_of(module)
        builder = made.get(f"{function.__name__}_{name.removesuffix('s')}") or made.get(name.removesuffix("s"))
        return [call(builder, module, optional=True) if builder and builder is not function else arguments[0]()]
    if branch is int and name.endswith("_ms") and "time_on" not in name:
        return unixtime_ms()
    return (
        VALUES[name]() if name in VALUES else VALUES[origin or branch]() if (origin or branch) in VALUES else branch()
    )


VALUES: dict[Any, Callable[[], Any]] = {
    "email": lambda: "ada@example.com",
    "day": lambda: "2026-11-28",
    "birthday": lambda: "1815-12-10",
    "at": lambda: "2026-11-28T12:00:00Z",
    "code": lambda: "AB1",
    "variant": lambda: "abc",
    "id": lambda: "sku-1",
    "ratio": lambda: 0.5,
    "custom_flags": lambda: {"a flag": ["a", 1]},
    Mapping: lambda: {"more": "attributes"},
    str: lambda: "text",
    int: lambda: 21,
    float: lambda: 21.5,
    bool: lambda: True,
    Any: lambda: "anything",
    type(None): lambda: None,
    mparticle_ext.GeoLocation: lambda: mparticle_ext.GeoLocation(52.5, 13.4),
}


# Names


def test_names_are_readable_and_do_not_clash() -> None:
    module = load(text_of(read_document(plan_file("generate_names"))))
    events = {name: call(one, module, optional=False) for name, one in functions_of(module).items()}
    sent = {name: event.event_name for name, event in events.items() if isinstance(event, AppEvent)}
    assert sent == {
        "class_": "class",
        "click_product_2": "click product",  # click_product makes a product of `click`
        "comma_example_navigation": "Comma example",
        "comma_example_navigation_2": "Comma,example",
        "coupon_used_other": "Coupon Used",
        "coupon_used_transaction": "Coupon Used",
        "données_reçues": "Données reçues",
        "http_request_sent": "HTTPRequestSent",
        "list_": "list",
        "n_2nd_step": "2nd step",
        "unnamed": "???",
        "user_attributes_other": "User Attributes",
        "view_home_other": "View Home",
        "購入": "購入",
    }
    assert isinstance(events["view_home"], mparticle_ext.ScreenViewEvent)
    attributes = dict.fromkeys(
        ["class_", "event_fields", "custom_attributes", "a_b", "a_b_2", "a_b_3", "field", "field_2"]
    )
    made = module.http_request_sent(**{name: name for name in attributes}, custom_attributes_2={"more": 1})
    assert made.custom_attributes == {
        "more": 1,
        "class": "class_",
        "event_fields": "event_fields",
        "custom_attributes": "custom_attributes",
        "a_b": "a_b",  # the name as it is comes first
        "a b": "a_b_2",
        "a.b": "a_b_3",
        "field": "field",
        "ﬁeld": "field_2",
    }


def test_an_attribute_with_the_name_of_an_event_field_is_the_attribute() -> None:
    search = load(text_of(read_document(plan_file("generate_shop"), 2))).search
    event = search(query="shoes", page_url="/shoes", session_id=7, custom_attributes={"color": "red"})
    assert event.custom_attributes == {"query": "shoes", "page_url": "/shoes", "color": "red"}
    assert (event.page_url, event.session_id) == (UNSET, 7)


def test_an_attribute_with_the_name_of_a_common_field_leaves_out_the_field() -> None:
    module = load(module_of(point("Near", {"location": {}}), point("Far", {"distance": {}})))
    common = ["timestamp_unixtime_ms", "source_message_id", "session_id", "session_uuid", "custom_flags"]
    assert [*inspect.signature(module.near).parameters] == ["location", "custom_attributes", *common]
    assert [*inspect.signature(module.far).parameters] == ["distance", "custom_attributes", *common, "location"]
    near = module.near(location="Berlin", timestamp_unixtime_ms=unixtime_ms())
    near.location = place = GeoLocation(latitude=52.5, longitude=13.4)
    assert (near.custom_attributes, near.location) == ({"location": "Berlin"}, place)


def test_optional_values_that_are_not_given_are_left_out() -> None:
    plan = load(text_of(read_document(plan_file("generate_shop"), 2)))
    assert plan.signed_up(method="email").to_dict() == {
        "custom_event_type": "other",
        "event_name": "Signed Up",
        "custom_attributes": {"method": "email"},
    }
    assert plan.user_attributes() == {}
    assert plan.user_identities(customer_id="7", other_id_2="b").to_dict() == {"customer_id": "7", "other_id_2": "b"}


def test_the_order_of_the_points_does_not_matter() -> None:
    points = json.loads(plan_file("generate_names").read_text())["version_document"]["data_points"]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(points)  # noqa: S311
        texts.add(module_of(*points))
    assert len(texts) == 1


def test_the_same_plan_gives_the_same_bytes_in_each_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        run(
            "generate",
            plan_file("generate_names"),
            "-o",
            tmp_path / seed,
            env=environment(PYTHONHASHSEED=seed, LC_ALL="C"),
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_fields_that_mparticle_sets_are_no_parameters() -> None:
    read_only = {
        name
        for kind in (models.CustomEventData, models.CommerceEventData)
        for name in reading._READ_ONLY[kind]  # noqa: SLF001
    }
    assert read_only <= generator._HIDDEN  # noqa: SLF001  # a rule that the spec's generator knows


# Hostile and huge plans

NASTY = st.text() | st.sampled_from(
    [
        '"""\nimport os\nos.abort()\n"""',
        '"',
        '""""',
        "\\",
        '\\"""',
        "a\\",
        "'",
        "\r\n    return os",
        "\u2028os.abort()",
        "\x00",
        "{event_name.__class__}",
        "%s",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "__import__('os').abort()",
        ")",
        "# ",
    ]
)


@given(NASTY, NASTY, NASTY, NASTY, st.lists(NASTY | st.integers() | st.booleans() | st.none(), max_size=3))
@example("", "", "", "SessionID", [])
@settings(max_examples=100, deadline=None)
def test_no_text_of_a_plan_becomes_code(plan_id: str, name: str, about: str, attribute: str, values: list[Any]) -> None:
    attributes = {attribute: {"enum": values, "description": about}}
    try:
        document = read_document(
            {
                "data_plan_id": plan_id,
                "version_document": {"data_points": [{**point(name, attributes), "description": about}]},
            }
        )
    except PlanError:  # not UTF-8
        assert not plan_id.isascii() or not (name + about + attribute).isascii() or not str(values).isascii()
        return
    text = text_of(document)
    text.encode()
    kinds = {type(node) for node in ast.parse(text).body}
    assert kinds <= {ast.Expr, ast.ImportFrom, ast.FunctionDef}
    assert all(one.isprintable() or one == "\n" for one in text)
    module = load(text)
    (function,) = functions_of(module).values()
    parameters = inspect.signature(function).parameters.keys() - {"custom_attributes"}
    events = [function(**{one: 7}) for one in parameters]  # an attribute can have the name of a field
    assert {event.event_name for event in events} == {name}
    assert [event.custom_attributes for event in events].count({attribute: 7}) == 1


@pytest.mark.slow
def test_a_huge_plan_takes_bounded_time() -> None:
    text = module_of(*(point(f"Event {number}", {"a": {"type": "string"}}) for number in range(10_000)))
    assert text.count("\ndef event_") == 10_000


def test_many_events_of_one_name_take_bounded_time() -> None:
    text = module_of(*(point("?" * (number % 256) + "!" * (number // 256)) for number in range(1, 3000)))
    assert "def unnamed_other_2999(" in text


def test_a_deep_schema_has_a_short_hint() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(400):
        schema = {"type": "array", "items": schema}
    assert "    deep: list[list[list[list[list[Any]]]]] | UnsetType" in module_of(point("Deep", {"deep": schema}))


def test_a_required_name_without_a_schema_is_a_parameter() -> None:
    assert "def bare(\n    *,\n    must: Any,\n" in module_of(point("Bare", {}, required=["must"]))


def test_a_schema_that_is_true_false_or_a_list_is_one_of_anything() -> None:
    attributes: dict[str, Any] = {"a": True, "b": False, "c": {"type": "array", "items": [{}]}, "d": {"items": True}}
    closed = {"properties": {"data": {"properties": {"custom_attributes": False}}}}
    home = {
        "match": {"type": "screen_view", "criteria": {"screen_name": "Home"}},
        "validator": {"type": "json_schema", "definition": closed},
    }
    document = {"data_points": [point("Any", attributes, required=["a"]), home]}
    DataPlan.load(document)
    text = text_of(read_document(document))
    hints = "a: Any", "b: Any | UnsetType = UNSET", "c: list[Any] | UnsetType = UNSET", "d: Any | UnsetType = UNSET"
    assert all(f"\n    {hint},\n" in text for hint in hints)
    assert load(text).view_home(custom_attributes={"e": 1}).custom_attributes == {"e": 1}


@pytest.mark.parametrize("planned", ["customer_id", "customerid"])
def test_the_check_accepts_identities_in_both_spellings(planned: str) -> None:
    definition = {"properties": {planned: {"type": "string"}, "email": {}}, "required": [planned]}
    validator = {"type": "json_schema", "definition": definition | {"additionalProperties": False}}
    document = {"data_points": [{"match": {"type": "user_identities"}, "validator": validator}]}
    made = load(text_of(read_document(document))).user_identities(customer_id="7")
    plan = DataPlan.load(document)
    assert plan.violations(Batch("development", user_identities=made)) == []
    assert plan.violations({"user_identities": {"customerid": "7"}}) == []
    assert list(map(str, plan.violations({"user_identities": {"customer_idd": "7"}}))) == [
        "user_identities.customer_idd: is not planned: did you mean 'customer_id'?",
        "user_identities.customer_id: is required: give it a value",
    ]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": 7}, "type"),
        ({"enum": "a"}, "enum"),
        ({"properties": []}, "properties"),
        ({"items": 7}, "items"),
        ({"description": {}}, "description"),
    ],
)
def test_a_malformed_schema_is_an_error_with_its_place(schema: dict[str, Any], problem: str) -> None:
    place = f"custom_event:other:Bad: properties.data.properties.custom_attributes.properties.a.{problem}: "
    with pytest.raises(PlanError, match=re.escape(place)):
        module_of(point("Bad", {"a": schema}))


# Types

PROGRAM = """
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_type

import shop_plan as plan

from mparticle_ext import AppEvent, Batch, CommerceEvent, Product, ProductAction, UserIdentities

product = plan.add_to_cart_product(id="sku-1", size="XL", price=Decimal("19.99"), position=1)
assert_type(product, Product)
added = plan.add_to_cart([product], from_list="home", timestamp_unixtime_ms=datetime.now(UTC), currency_code="EUR")
assert_type(added, CommerceEvent)
assert_type(plan.signed_up(method="email", age=30, referrer=None, session_id=7), AppEvent)
assert_type(plan.user_attributes(tier="gold", interests=["a"]), dict[str, Any])
assert_type(plan.user_identities(customer_id="7"), UserIdentities)
plan.search(query="a", results=1, page_url="/", custom_attributes={"more": 1}, timestamp_unixtime_ms=1)
plan.purchase([product], transaction_id="1", total_amount=21.49, currency_code="EUR", tax_amount=1)
Batch("production", user_attributes=plan.user_attributes(tier="gold"), events=[added])
plan.signd_up(method="email")  # WRONG: a misspelt event
plan.signed_up()  # WRONG: a required attribute is missing
plan.signed_up(metod="email")  # WRONG: a misspelt attribute
plan.signed_up(method="emial")  # WRONG: a misspelt value
plan.signed_up("email")  # WRONG: keywords only
plan.signed_up(method="email", age="30")  # WRONG: a number
plan.signed_up(method="email", newsletter=None)  # WRONG: not null
plan.signed_up(method="email", terms=False)  # WRONG: always true
plan.signed_up(method="email", session_id="7")  # WRONG: an event field of another type
plan.signed_up(method="email", custom_attributes={"more": 1})  # WRONG: the plan allows no others
plan.add_to_cart([ProductAction("click")])  # WRONG: no product
plan.add_to_cart(product)  # WRONG: a list
plan.add_to_cart_product(id="sku-1")  # WRONG: a required attribute of a product is missing
plan.add_to_cart_product(id="sku-1", size="XXS")  # WRONG: no such size
plan.purchase([product], transaction_id="1", total_amount=21.49, currency_code="GBP")  # WRONG: no such currency
plan.user_attributes(tier="bronze")  # WRONG: no such tier
plan.user_attributes(interests="a")  # WRONG: a list
plan.user_identities(customerid="7")  # WRONG: a batch has customer_id
"""


@pytest.mark.slow
@pytest.mark.parametrize("errors_of", [errors_of_mypy, errors_of_pyright])
def test_type_checkers_find_wrong_use_line_by_line(errors_of: Callable[[Path], set[int]], tmp_path: Path) -> None:
    write_strictly(tmp_path / "shop_plan.py", text_of(read_document(plan_file("generate_shop"), 2)))
    program = write_strictly(tmp_path / "program.py", PROGRAM)
    marked = {number for number, line in enumerate(program.read_text().splitlines(), 1) if "# WRONG" in line}
    assert len(marked) == 18
    assert errors_of(program) == marked


@pytest.mark.slow
@pytest.mark.parametrize("errors_of", [errors_of_mypy, errors_of_pyright])
def test_type_checkers_accept_strange_names(errors_of: Callable[[Path], set[int]], tmp_path: Path) -> None:
    text = text_of(read_document(plan_file("generate_names")))
    assert errors_of(write_strictly(tmp_path / "names_plan.py", text)) == set()


def write_strictly(path: Path, text: str) -> Path:
    path.write_text(f"# pyright: strict\n{text}")
    return path


@pytest.mark.parametrize("name", PLANS)
def test_ruff_leaves_the_modules_as_they_are(name: str, tmp_path: Path) -> None:
    text = text_of(read_document(plan_file(name), PLANS[name]))
    (tmp_path / "plan.py").write_text(text)
    ruff = [sys.executable, "-m", "ruff", "--isolated"]
    subprocess.run([*ruff, "format", "--diff", str(tmp_path / "plan.py")], check=True)
    subprocess.run([*ruff, "check", "--select", "ALL", "--ignore", "PGH004", str(tmp_path / "plan.py")], check=True)


# Changes

BEFORE = {"a": {"type": "string", "enum": ["x", "y"]}, "b": {"type": "integer"}, "gone": {}, "c": {"type": "string"}}
AFTER = {
    "a": {"type": "string", "enum": ["x", "y", "z"]},
    "b": {"type": "number"},
    "new": {},
    "c": {"type": "boolean"},
    "must": {},
}


def test_a_run_says_what_changed_and_what_breaks() -> None:
    old = module_of(point("Old"), point("Both", BEFORE, required=["b"]), point("Name", {"a": {"type": "string"}}))
    new = module_of(point("New"), point("Both", AFTER, required=["a", "must"]), point("Name", {"a": {"enum": ["x"]}}))
    assert describe_changes(old, new).splitlines() == [
        "9 changes for users, 6 BREAKING:",
        "  BREAKS  added both(must)",
        "  BREAKS  both(a): Literal['x', 'y'] | UnsetType -> Literal['x', 'y', 'z']",
        "  BREAKS  both(c): str | UnsetType -> bool | UnsetType",
        "  BREAKS  name(a): str | UnsetType -> Literal['x'] | UnsetType",
        "  BREAKS  removed both(gone)",
        "  BREAKS  removed old",
        "          added both(new)",
        "          added new",
        "          both(b): int -> int | float | Decimal | UnsetType",
    ]
    assert describe_changes("<<<<<<< HEAD\n", new).startswith("3 changes for users, 0 BREAKING:")


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        ({"enum": ["x"]}, {"type": "string"}, False),
        ({"enum": ["x"]}, {"type": "integer"}, True),
        ({"enum": ["x"]}, {}, False),
        ({}, {"type": "string"}, True),
        ({"type": "string"}, {"type": ["string", "null"]}, False),
        ({"type": ["string", "null"]}, {"type": "string"}, True),
        ({"type": "number"}, {"type": "integer"}, True),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array"}, True),
    ],
)
def test_a_wider_type_breaks_nothing(old: dict[str, Any], new: dict[str, Any], breaks: bool) -> None:
    said = describe_changes(module_of(point("One", {"a": old})), module_of(point("One", {"a": new})))
    assert ("1 change for users, 1 BREAKING" in said) is breaks, said


# The command


def test_the_module_of_the_shop_is_up_to_date() -> None:
    shop = ["generate", plan_file("generate_shop"), "--plan-version", "2", "-o", HERE / "generate_shop.py"]
    done = run(*map(str, shop), "--check")
    assert (done.code, done.out) == (0, f"{HERE / 'generate_shop.py'} is up to date.\n"), done.out


def test_check_prints_a_diff_and_writes_nothing(tmp_path: Path) -> None:
    module = tmp_path / "plan.py"
    command = ["generate", str(plan_file("generate_shop")), "--plan-version"]
    missing = run(*command, "2", "--check", "-o", module)
    assert (missing.code, module.exists()) == (1, False)
    first = run(*command, "1", "-o", module)
    assert (first.code, first.out) == (0, f"Wrote {module}.\n")
    before = module.read_bytes()
    outdated = run(*command, "2", "--check", "-o", module)
    assert outdated.code == 1
    assert "\n+def user_attributes(\n" in outdated.out
    assert outdated.err.endswith("plan.py is out of date: run this command without --check, and commit the file\n")
    assert module.read_bytes() == before
    written = run(*command, "2", "-o", module)
    assert "  BREAKS  added signed_up(method)\n" in written.out
    assert "          added add_to_cart\n" in written.out
    assert run(*command, "2", "--check", "-o", module).code == 0


def test_what_has_no_function_is_named(tmp_path: Path) -> None:
    done = run("generate", plan_file("generate_names"), "-o", tmp_path / "plan.py")
    assert done.code == 0
    assert [line.removeprefix(f"{plan_file('generate_names')}: ") for line in done.err.splitlines()] == [
        "session_start: the SDK has no such event: this is left out",
        "product_action:steal: the SDK has no such event: this is left out",
        "custom_event::no type: the SDK has no such event: this is left out",
        "user_identities: UserIdentities has no field 'idfa': this is left out",
    ]


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    own, plan = tmp_path / "own.py", plan_file("generate_sdk")
    own.write_text("import this\n")
    refused = run("generate", plan, "-o", own)
    assert (refused.code, own.read_text()) == (2, "import this\n")
    assert refused.err.endswith("own.py was not generated by this command: give another file with --output\n")
    several = run("generate", plan_file("generate_shop"), "-o", tmp_path / "plan.py")
    assert (several.code, "has 2 versions (1, 2)" in several.err, "--plan-version" in several.err) == (2, True, True)
    assert run("generate", tmp_path / "none.json", "-o", own.with_name("plan.py")).code == 2
    assert run("generate", plan, "-o", tmp_path).err.endswith("cannot be read: Is a directory\n")
    unwritable = run("generate", plan, "-o", tmp_path / "no" / "plan.py")
    assert (unwritable.code, "cannot be written: No such file or directory" in unwritable.err) == (4, True)


def test_the_generator_needs_no_extra_and_is_loaded_when_needed() -> None:
    program = "import sys, mparticle_ext\nassert not any('.plan' in one for one in sys.modules)\n"
    program += "import mparticle_ext.plan.generate\nassert not {'jsonschema_rs', 'click', 'httpx'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", program], check=True)
