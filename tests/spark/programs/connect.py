"""Sends frames through Spark Connect: `python connect.py ADDRESS FAILED`.

Prints how much memory a frame takes that is ten times as large, the reports, and why frames are refused.
"""

from __future__ import annotations

import sys
from resource import RUSAGE_SELF, getrusage

from pyspark.sql import SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.connect.client import ChannelBuilder

from mparticle_ext import Configuration, EventsApi, ValidationError
from mparticle_ext.spark import group_events, send

address, failed = sys.argv[1:]
ChannelBuilder.GRPC_DEFAULT_OPTIONS.append(("grpc.http2.bdp_probe", 0))  # else gRPC reads ahead of a slow client
spark = SparkSession.builder.remote(address).getOrCreate()
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 1000)  # the client has several copies of such a batch
price = sf.when(sf.col("id") % 2 == 0, float("nan")).otherwise(0.5)
name = sf.when(sf.col("id") % 10 > 0, "bought")
data = sf.struct(
    sf.lit("other").alias("custom_event_type"),
    name.alias("event_name"),
    sf.struct(price.alias("price")).alias("custom_attributes"),
)
event = sf.struct(sf.lit("custom_event").alias("event_type"), data.alias("data"))
identities = sf.struct(sf.col("id").cast("string").alias("customer_id")).alias("user_identities")
batches = group_events(spark.range(1000), by=[sf.lit("production").alias("environment"), identities], event=event)

with EventsApi(Configuration.from_env()) as api:
    peaks = []
    for count in (15_000, 150_000):
        attributes = sf.struct(sf.rpad(sf.col("id").cast("string"), 500, "x").alias("padding")).alias("user_attributes")
        frame = spark.range(count).select("id", sf.lit("production").alias("environment"), attributes)
        send(frame, api, id="id", namespace=str(count), failed=failed, progress=False)
        peaks.append(getrusage(RUSAGE_SELF).ru_maxrss)
    print(peaks[1] - peaks[0])
    print(send(batches, api, failed=failed, progress=False))
    print(spark.read.parquet(failed).count())
    print(send(batches.where("size(events) = 0"), api, failed=failed, progress=False))
    print(spark.read.parquet(failed).count())
    rows = spark.range(10).select(sf.lit("production").alias("environment"))
    ids = [value.cast("string") for value in (sf.uuid(), sf.monotonically_increasing_id(), sf.rand())]
    for frame in (*(rows.withColumn("source_request_id", one) for one in ids), rows.zipWithIndex("mpid")):
        try:
            send(frame, api, failed=failed, progress=False)
        except ValidationError as error:
            print(error)
spark.stop()
