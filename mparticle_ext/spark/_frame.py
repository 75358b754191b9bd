"""From a frame to the JSON of its batches. All of it is computed by Spark, on the executors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from threading import Lock

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from ._schema import fault, faults_of, struct_of

KEY = "source_request_id"
DOCUMENT = "batch"
_NUMBER, _PART = "_number_of_event", "_part_of_user"  # columns that no frame has

_BATCH_BYTES = 120_000  # mParticle recommends at most 128 KB a batch; the rest of it needs some
_ID_OPTIONS = {  # the same id in every session, and another one for each microsecond
    "ignoreNullFields": "false",
    "timeZone": "UTC",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
}
_FLOATS = re.compile(r'"(double|float)"')
_UNORDERED = re.compile(r'(?<!"name":)"(map|variant)"')
_CHANGING = re.compile(  # the optimized plan has what a function in SQL calls
    r"(?im)\b(?:uuid|rand|random|randn|randstr|uniform|shuffle|reflect|try_reflect|java_method"
    r"|monotonically_increasing_id|spark_partition_id|(?P<aes_encrypt>aes_?encrypt))(?=\()"
    r"|\b(?P<zipWithIndex>AttachDistributedSequence)\b|^\W*(?P<sample>Sample) "
)
_SHOWN_FIELDS = "spark.sql.debug.maxToStringFields"
_LOCK = Lock()  # the setting belongs to the session, and two threads may use it


def group_events(df: DataFrame, *, by: Sequence[str | Column], event: str | Column, most: int = 500) -> DataFrame:
    """Group rows into batches: each row is an event, and the rows of a user become one batch or several.

    The events of a batch are in the order of their `timestamp_unixtime_ms`. Each batch gets a `source_request_id` that
    is made from its content, so the same rows are the same batches. Give each row to one run only: with more rows of
    the same user, the batches are others.

    Args:
        df: The frame.
        by: The other columns of the batch, such as `user_identities`. Rows in which they are equal are grouped.
        event: The event: a struct of `event_type` and `data`.
        most: The most events in a batch. A batch with more than 120,000 bytes of events is split too.

    Returns:
        A frame with the columns of `by`, `source_request_id` and `events`.

    Raises:
        ValidationError: The frame does not have a column, `by` has a map or a VARIANT, or `most` is not 1 or more.
    """
    if most < 1 or most % 1:
        raise fault(f"most= is the most events in a batch, but is {most}: give a whole number of at least 1")
    columns = [_column(df, one) if isinstance(one, str) else one for one in (*by, event)]
    rows = df.select(*columns[:-1], columns[-1].alias("event"))
    names = rows.columns[:-1]
    for field in rows.schema.fields[:-1]:
        if kind := _UNORDERED.search(field.dataType.json()):
            raise fault(f"is a {kind[1]} or has one in it, and Spark cannot group by it: give a struct", field.name)
    text = sf.to_json("event", _ID_OPTIONS)
    time = sf.get_json_object(text, "$.data.timestamp_unixtime_ms").try_cast("bigint")
    in_order = Window.partitionBy(*names).orderBy(time, text)
    before = sf.sum(sf.octet_length(text)).over(in_order.rowsBetween(Window.unboundedPreceding, 0))
    part = sf.struct(sf.floor((sf.col(_NUMBER) - 1) / most), sf.floor(before / _BATCH_BYTES))
    numbered = rows.withColumn(_NUMBER, sf.row_number().over(in_order)).withColumn(_PART, part)
    found = sf.collect_list(sf.struct(_NUMBER, "event"))
    events = sf.array_sort(found, lambda one, other: (one[_NUMBER] - other[_NUMBER]).cast("int"))
    batches = numbered.groupBy(*names, _PART).agg(sf.transform(events, lambda one: one["event"]).alias("events"))
    return batches.select(*names, _id_of(map(sf.col, [*names, _PART, "events"]), "").alias(KEY), "events")


def documents_of(df: DataFrame, id: str | Sequence[str] | None, namespace: str) -> DataFrame:  # noqa: A002
    """The `source_request_id` and the JSON of each batch.

    Raises:
        ValidationError: The frame is not one of batches, or its ids change from run to run.
    """
    require_stable(df)
    if namespace and id is None:
        raise fault("namespace= is a part of the ids that id= makes: give id=, or leave it out")
    if df.columns == [DOCUMENT]:
        return _of_json(df, id)
    if id is not None:
        df = _with_id(df, [id] if isinstance(id, str) else id, namespace)
    faults = faults_of(df.schema)
    if KEY not in df.columns:
        faults.append(fault("is required: add the column, or name the columns that tell rows apart: id=[...]", KEY))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        lines = "".join(f"\n  {one.path}: {one.problem}" for one in faults)
        raise fault(f"{len(faults)} faults, and nothing was sent:{lines}")
    columns = [_finite(sf.col(field.name), field.dataType).alias(field.name) for field in df.schema.fields]
    return df.select(KEY, sf.to_json(sf.struct(*columns)).alias(DOCUMENT))


def _of_json(df: DataFrame, id: str | Sequence[str] | None) -> DataFrame:  # noqa: A002
    if id is not None:
        raise fault("has one column of JSON, so id= has no columns: put a source_request_id into the JSON")
    if not isinstance(df.schema[DOCUMENT].dataType, st.StringType):
        raise fault("is not JSON text: give its fields as columns, as in df.select('batch.*')", DOCUMENT)
    return df.select(sf.get_json_object(DOCUMENT, f"$.{KEY}").alias(KEY), DOCUMENT)


def _with_id(df: DataFrame, names: Sequence[str], namespace: str) -> DataFrame:
    if KEY in df.columns:
        raise fault("is a column of the frame: leave out id=, or drop the column", KEY)
    if not names:
        raise fault("id= names no column: name those that tell rows apart")
    columns = [_column(df, name) for name in names]
    key = sf.when(sf.to_json(sf.struct(*columns)).rlike('":[^{n]'), _id_of(columns, namespace))  # else it has no value
    return df.withColumn(KEY, key).drop(*set(names) - set(struct_of().names))


def _column(df: DataFrame, name: str) -> Column:
    """A column of the frame. By its name alone Spark finds a function too, such as `user`."""
    if name.partition(".")[0] not in df.columns:
        raise fault(f"has no column {name!r}: its columns are {', '.join(df.columns)}")
    return df[name]


def _id_of(columns: Iterable[Column], namespace: str) -> Column:
    return sf.sha2(sf.to_json(sf.struct(sf.lit(namespace).alias("namespace"), *columns), _ID_OPTIONS), 256)


def _finite(column: Column, kind: st.DataType) -> Column:
    """The column with null for NaN and the infinities, which JSON does not have: `to_json` would write a string."""
    if not _FLOATS.search(kind.json()):
        return column
    match kind:
        case st.StructType():
            fields = [_finite(column.getField(field.name), field.dataType).alias(field.name) for field in kind.fields]
            return sf.when(column.isNotNull(), sf.struct(*fields))
        case st.ArrayType():
            return sf.transform(column, lambda item: _finite(item, kind.elementType))
        case st.MapType():
            return sf.transform_values(column, lambda _, value: _finite(value, kind.valueType))
    return sf.when(sf.abs(column) < float("inf"), column)


def require_stable(df: DataFrame) -> None:
    """Refuse a frame that is another one when Spark computes it again: an id would then stand for another row."""
    if found := _CHANGING.search(_plans(df)):
        name = found.lastgroup or found[0].lower()
        problem = "has other values when Spark computes it again, so rows would be lost or doubled"
        raise fault(f"{name}() {problem}: write the frame to a table, and send that")


def _plans(df: DataFrame) -> str:
    spark = df.sparkSession
    with _LOCK:
        shown = spark.conf.get(_SHOWN_FIELDS)
        spark.conf.set(_SHOWN_FIELDS, "100000")  # else the plan leaves out all columns after the 25th
        try:
            [row] = spark.sql("EXPLAIN EXTENDED SELECT * FROM {frame}", frame=df).collect()
        finally:
            spark.conf.set(_SHOWN_FIELDS, str(shown))
    return str(row[0])
