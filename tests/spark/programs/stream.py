"""Sends a folder of Parquet files, one after the other: `python stream.py MASTER FOLDER STATE`. It continues after a kill."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from mparticle_ext import Configuration, EventsApi
from mparticle_ext.spark import send

master, folder, state = sys.argv[1:]
spark = (
    SparkSession.builder.master(master)
    .config("spark.cores.max", "2")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
rows = spark.readStream.schema("number long, environment string").option("maxFilesPerTrigger", 1).parquet(folder)
batches = rows.select("number", "environment", sf.struct("number").alias("user_attributes"))

with EventsApi(Configuration.from_env()) as api:

    def send_epoch(batches: DataFrame, epoch: int) -> None:
        send(batches, api, id="number", failed=f"{state}/failed/epoch={epoch}", progress=False)

    writer = batches.writeStream.foreachBatch(send_epoch).option("checkpointLocation", f"{state}/checkpoint")
    writer.trigger(availableNow=True).start().awaitTermination()
spark.stop()
