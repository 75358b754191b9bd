"""By default a plan says what mParticle's cloud says: recorded verdicts, where it differs from the npm package."""

from __future__ import annotations

from typing import Any

import pytest

from mparticle_ext import DataPlan

NUMBER, INTEGER, BOOLEAN, STRING = ({"type": kind} for kind in ("number", "integer", "boolean", "string"))
DATE_TIME, DATE, TIME = ({"type": "string", "format": name} for name in ("date-time", "date", "time"))

VERDICTS: list[tuple[dict[str, Any], Any, bool, bool]] = [  # schema, value, accepted by the cloud, by the npm package
    (NUMBER, "42", True, False),
    (NUMBER, "-1.234e+05", True, False),
    (NUMBER, "12e1", True, False),
    (NUMBER, " 1.0 ", True, False),
    (NUMBER, "8e", False, False),
    (NUMBER, "E", False, False),
    (NUMBER, "", False, False),
    (NUMBER, "NaN", False, False),
    (NUMBER, "1e999", False, False),
    (NUMBER, "٤٢", False, False),
    (NUMBER, True, False, False),
    (INTEGER, "42", True, False),
    (INTEGER, "42.0", True, False),
    (INTEGER, "42.5", False, False),
    (INTEGER, 42.0, True, True),
    (BOOLEAN, "true", True, False),
    (BOOLEAN, "FaLsE", True, False),
    (BOOLEAN, " True", False, False),
    (BOOLEAN, "f", False, False),
    (BOOLEAN, 1, False, False),
    (STRING, 42, False, False),
    (STRING, True, False, False),
    ({"type": ["number", "null"]}, "42", True, False),
    ({"type": "number", "enum": [1, 2]}, "1", False, False),
    ({"type": "number", "enum": [1, 2]}, 1.0, True, True),
    ({"type": "number", "minimum": 5}, "7", True, False),
    ({"type": "number", "minimum": 5}, "3", False, False),
    ({"type": "integer", "exclusiveMaximum": 5}, "5", False, False),
    ({"minimum": 5}, "3", True, True),
    (DATE_TIME, "2020-01-01T00:00:00", True, False),
    (DATE_TIME, "2020-01-01", True, False),
    (DATE_TIME, "2020-01-01t00:00:00Z", True, True),
    (DATE_TIME, "2020-01-01T00:00:00+01:00", True, True),
    (DATE_TIME, "2020-01-01 00:00:00Z", False, True),
    (DATE_TIME, "2020-02-30T00:00:00Z", False, True),
    (DATE_TIME, "2020-01-01T00:00:00Z ", False, False),
    (DATE, "2020-02-29", True, True),
    (DATE, "2019-02-29", False, True),
    (DATE, "2019-13-01", False, True),
    (DATE, "2019-1-2", False, False),
    (TIME, "23:59:60", True, True),
    (TIME, "23:59:59.1234", True, True),
    (TIME, "23:59:59Z", True, True),
    (TIME, "24:59:59", False, True),
    (TIME, "23:59:59 ", False, False),
]


def is_accepted(schema: dict[str, Any], value: Any, *, strict: bool) -> bool:
    point = {
        "match": {"type": "user_attributes"},
        "validator": {"type": "json_schema", "definition": {"properties": {"a": schema}}},
    }
    plan = DataPlan.load({"data_points": [point]}, strict=strict)
    return not plan.violations({"user_attributes": {"a": value}})


@pytest.mark.parametrize(("schema", "value", "cloud", "npm"), VERDICTS)
def test_verdict(schema: dict[str, Any], value: Any, cloud: bool, npm: bool) -> None:
    assert is_accepted(schema, value, strict=False) is cloud
    assert is_accepted(schema, value, strict=True) is npm
