"""Frames that are sent from a real cluster to the sandbox: each batch arrives once, or is a failed row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from common import wait_until
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf
from spark_cluster import Cluster, running_connect_server
from upload_all import environment_of

from mparticle_ext import (
    AppEvent,
    ClosedError,
    EventsApi,
    PermissionDeniedError,
    UploadResult,
    ValidationError,
    WrongCallError,
)
from mparticle_ext.sandbox import Sandbox
from mparticle_ext.spark import Report, group_events, send, struct_of

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
START = 1_700_000_000_000
ROWS = 200_000
USERS = 20_000
BATCHES = 3_000  # of the smaller tests
LONG = 400  # seconds: a busy machine needs minutes to start Spark


def production() -> Column:
    return sf.lit("production").alias("environment")


def struct(**fields: Column) -> Column:
    return sf.struct(*[field.alias(name) for name, field in fields.items()])


def event(name: Column, at: Column, **attributes: Column) -> Column:
    others = {"custom_attributes": struct(**attributes)} if attributes else {}
    data = struct(custom_event_type=sf.lit("other"), event_name=name, timestamp_unixtime_ms=at, **others)
    return struct(event_type=sf.lit("custom_event"), data=data)


def numbered(spark: SparkSession, count: int, partitions: int = 8) -> DataFrame:
    """Batches with a number as the key and as an attribute."""
    return spark.range(count, numPartitions=partitions).select(
        "id", production(), struct(number=sf.col("id")).alias("user_attributes")
    )


def numbers_in(sandbox: Sandbox) -> Counter[Any]:
    return Counter((batch.user_attributes or {}).get("number") for batch in sandbox.batches)


def failed_rows(spark: SparkSession, path: Path) -> list[Any]:
    return spark.read.parquet(str(path)).collect()


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    return tmp_path / "failed"


def test_grouped_events_arrive_once_and_in_order(spark: SparkSession, failed: Path) -> None:
    user = (sf.col("id") % USERS).cast("string")
    rows = spark.range(ROWS).select("*", event(sf.lit("click"), START - sf.col("id"), row=sf.col("id")).alias("event"))
    batches = group_events(
        rows, by=[production(), struct(customer_id=user).alias("user_identities")], event="event", most=6
    )
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(batches, api, failed=str(failed)) == Report(2 * USERS, 0)
        seen: Counter[Any] = Counter()
        for batch in sandbox.batches:
            document: Any = batch.to_dict()
            rows_of_batch = [one["data"]["custom_attributes"]["row"] for one in document["events"]]
            assert len(rows_of_batch) in (4, 6)
            assert rows_of_batch == sorted(rows_of_batch, reverse=True)
            assert {str(row % USERS) for row in rows_of_batch} == {document["user_identities"]["customer_id"]}
            seen.update(rows_of_batch)
        assert (len(seen), seen.total()) == (ROWS, ROWS)
        again = batches.where("cast(user_identities.customer_id as int) < 100").repartition(3)
        assert send(again, api, failed=str(failed), progress=False) == Report(200, 0)
        assert sandbox.counts.taken == 2 * USERS, "the same rows are the same batches"
    assert failed_rows(spark, failed) == []


def test_faulty_rows_are_failed_rows_and_can_be_mended(spark: SparkSession, failed: Path) -> None:
    faulty = 20_000
    name = sf.when(sf.col("id") % 2 == 0, "bought")
    rows = spark.range(2 * faulty).select("id", production(), sf.array(event(name, sf.lit(START))).alias("events"))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(rows, api, id="id", failed=str(failed), progress=False) == Report(faulty, faulty)
        written = spark.read.parquet(str(failed))
        kinds = written.groupBy("place", "reason", "outcome", "repeatable").count().collect()
        assert [tuple(kind) for kind in kinds] == [
            ("events[0].data.event_name", "is required: give it a value", "invalid", False, faulty)
        ]
        mended = written.select(sf.from_json("batch", struct_of()).alias("batch")).select("batch.*")
        mended = mended.withColumn(
            "events", sf.transform("events", lambda one: one.withField("data.event_name", sf.lit("mended")))
        )
        with pytest.raises(ValidationError, match=r"frame: reads .*, which failed= overwrites: give another path"):
            send(mended, api, failed=str(failed))
        assert send(mended, api, failed=f"{failed}-again", progress=False) == Report(faulty, 0)
        assert sandbox.counts.taken == 2 * faulty


def test_executors_are_killed(spark: SparkSession, cluster: Cluster, failed: Path) -> None:
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api, ThreadPoolExecutor() as pool:
        sandbox.latency = 0.05
        batches = numbered(spark, BATCHES, 12).repartition(12, "id")
        report = pool.submit(send, batches, api, id="id", failed=str(failed))
        wait_until(lambda: sandbox.counts.taken > 0)
        assert cluster.kill_executors()
        sandbox.latency = 0
        assert report.result(LONG) == Report(BATCHES, 0)
        assert numbers_in(sandbox) == Counter(range(BATCHES))


def test_the_driver_is_killed_and_continues_from_its_checkpoint(
    spark: SparkSession, cluster: Cluster, tmp_path: Path
) -> None:
    files = 4
    environment = sf.when(sf.col("number") % 10 > 0, "production").alias("environment")
    rows = spark.range(BATCHES).select(sf.col("id").alias("number"), environment)
    rows.repartition(files).write.parquet(str(tmp_path / "rows"))
    command = [
        sys.executable,
        str(PROGRAMS / "stream.py"),
        cluster.url,
        str(tmp_path / "rows"),
        str(tmp_path / "state"),
    ]
    with Sandbox() as sandbox, (tmp_path / "log").open("wb") as log:
        sandbox.rate_limit = 500
        settings: dict[str, Any] = {
            "env": environment_of(sandbox),
            "stdout": log,
            "stderr": log,
            "start_new_session": True,
        }
        killed = subprocess.Popen(command, **settings)
        try:
            wait_until(lambda: sandbox.counts.taken > BATCHES / files, LONG)
        finally:
            os.killpg(killed.pid, signal.SIGKILL)
            killed.wait()
        sandbox.rate_limit = None
        taken = sandbox.counts.taken
        subprocess.run(command, check=True, timeout=LONG, **settings)
        assert taken < sandbox.counts.taken
        assert numbers_in(sandbox) == Counter(number for number in range(BATCHES) if number % 10)
    assert spark.read.parquet(str(tmp_path / "state" / "failed")).count() == BATCHES / 10


def test_through_connect(cluster: Cluster, tmp_path: Path, failed: Path) -> None:
    command = [sys.executable, str(PROGRAMS / "connect.py")]
    with Sandbox() as sandbox, running_connect_server(cluster, tmp_path) as address:
        done = subprocess.run(
            [*command, address, str(failed)],
            env=environment_of(sandbox),
            capture_output=True,
            text=True,
            timeout=LONG,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        more_kib, *reports, uuid, number, rand, position = done.stdout.splitlines()
        assert int(more_kib) < 40 * 1024, "the larger frame has 84 MB of JSON"
        assert reports == ["Report(delivered=900, failed=100)", "100", "Report(delivered=0, failed=0)", "0"]
        assert [line.partition(" has other values")[0] for line in (uuid, number, rand, position)] == [
            "frame: uuid()", "frame: monotonically_increasing_id()", "frame: rand()", "frame: zipWithIndex()"
        ]  # fmt: skip
        prices = Counter((event.custom_attributes or {}).get("price") for event in sandbox.events(AppEvent))
        assert prices == {None: 400, 0.5: 500}


@pytest.mark.parametrize("name", ["reflect", "try_reflect", "java_method"])
def test_ids_that_a_java_method_makes_are_refused(name: str, spark: SparkSession, failed: Path) -> None:
    frame = spark.range(1).selectExpr("'production' environment", f"{name}('java.util.UUID', 'randomUUID') id")
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        with pytest.raises(ValidationError, match=rf"frame: {name}\(\) has other values"):
            send(frame, api, id="id", failed=str(failed))
        assert not sandbox.requests


@pytest.mark.parametrize(
    "key",
    [sf.uuid, sf.monotonically_increasing_id, sf.rand, sf.randn, sf.spark_partition_id],
    ids=lambda key: key.__name__,
)
def test_ids_that_change_from_run_to_run_are_refused(key: Any, spark: SparkSession, failed: Path) -> None:
    wide = [sf.lit(number).alias(f"column{number}") for number in range(40)]
    keyed = spark.range(10).select(*wide, production(), key().cast("string").alias("source_request_id"))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        for frame in (keyed, keyed.repartition(2).where("column1 = 1")):
            with pytest.raises(
                ValidationError, match=rf"frame: {key.__name__}\(\) has other values .* write the frame to a table"
            ):
                send(frame.select("environment", "source_request_id"), api, failed=str(failed))
        keyed.select("environment", "source_request_id").write.parquet(f"{failed}-table")
        table = spark.read.parquet(f"{failed}-table")
        assert send(table, api, failed=str(failed), progress=False).failed == 0


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda frame: frame.zipWithIndex("row"), "zipWithIndex"),
        (lambda frame: frame.repartition(3).sample(0.5), "sample"),
        (lambda frame: frame.sparkSession.sql("SELECT * FROM {frame} TABLESAMPLE (50 PERCENT)", frame=frame), "sample"),
        (lambda frame: frame.selectExpr("*", "aes_encrypt(cast(id AS string), '0123456789abcdef') row"), "aes_encrypt"),
        (lambda frame: frame.selectExpr("*", "new_id() row"), "uuid"),
        (lambda frame: frame.selectExpr("*", "encrypted(cast(id AS string)) row"), "aes_encrypt"),
    ],
    ids=["zipWithIndex", "sample", "TABLESAMPLE", "aes_encrypt", "uuid() in a function", "aes_encrypt() in a function"],
)
def test_what_changes_and_is_visible_in_a_plan_is_refused(
    made: Any, name: str, spark: SparkSession, failed: Path
) -> None:
    of_session = "CREATE OR REPLACE TEMPORARY FUNCTION"
    spark.sql(f"{of_session} new_id() RETURNS string RETURN uuid()")
    spark.sql(f"{of_session} encrypted(x string) RETURNS binary RETURN aes_encrypt(x, '0123456789abcdef')")
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        with pytest.raises(ValidationError, match=rf"frame: {name}\(\) has other values"):
            send(made(numbered(spark, 10)), api, id="id", failed=str(failed))
        assert not sandbox.requests


def test_a_table_called_sample_is_accepted(spark: SparkSession, failed: Path) -> None:
    numbered(spark, 10).createOrReplaceTempView("sample")
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(spark.table("sample"), api, id="id", failed=str(failed), progress=False) == Report(10, 0)


def test_nan_is_null(spark: SparkSession, failed: Path) -> None:
    nan, infinite = sf.lit(float("nan")), sf.lit(float("-inf"))
    attributes = struct(a=nan, b=sf.lit(1.5), c=infinite.cast("float"), d=sf.array(sf.lit("x")))
    flags = struct(list=sf.array(nan, sf.lit(2.5)), map=sf.create_map(sf.lit("key"), nan))
    data = struct(event_name=sf.lit("click"), custom_event_type=sf.lit("other"), custom_flags=flags)
    events = sf.array(struct(event_type=sf.lit("custom_event"), data=data))
    frame = spark.range(1).select("id", production(), attributes.alias("user_attributes"), events.alias("events"))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(frame, api, id="id", failed=str(failed), progress=False) == Report(1, 0)
        (batch,) = [batch.to_dict() for batch in sandbox.batches]
    assert batch["user_attributes"] == {"b": 1.5, "d": ["x"]}
    assert batch["events"][0]["data"]["custom_flags"] == {"list": [None, 2.5], "map": {"key": None}}


def test_json_documents(spark: SparkSession, failed: Path) -> None:
    good = '{"environment": "production", "source_request_id": "1", "user_attributes": {"number": 1}}'
    documents = [good, '{"environment": "production"}', '{"environment": "prod", "source_request_id": "3"}', "{", None]
    frame = spark.createDataFrame([(document,) for document in documents], "batch string")
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(frame, api, failed=str(failed), progress=False) == Report(1, 4)
        assert len(numbers_in(sandbox)) == 1
        with pytest.raises(ValidationError, match="put a source_request_id into the JSON"):
            send(frame, api, id="batch", failed=str(failed))
    rows = {row.batch: (row.source_request_id, row.place) for row in failed_rows(spark, failed)}
    assert rows[documents[1]] == (None, "source_request_id")
    assert rows[documents[2]] == ("3", "environment")


def test_wrong_columns_are_refused_before_anything_is_sent(spark: SparkSession, failed: Path) -> None:
    frame = spark.range(1).select("id", struct(emial=sf.lit("a@b.c")).alias("user_identities"))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api, pytest.raises(ValidationError) as raised:
        send(frame, api, failed=str(failed))
    assert str(raised.value).splitlines() == [
        "frame: 4 faults, and nothing was sent:",
        "  id: is not a known field: did you mean 'mpid'?",
        "  user_identities.emial: is not a known field: did you mean 'email'?",
        "  environment: is required: add the column",
        "  source_request_id: is required: add the column, or name the columns that tell rows apart: id=[...]",
    ]
    assert not sandbox.requests


def test_a_name_is_that_of_a_column_and_no_function(spark: SparkSession, failed: Path) -> None:
    frame = numbered(spark, 3)
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        for name in ("user", "current_date", "idd"):
            with pytest.raises(ValidationError, match=f"has no column '{name}': its columns are "):
                send(frame, api, id=[name], failed=str(failed))
            with pytest.raises(ValidationError, match=f"has no column '{name}'"):
                group_events(frame, by=[name], event="id")
        named = frame.withColumnRenamed("id", "user")
        assert send(named, api, id="user", failed=str(failed), progress=False) == Report(3, 0)
        assert len(sandbox.batches) == 3


def test_ids_differ_by_microseconds_and_a_row_without_a_key_is_a_failed_row(spark: SparkSession, failed: Path) -> None:
    at = "case when id < 3 then timestamp_micros(id) end at"
    frame = spark.range(5).selectExpr("'production' environment", at)
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        assert send(frame, api, id="at", failed=str(failed), progress=False) == Report(3, 2)
        assert len(sandbox.batches) == 3
    reason = "is made from id= (at), which is null: give it a value"
    assert {(row.place, row.reason) for row in failed_rows(spark, failed)} == {("source_request_id", reason)}


def test_a_key_without_a_value_in_it_is_no_key(spark: SparkSession, failed: Path) -> None:
    empty, text = "cast(null as string)", """'{"email":{}}'"""
    identities = f"named_struct('email', {empty}, 'customer_id', case id when 1 then 'a' when 2 then {text} end)"
    keyed = spark.range(5).selectExpr("id", "'production' environment", f"{identities} user_identities")
    keyed = keyed.selectExpr("*", "case id when 3 then 7 end mpid", f"map('a', {empty}) m", "parse_json('null') v")
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        key = ["user_identities", "mpid", "m", "v"]
        assert send(keyed.drop("id"), api, id=key, failed=str(failed), progress=False) == Report(3, 2)
        assert len(sandbox.batches) == 3
        several = keyed.selectExpr("environment", "array(id) list", "map('a', id) m", "'' text")
        for name, different in (("list", 5), ("m", 5), ("text", 1)):
            sandbox.clear()
            frame = several.select("environment", name)
            assert send(frame, api, id=name, failed=str(failed), progress=False) == Report(5, 0)
            assert len({batch.source_request_id for batch in sandbox.batches}) == different


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("map('a', id)", "frame: by: is a map or has one in it, and Spark cannot group by it: give a struct"),
        ("struct(map('a', id) a)", "frame: by: is a map or has one"),
        ("parse_json('1')", "frame: by: is a variant or has one"),
        ("array(parse_json('1'))", "frame: by: is a variant or has one"),
        ("struct(id map, id variant)", ""),
    ],
)
def test_what_spark_cannot_group_by_is_refused(by: str, message: str, spark: SparkSession) -> None:
    rows = spark.range(3).selectExpr(f"{by} by", "struct('custom_event' event_type) event")
    if message:
        with pytest.raises(ValidationError, match=message):
            group_events(rows, by=["by"], event="event")
    else:
        assert group_events(rows, by=["by"], event="event").count() == 3
    for most in (0, 1.5, True, "5"):
        with pytest.raises(ValidationError, match=f"but is {most!r}: give a whole number of at least 1"):
            group_events(rows, by=["by"], event="event", most=most)  # type: ignore[arg-type]


def test_wrong_ids_and_keys_of_maps_are_refused(spark: SparkSession, failed: Path) -> None:
    frame = numbered(spark, 3)
    dated = frame.withColumn("user_attributes", sf.create_map(sf.current_date(), sf.lit("a")))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        for wrong, named, message in (
            (frame, {"id": []}, "id= names no column"),
            (
                frame.withColumn("source_request_id", sf.lit("a")),
                {"namespace": "day 1"},
                "namespace= is a part of the ids",
            ),
            (dated, {"id": "id"}, "user_attributes: has keys of type date, but must have string"),
            (frame.withColumn("mpid", sf.expr("cast(random() * 10 as bigint)")), {"id": "id"}, "random"),
        ):
            with pytest.raises(ValidationError, match=message):
                send(wrong, api, failed=str(failed), **named)
        assert not sandbox.requests


def test_a_path_that_the_frame_reads_is_refused_in_any_form(spark: SparkSession, failed: Path) -> None:
    numbered(spark, 10).write.parquet(str(failed))
    (failed.parent / "link").symlink_to(failed)
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        for path in (failed, failed / ".", failed.parent / "x" / ".." / "failed", failed.parent / "link"):
            with pytest.raises(ValidationError, match="which failed= overwrites"):
                send(spark.read.parquet(str(failed)), api, id="id", failed=f"{path}")
    assert spark.read.parquet(str(failed)).count() == 10


def test_a_failure_to_write_doubles_no_failed_row(spark: SparkSession) -> None:
    written: list[int] = []

    def write(rows: DataFrame) -> None:
        written.append(rows.count())
        if len(written) == 1:
            raise OSError("the disk is full")

    wrong = numbered(spark, 12_000, 2).withColumn("environment", sf.lit("prod"))
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api, pytest.raises(OSError, match="disk is full"):
        send(wrong, api, id="id", failed=write, progress=False)
    assert written == [10_000, 10_000]


def test_a_run_that_sends_nothing_leaves_the_rows_of_an_earlier_one(spark: SparkSession, failed: Path) -> None:
    with Sandbox() as sandbox:
        api = EventsApi(sandbox.configuration)
        wrong = numbered(spark, 4, 1).withColumn("environment", sf.lit("prod"))
        assert send(wrong, api, id="id", failed=str(failed), progress=False) == Report(0, 4)
        api.close()
        with pytest.raises(ClosedError):
            send(numbered(spark, 4, 1), api, id="id", failed=str(failed), progress=False)
    assert len(failed_rows(spark, failed)) == 4


def test_columns_of_by_keep_their_values(spark: SparkSession) -> None:
    rows = spark.range(3).select(
        production(),
        sf.lit(77).alias("number"),
        sf.lit("a").alias("part"),
        event(sf.lit("e"), sf.col("id") + START).alias("event"),
    )
    (batch,) = group_events(rows, by=["environment", "number", "part"], event="event").collect()
    assert (batch.number, batch.part, len(batch.events)) == (77, "a", 3)


def test_another_api_and_another_frame_are_refused(spark: SparkSession, failed: Path) -> None:
    frame: Any = numbered(spark, 3)
    with pytest.raises(WrongCallError, match="takes an EventsApi as its second argument, not str"):
        send(frame, "api", failed=str(failed))  # type: ignore[arg-type]
    with pytest.raises(WrongCallError, match="takes a DataFrame of Spark as its first argument, not <class 'list'>"):
        send([frame], "api", failed=str(failed))  # type: ignore[arg-type]


async def asynchronous(rows: DataFrame) -> None: ...


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (lambda: 0, r"failed is called with \(rows\), but takes \(\)"),
        (asynchronous, "failed takes a plain function"),
        (None, r"failed takes a path or a function of \(rows\), not None"),
        (b"failed", r"failed takes a path or a function of \(rows\), not bytes"),
    ],
    ids=["no argument", "async", "None", "bytes"],
)
def test_a_wrong_target_of_failed_rows_is_refused_before_anything_is_sent(
    target: Any, problem: str, spark: SparkSession
) -> None:
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        with pytest.raises(WrongCallError, match=problem):
            send(numbered(spark, 3), api, id="id", failed=target)
        assert not sandbox.requests


def test_an_error_of_the_last_write_has_the_numbers(spark: SparkSession) -> None:
    half = numbered(spark, 4).withColumn("environment", sf.when(sf.col("id") % 2 == 0, "production").otherwise("prod"))

    def fail(rows: DataFrame) -> None:
        raise OSError("the disk is full")

    for target, raised in ((fail, OSError), (lambda rows: asynchronous(rows), WrongCallError)):
        with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
            with pytest.raises(raised) as error:
                send(half, api, id="id", failed=target, progress=False)
            result = UploadResult.of(error.value)
            assert result is not None
            assert (result.delivered, result.total, len(sandbox.batches)) == (2, 4, 2)


def test_nulls_are_not_sent_whatever_the_session_says(spark: SparkSession, failed: Path) -> None:
    frame = numbered(spark, 2).withColumn("ip", sf.when(sf.col("id") > 0, "10.0.0.1"))
    spark.conf.set("spark.sql.jsonGenerator.ignoreNullFields", "false")
    try:
        with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
            assert send(frame, api, id="id", failed=failed, progress=False) == Report(2, 0)
            assert sorted("ip" in batch.to_dict() for batch in sandbox.batches) == [False, True]
    finally:
        spark.conf.unset("spark.sql.jsonGenerator.ignoreNullFields")


def test_columns_are_named_one_or_several(spark: SparkSession, failed: Path) -> None:
    frame = numbered(spark, 3).withColumn("event", event(sf.lit("click"), sf.lit(START)))
    names = ["environment", "source_request_id", "events"]
    for by in ("environment", production(), ["environment"], (production(),)):
        assert group_events(frame, by=by, event="event").columns == names
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        dotted = numbered(spark, 3).withColumnRenamed("id", "my.`key")
        assert send(dotted, api, id="my.`key", failed=str(failed), progress=False) == Report(3, 0)
        for wrong in (sf.col("id"), 5, {"id"}, [sf.col("id")]):
            with pytest.raises(WrongCallError, match=r"a column of id= is of type \w+: give its name"):
                send(frame.drop("event"), api, id=wrong, failed=str(failed))  # type: ignore[arg-type]
    wrong_calls: list[dict[str, Any]] = [{"by": 5, "event": "event"}, {"by": "environment", "event": [sf.col("event")]}]
    for arguments in wrong_calls:
        with pytest.raises(WrongCallError, match=r"a column of (by|event)= is of type (int|list): give its name"):
            group_events(frame, **arguments)
    for made in ("events", "source_request_id", "environment"):
        with pytest.raises(ValidationError, match=f"{made}: is made by group_events, or is twice in by="):
            group_events(frame, by=[production(), sf.lit("a").alias(made)], event="event")


def test_what_stops_the_upload_is_raised_after_the_failed_rows_are_written(spark: SparkSession, failed: Path) -> None:
    frames: list[int] = []
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        sandbox.fail(403, times=100)
        with pytest.raises(PermissionDeniedError):
            send(numbered(spark, 100), api, id="id", failed=lambda rows: frames.append(rows.count()))
        assert sum(frames) == 100
        sandbox.clear()
        assert send(numbered(spark, 100), api, id="id", failed=str(failed)) == Report(100, 0)


def test_ids_differ_by_namespace_and_not_by_session(spark: SparkSession, failed: Path) -> None:
    at = sf.timestamp_millis(sf.lit(START)).alias("at")
    frame = spark.range(1).select("id", at, production())
    with Sandbox() as sandbox, EventsApi(sandbox.configuration) as api:
        for zone, namespace in (("UTC", "orders"), ("Asia/Tokyo", "orders"), ("UTC", "returns")):
            spark.conf.set("spark.sql.session.timeZone", zone)
            send(frame, api, id=["id", "at"], namespace=namespace, failed=str(failed), progress=False)
        assert sandbox.counts.taken == 2


def test_no_secret_is_in_the_event_log(spark: SparkSession, event_log: Path, failed: Path) -> None:
    with (
        Sandbox(api_key="key-of-the-test", api_secret="secret-of-the-test") as sandbox,  # noqa: S106  # a test's
        EventsApi(sandbox.configuration) as api,
    ):
        send(numbered(spark, 10), api, id="id", failed=str(failed), progress=False)
        sandbox.wait_for(10)
    logged = b"".join(file.read_bytes() for file in event_log.rglob("*") if file.is_file())
    assert str(failed).encode() in logged
    assert b"secret-of-the-test" not in logged
    assert b"key-of-the-test" not in logged
