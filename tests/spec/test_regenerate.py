"""Run scripts/regenerate on valid and invalid specs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _environment import python_of
from regeneration.rules import OUR_KEYWORDS

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = (ROOT / "spec" / "openapi.yaml").read_text()
SMALL_SPEC = (ROOT / "tests" / "spec" / "small.yaml").read_text()
pytestmark = pytest.mark.slow

NEW_EVENT = """
    VideoEvent:
      type: object
      additionalProperties: false
      required: [event_type, data]
      properties:
        event_type: {type: string, const: video}
        data: {$ref: "#/components/schemas/VideoEventData"}
    VideoEventData:
      description: A video was watched.
      x-constructor: {positional: [title]}
      allOf: [{$ref: "#/components/schemas/CommonEventData"}]
      type: object
      unevaluatedProperties: false
      required: [title]
      properties:
        title: {type: string}
"""
PROGRAM = """
from mparticle_ext import AppEvent, Batch, EventsApi, VideoEvent
from mparticle_ext.sandbox import Sandbox

with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
    batch = Batch("staging", loyalty_tier="gold", events=[VideoEvent("The Kid", session_uuid="s")])
    batch.environment = Batch.Environment.staging
    api.upload_events(batch)
    (arrived,) = sandbox.batches
print(arrived.to_json())
"""


SERVER = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from regeneration.__main__ import main

for line in sys.stdin:
    sys.argv = ["scripts/regenerate", *json.loads(line)]
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main()
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


def run_script(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "regenerate"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env={**os.environ, **environment}
    )


class Regenerate:
    """Runs what the script runs, in one process: to load the generators takes longer than most runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        code, out, err = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out, err)


@pytest.fixture(scope="module")
def regenerate() -> Iterator[Regenerate]:
    command = [str(python_of("generate")), "-Pc", SERVER]
    paths = {"PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", env={**os.environ, **paths}
    ) as process:
        yield Regenerate(process)


def spec_with(*replacements: tuple[str, str], text: str = SPEC) -> str:
    for old, new in replacements:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def small_spec_with(*replacements: tuple[str, str]) -> str:
    return spec_with(*replacements, text=SMALL_SPEC)


def line_of(text: str) -> int:
    return SMALL_SPEC[: SMALL_SPEC.index(text)].count("\n") + 1


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def copy_package(folder: Path) -> None:
    """Put the package of the spec there, as the script writes it."""
    shutil.copytree(ROOT / "generated" / "mparticle_events", folder / "mparticle_events")


def test_the_same_spec_gives_the_same_bytes(tmp_path: Path) -> None:
    done = run_script("--output", str(tmp_path), PYTHONHASHSEED="7", LC_ALL="C", TZ="Asia/Tokyo")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "mparticle_events") == files(ROOT / "generated" / "mparticle_events")


def test_check_reports_an_up_to_date_package() -> None:
    done = run_script("--check")
    assert (done.returncode, done.stdout.strip()) == (0, "generated/mparticle_events is up to date.")


def test_users_get_a_new_field_enum_value_and_event_type_without_hand_written_code(
    regenerate: Regenerate, tmp_path: Path
) -> None:
    copy_package(tmp_path / "generated")
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        spec_with(
            ("enum: [production, development]", "enum: [production, development, staging]"),
            ("        partner_identity:", '        loyalty_tier: {type: [string, "null"]}\n        partner_identity:'),
            ('        - {$ref: "#/components/schemas/CustomEvent"}', '        - {$ref: "#/components/schemas/CustomEvent"}\n        - {$ref: "#/components/schemas/VideoEvent"}'),
            ('          custom_event: "#/', '          video: "#/components/schemas/VideoEvent"\n          custom_event: "#/'),
            ("\n    CommonEventData:", NEW_EVENT + "    CommonEventData:"),
        )
    )  # fmt: skip
    before = files(tmp_path / "generated")
    outdated = regenerate("--check", "--spec", str(spec), "--output", str(tmp_path / "generated"))
    assert outdated.returncode == 1
    assert "+class VideoEventData(CommonEventData" in outdated.stdout
    assert files(tmp_path / "generated") == before

    done = regenerate("--spec", str(spec), "--output", str(tmp_path / "generated"))
    assert done.returncode == 0, done.stderr
    for line in (
        "added field Batch.loyalty_tier",
        "added enum value Environment.staging",
        "added constructor VideoEvent",
        "added model VideoEvent",
    ):
        assert line in done.stdout
    assert "BREAKS" not in done.stdout
    line_number = spec.read_text().splitlines().index("    VideoEvent:") + 1
    assert f"{spec}:{line_number}: warning: VideoEvent has no example" in done.stderr

    script = tmp_path / "user.py"
    script.write_text(PROGRAM)
    paths = {"PYTHONPATH": f"{tmp_path / 'generated'}:{ROOT}", "MYPYPATH": f"{tmp_path / 'generated'}:{ROOT}"}
    used = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **paths})  # fmt: skip
    assert used.returncode == 0, used.stderr
    assert '"event_type":"video","data":{"session_uuid":"s","title":"The Kid"}' in used.stdout
    assert '"loyalty_tier":"gold"' in used.stdout
    example = subprocess.run([sys.executable, "-m", "mparticle_ext", "example", "video"], capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ, **paths})  # fmt: skip
    assert json.loads(example.stdout)["events"] == [{"event_type": "video", "data": {"title": "example"}}]
    typed = subprocess.run([sys.executable, "-m", "mypy", "--strict", str(script)], capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, **paths})  # fmt: skip
    assert typed.returncode == 0, typed.stdout


def test_changes_of_limits_aliases_tags_and_paths_are_reported(regenerate: Regenerate, tmp_path: Path) -> None:
    copy_package(tmp_path)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        spec_with(
            (
                "EventName:\n      type: string\n      maxLength: 256",
                "EventName:\n      type: string\n      maxLength: 512",
            ),
            ("AttributeName: {type: string, maxLength: 256", "AttributeName: {type: string, maxLength: 128"),
            ("customerid: customer_id", "customer: customer_id"),
            ("const: opt_out", "const: opted_out"),
            ("  /bulkevents/historical:", "  /history:"),
            ("          opt_out: ", "          opted_out: "),
        ).replace("event_type: opt_out", "event_type: opted_out")
    )
    lines = regenerate("--spec", str(spec), "--output", str(tmp_path)).stdout.splitlines()
    breaking = " ".join(line for line in lines if line.startswith("  BREAKS"))
    compatible = " ".join(line for line in lines if line.startswith("   "))
    for line in (
        "type AttributeName",
        "removed name UserIdentities.customerid",
        "tag='opted_out'",
        "post /bulkevents/historical -> post /history",
    ):
        assert line in breaking
    for line in ("type EventName", "added name UserIdentities.customer"):
        assert line in compatible


def test_breaking_changes_are_reported_first(regenerate: Regenerate, tmp_path: Path) -> None:
    copy_package(tmp_path)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(
        spec_with(
            ("enum: [production, development]", "enum: [production]"),
            ("        partner_identity:", "        partner_name:"),
            ("operationId: bulkUploadHistoricalEvents", "operationId: uploadHistory"),
        ).replace("environment: development", "environment: production")
    )
    lines = regenerate("--spec", str(spec), "--output", str(tmp_path)).stdout.splitlines()
    assert lines[:5] == [
        "5 changes for users since the last run, 3 BREAKING:",
        "  BREAKS  removed enum value Environment.development",
        "  BREAKS  removed field Batch.partner_identity",
        "  BREAKS  removed operation bulk_upload_historical_events",
        "          added field Batch.partner_name",
    ]


def test_changes_are_those_since_the_last_commit_in_every_run(regenerate: Regenerate, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607

    copy_package(tmp_path / "generated")
    for arguments in (["init"], ["add", "."], ["commit", "-m", "a"]):
        git(*arguments)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(spec_with(("        partner_identity:", "        partner_name:")))
    reports = [regenerate("--spec", str(spec), "--output", str(tmp_path / "generated")).stdout for _ in range(2)]
    assert reports[0] == reports[1]
    assert reports[0].splitlines()[:2] == [
        "2 changes for users since the last commit, 1 BREAKING:",
        "  BREAKS  removed field Batch.partner_identity",
    ]


BROKEN = [
    ("bad YAML", small_spec_with(("openapi: 3.1.0", "openapi: [3.1.0")), "not valid YAML"),
    ("a tab", small_spec_with(("openapi: 3.1.0", "openapi:\t- 3.1.0")), "not valid YAML"),
    ("a list", "- a\n- b\n", "the top level is not a mapping"),
    ("a dangling $ref", small_spec_with(("schemas/CustomEventData", "schemas/CustomEvntData")), "$ref to '#/components/schemas/CustomEvntData', which is not in this file"),
    ("a $ref to elsewhere", small_spec_with(("#/components/schemas/CustomEventData", "other.yaml#/CustomEventData")), "which is not in this file"),
    ("a schema named twice", small_spec_with(("\n    CommonEventData:", "\n    Batch: {type: object}\n    CommonEventData:")), "found duplicate key"),
    ("an operation named twice", small_spec_with(("operationId: bulkUploadEvents", "operationId: uploadEvents")), "uploadEvents"),
    ("not OpenAPI", small_spec_with(("openapi: 3.1.0", "openapi: 3.1.0\nresponses: {}")), "responses"),
    ("an enum that is not a list", small_spec_with(("enum: [production, development]", "enum: production")), "production"),
    ("positional, but not first", small_spec_with(("positional: [environment]", "positional: [events]")), "must be the first properties of Batch"),
    ("required, but not positional", small_spec_with(("positional: [environment], ", "")), "['environment'] of Batch are missing"),
    ("an operation without a response for errors", small_spec_with(('        5XX: {$ref: "#/components/responses/ServerError"}\n', "")), "operation 'uploadEvents' has no response for errors: add one, such as 5XX"),
    ("an envelope that is not in Event.oneOf", small_spec_with(('        - {$ref: "#/components/schemas/OptOutEvent"}\n', "")), "OptOutEvent is an envelope, but not in Event.oneOf"),
    ("an event that is not mapped", small_spec_with(('          opt_out: "#/components/schemas/OptOutEvent"\n', "")), "Event.discriminator.mapping lacks opt_out"),
    ("an event that is not closed", small_spec_with(("      unevaluatedProperties: false\n", "")), "is not closed: add unevaluatedProperties: false"),
    ("two constructors with one name", small_spec_with(("name: AppEvent", "name: Product")), "two schemas have the constructor name 'Product'"),
    ("an unknown required field", small_spec_with(("required: [environment]", "required: [enviroment]")), "required: enviroment is not a field of Batch"),
    ("an alias of an unknown field", small_spec_with(("customerid: customer_id", "customerid: customer")), "x-aliases: customer is not a field of UserIdentities"),
    ("an unknown field in x-exactly-one-of", small_spec_with(("x-exactly-one-of: [products", "x-exactly-one-of: [product")), "x-exactly-one-of: product is not a field of CustomEventData"),
    ("a date", small_spec_with(('version: "2.0.0"', "version: 2026-01-01")), "YAML reads 2026-01-01 as a date: put it in quotes"),
    ("no components", "openapi: 3.1.0\ninfo: {title: a, version: b}\npaths: {}\n", "does not follow spec/README.md"),
    ("a misspelt type", small_spec_with(("        partner_identity: {type: [string", "        partner_identity: {type: [strng")), "strng"),
    ("a misspelt keyword of JSON Schema", small_spec_with(("required: [environment]", "requried: [environment]")), f"{line_of('required: [environment]')}: requried is not a keyword here: did you mean required?"),
    ("a misspelt keyword in a property", small_spec_with(("partner_identity: {type: ", "partner_identity: {typ: ")), "typ is not a keyword here: did you mean type?"),
    ("a keyword of another case", small_spec_with(("maxLength", "maxlength")), f"{line_of('maxLength')}: maxlength is not a keyword here: did you mean maxLength?"),
    ("a keyword of OpenAPI 3.0", small_spec_with(("maxLength", "nullable: true, maxLength")), "nullable is not a keyword here: remove it"),
    ("a misspelt keyword of OpenAPI", small_spec_with(("requestBody:", "requestBdy:")), f"{line_of('requestBody:')}: requestBdy is not a keyword here: did you mean requestBody?"),
    ("a misspelt required keyword of OpenAPI", small_spec_with(("title: mParticle", "titel: mParticle")), f"{line_of('title: mParticle')}: titel is not a keyword here: did you mean title?"),
    ("a misspelt keyword of a discriminator", small_spec_with(("        mapping:", "        maping:")), f"{line_of('        mapping:')}: maping is not a keyword here: did you mean mapping?"),
    ("a misspelt required keyword of a discriminator", small_spec_with(("        propertyName:", "        propertyNme:")), f"{line_of('        propertyName:')}: propertyNme is not a keyword here: did you mean propertyName?"),
    ("a misspelt keyword of a header", small_spec_with(("example: 92", "exampel: 92")), f"{line_of('example: 92')}: exampel is not a keyword here: did you mean example?"),
    ("a misspelt keyword of a media type", small_spec_with(("            examples:", "            exampels:")), f"{line_of('            examples:')}: exampels is not a keyword here: did you mean examples?"),
    *(
        (f"a misspelt keyword of ours, {name}", small_spec_with((f"{name}:", f"{name[:-1]}:")), f"{line_of(f'{name}:')}: {name[:-1]} is not a keyword here: did you mean {name}?")
        for name in OUR_KEYWORDS
    ),
    ("a keyword of others", small_spec_with(("x-pod: us1", "x-pod: us1, x-logo: a")), f"{line_of('x-pod: us1')}: x-logo is not a keyword here: remove it"),
    ("a keyword of others in a schema", small_spec_with(("x-accepts: Decimal", "x-logo: Decimal")), f"{line_of('x-accepts: Decimal')}: x-logo is not a keyword here: remove it"),
    ("a misspelt option of x-constructor", small_spec_with(("explains: true", "explain: true")), "explain is not a keyword here: did you mean explains?"),
    ("a misspelt option of x-outbound-list", small_spec_with(("key: identity_type", "kay: identity_type")), "kay is not a keyword here: did you mean key?"),
    ("a misspelt common field in an example", small_spec_with(("screen_name: Home", "screen_name: Home, session_uid: a")), "session_uid is not a field here: did you mean session_uuid?"),
    ("a wrong value of a common field in an example", small_spec_with(("screen_name: Home", "screen_name: Home, session_uuid: [7]")), "the example does not fit its schema: [7] is not of type 'string', 'null'"),
    ("a misspelt field in an example", small_spec_with(("environment: production\n", "enviroment: production\n")), f"{line_of('environment: production')}: the example does not fit its schema: enviroment is not a field here: did you mean environment?"),
    ("a misspelt field in an example of an event", small_spec_with(("screen_name: Home", "screen_nam: Home")), f"{line_of('screen_name: Home')}: the example does not fit its schema: screen_nam is not a field here: did you mean screen_name?"),
    ("a wrong value in an example", small_spec_with(("screen_name: Home", "screen_name: 7")), f"{line_of('screen_name: Home')}: the example does not fit its schema: 7 is not of type 'string'"),
    ("an unknown event in an example", small_spec_with(("event_type: screen_view", "event_type: screenview")), f"{line_of('event_type: screen_view')}: the example does not fit its schema: 'screenview' is not one of ['custom_event'"),
    ("a wrong example of a header", small_spec_with(("example: 92", "example: many")), f"{line_of('example: 92')}: the example does not fit its schema: 'many' is not of type 'number'"),
    ("a nested schema", small_spec_with(("        partner_identity:", "        slot: {type: object, properties: {a: {type: string}}}\n        partner_identity:")), "put it under components/schemas"),
    ("a nested schema in a list", small_spec_with(("items: {$ref: \"#/components/schemas/Product\"}", "items: {allOf: [{$ref: \"#/components/schemas/CommonEventData\"}]}")), "put it under components/schemas"),
    ("not UTF-8", None, "is not UTF-8"),
    ("not there", "", "cannot be read"),
]  # fmt: skip


def test_the_table_of_the_readme_has_our_keywords() -> None:
    listed = re.findall(r"^\| `(x-[^`]+)` \|", (ROOT / "spec" / "README.md").read_text(), re.MULTILINE)
    options = {f"x-constructor.{option}" for option in OUR_KEYWORDS["x-constructor"]["properties"]}
    assert set(listed) == OUR_KEYWORDS.keys() - {"x-constructor"} | options


@pytest.mark.parametrize(("text", "message"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_an_invalid_spec_is_reported_in_two_lines_with_its_location(
    text: str | None, message: str, regenerate: Regenerate, tmp_path: Path
) -> None:
    target = tmp_path / "generated" / "mparticle_events"
    target.mkdir(parents=True)
    (target / "models.py").write_text("untouched")
    spec = tmp_path / "openapi.yaml"
    if text != "":
        spec.write_bytes(text.encode() if text is not None else b"openapi: \xff")
    done = regenerate("--spec", str(spec), "--output", str(tmp_path / "generated"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{spec}:")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert not done.stdout
    assert files(tmp_path / "generated") == {"mparticle_events/models.py": b"untouched"}
