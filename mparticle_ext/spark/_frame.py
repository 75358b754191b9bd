"""From a frame to the JSON of its batches. All of it is computed by Spark, on the executors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from threading import Lock

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from ..errors import WrongCallError, type_name
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
_LIMITS = ("spark.sql.debug.maxToStringFields", "spark.sql.maxPlanStringLength")  # of a plan's text, 25 columns else
_LOCK = Lock()  # the setting belongs to the session, and two threads may use it


def group_events(
    df: DataFrame, *, by: str | Column | Sequence[str | Column], event: str | Column, most: int = 500
) -> DataFrame:
    """Group rows into batches: each row is an event, and the rows of a user become one batch or several.

    The events of a batch are in the order of their `timestamp_unixtime_ms`. Each batch gets a `source_request_id` that
    is made from its content, so the same rows are the same batches. Give each row to one run only: with more rows of
    the same user, the batches are others.

    Args:
        df: The frame.
        by: The other columns of the batch, such as `user_identities`. Rows in which they are equal are grouped, those
            without any identity too: leave such rows out.
        event: The event: a struct of `event_type` and `data`.
        most: The most events in a batch. A batch with more than 120,000 bytes of events is split too.

    Returns:
        A frame with the columns of `by`, `source_request_id` and `events`.

    Raises:
        WrongCallError: A column is neither a name nor a Column.
        ValidationError: The frame does not have a column; `by` has a map, a VARIANT, the same name twice, or a column
            that this function makes; or `most` is not a whole number of at least 1.
    """
    if type(most) is not int or most < 1:
        raise fault(f"most= is the most events in a batch, but is {most!r}: give a whole number of at least 1")
    several = by if isinstance(by, Sequence) and not isinstance(by, str) else [by]
    columns = [_column(df, one, "by") for one in several]
    rows = df.select(*columns, _column(df, event, "event").alias("event"))
    names = rows.columns[:-1]
    for field in rows.schema.fields[:-1]:
        if field.name in (KEY, "events") or names.count(field.name) > 1:
            raise fault("is made by group_events, or is twice in by=: leave it out of by=", field.name)
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


def documents_of(df: DataFrame, names: Sequence[str] | None, namespace: str) -> DataFrame:
    """The `source_request_id` and the JSON of each batch, if the frame is one of batches with stable ids."""
    require_stable(df)
    if namespace and names is None:
        raise fault("namespace= is a part of the ids that id= makes: give id=, or leave it out")
    if df.columns == [DOCUMENT]:
        if names is not None:
            raise fault("has one column of JSON, so id= has no columns: put a source_request_id into the JSON")
        if not isinstance(df.schema[DOCUMENT].dataType, st.StringType):
            raise fault("is not JSON text: give its fields as columns, as in df.select('batch.*')", DOCUMENT)
        return df.select(sf.get_json_object(DOCUMENT, f"$.{KEY}").alias(KEY), DOCUMENT)
    if names is not None:
        df = _with_id(df, names, namespace)
    faults = faults_of(df.schema)
    if KEY not in df.columns:
        faults.append(fault("is required: add the column, or name the columns that tell rows apart: id=[...]", KEY))
    if faults:
        lines = "".join(f"\n  {one.path}: {one.problem}" for one in faults)
        raise faults[0] if len(faults) == 1 else fault(f"{len(faults)} faults, and nothing was sent:{lines}")
    columns = [_finite(sf.col(field.name), field.dataType).alias(field.name) for field in df.schema.fields]
    return df.select(KEY, sf.to_json(sf.struct(*columns), {"ignoreNullFields": "true"}).alias(DOCUMENT))


def _with_id(df: DataFrame, names: Sequence[str], namespace: str) -> DataFrame:
    if KEY in df.columns:
        raise fault("is a column of the frame: leave out id=, or drop the column", KEY)
    if not names:
        raise fault("id= names no column: name those that tell rows apart")
    columns = [_column(df, name, "id") for name in names]
    key = sf.when(sf.to_json(sf.struct(*columns)).rlike('":[^{n]'), _id_of(columns, namespace))  # else it has no value
    return df.withColumn(KEY, key).drop(*set(names) - set(struct_of().names))


def _column(df: DataFrame, name: object, argument: str) -> Column:
    """A column of the frame. By its name alone Spark finds a function too, such as `user`."""
    if isinstance(name, Column) and argument != "id":
        return name
    if not isinstance(name, str):
        raise WrongCallError(f"a column of {argument}= is of type {type_name(name)}: give its name")
    if name in df.columns:
        return df["`{}`".format(name.replace("`", "``"))]
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
    spark = df.sparkSession
    with _LOCK:
        limits = {name: str(spark.conf.get(name)) for name in _LIMITS}
        try:
            for name in _LIMITS:
                spark.conf.set(name, "100000000")
            [row] = spark.sql("EXPLAIN EXTENDED SELECT * FROM {frame}", frame=df).collect()
        finally:
            for name, limit in limits.items():
                spark.conf.set(name, limit)
    if found := _CHANGING.search(str(row[0])):
        problem = "has other values when Spark computes it again, so rows would be lost or doubled"
        raise fault(f"{found.lastgroup or found[0].lower()}() {problem}: write the frame to a table, and send that")
