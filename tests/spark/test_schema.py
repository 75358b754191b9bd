"""The columns that a frame of batches can have. Spark itself does not run here."""

from __future__ import annotations

from typing import Any

import pytest
from mparticle_events import models
from pyspark.sql import types as st

from mparticle_ext.spark import faults_of, struct_of

TEXT, WHOLE, NUMBER, TIME = st.StringType(), st.LongType(), st.DoubleType(), st.TimestampType()
ANY = st.VariantType()


def struct(**fields: st.DataType) -> st.StructType:
    return st.StructType([st.StructField(name, kind) for name, kind in fields.items()])


def texts_of(**columns: st.DataType) -> list[str]:
    return [str(fault).removeprefix("frame: ") for fault in faults_of(struct(environment=TEXT, **columns))]


def events_of(**data: st.DataType) -> st.DataType:
    return st.ArrayType(struct(event_type=TEXT, data=struct(**data)))


def type_at(*path: str) -> Any:
    found: Any = struct_of()
    for name in path:
        found = found.elementType if name == "[]" else found[name].dataType
    return found


def test_the_struct_has_the_fields_of_the_model() -> None:
    assert struct_of().names == list(models.Batch.__struct_fields__)
    assert not faults_of(struct_of())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("environment",), TEXT),
        (("user_identities", "email"), TEXT),
        (("user_attributes",), st.MapType(TEXT, ANY)),
        (("consent_state", "gdpr"), None),
        (("mpid",), ANY),
        (("device_info", "screen_height"), WHOLE),
        (("context", "location", "latitude"), NUMBER),
        (("events", "[]", "event_type"), TEXT),
        (("events", "[]", "data", "event_name"), TEXT),
        (("events", "[]", "data", "product_action", "total_amount"), NUMBER),
        (("events", "[]", "data", "breadcrumbs", "[]"), ANY),
    ],
)
def test_the_types_of_the_struct(path: tuple[str, ...], kind: st.DataType | None) -> None:
    assert type_at(*path) == kind or (kind is None and isinstance(type_at(*path), st.MapType))


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"user_attributes": st.MapType(TEXT, TEXT)},
        {"user_attributes": struct(age=WHOLE, name=TEXT, tags=st.ArrayType(TEXT), price=st.DecimalType(10, 2))},
        {"user_attributes": ANY},
        {"user_attributes": st.NullType()},
        {"mpid": WHOLE},
        {"mpid": TEXT},
        {"events": st.ArrayType(ANY)},
        {"events": events_of(event_name=TEXT, timestamp_unixtime_ms=WHOLE, screen_name=st.VarcharType(10))},
        {"events": events_of(timestamp_unixtime_ms=st.DecimalType(38, 0))},
        {"events": events_of(custom_flags=st.MapType(TEXT, struct(anything=TIME)))},
        {"context": struct(location=struct(latitude=NUMBER, longitude=st.FloatType()))},
        {"integration_attributes": st.MapType(TEXT, st.MapType(TEXT, TEXT))},
    ],
)
def test_what_is_accepted(columns: dict[str, st.DataType]) -> None:
    assert texts_of(**columns) == []


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user_identities": struct(emial=TEXT)}, "user_identities.emial: is not a known field: did you mean 'email'?"),
        ({"user_identities": struct(email=WHOLE)}, "user_identities.email: is bigint, but must be string: cast it"),
        (
            {"user_identities": TEXT},
            "user_identities: is string, but must be struct: use struct(), array() or from_json()",
        ),
        (
            {"user_identities": st.MapType(TEXT, TEXT)},
            "user_identities: is map<string,string>, but must be struct: use struct(), array() or from_json()",
        ),
        (
            {"user_attributes": TEXT},
            "user_attributes: is string, but must be map or struct: use struct(), array() or from_json()",
        ),
        ({"events": TEXT}, "events: is string, but must be array: use struct(), array() or from_json()"),
        (
            {"timestamp_unixtime_ms": st.DateType()},
            "timestamp_unixtime_ms: is date, but must be bigint: cast it to timestamp, and use unix_millis()",
        ),
        (
            {"events": events_of(timestamp_unixtime_ms=TIME)},
            "events[].data.timestamp_unixtime_ms: is timestamp, but must be bigint: use unix_millis()",
        ),
        (
            {"events": events_of(timestamp_unixtime_ms=st.DecimalType(20, 3))},
            "events[].data.timestamp_unixtime_ms: is decimal(20,3), but must be bigint: cast it",
        ),
        (
            {"events": events_of(event_nam=TEXT)},
            "events[].data.event_nam: is not a known field: did you mean 'event_name'?",
        ),
        ({"events": st.ArrayType(struct(data=struct()))}, "events[].event_type: is required: add the column"),
        ({"user_attributes": struct(born=TIME)}, None),
        ({"user_attributes": st.MapType(TEXT, st.BinaryType())}, None),
        (
            {"context": struct(location=struct(latitude=NUMBER))},
            "context.location.longitude: is required: add the column",
        ),
        (
            {"deleted_user_attributes": TEXT},
            "deleted_user_attributes: is string, but must be array: use struct(), array() or from_json()",
        ),
    ],
)
def test_what_is_refused(columns: dict[str, st.DataType], message: str | None) -> None:
    (text,) = texts_of(**columns)
    assert message is None or text == message


def test_the_environment_is_required() -> None:
    (fault,) = faults_of(struct(mpid=WHOLE))
    assert str(fault) == "frame: environment: is required: add the column"
    assert (fault.path, fault.problem) == ("environment", "is required: add the column")
