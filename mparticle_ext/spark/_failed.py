"""The batches that were not delivered, as rows that Spark writes."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from .. import APIError, AuthenticationError, BatchResult, Outcome, PermissionDeniedError, ValidationError
from ..errors import WrongCallError, function_problem, require_plain
from ._frame import DOCUMENT, KEY
from ._schema import fault

Target: TypeAlias = str | os.PathLike[str] | Callable[[DataFrame], object]

_COLUMNS = {"place": "string", "reason": "string", "outcome": "string", "repeatable": "boolean", DOCUMENT: "string"}
_MOST = 10_000
_MOST_BYTES = 8 * 1024 * 1024


class FailedRows:
    """Collects failed batches, and writes them in parts, so that any number of them needs little memory."""

    def __init__(self, spark: SparkSession, target: Target) -> None:
        self.total = 0
        self.last: BatchResult | None = None  # a failure to write it is not a reason to add it again
        self._spark, self._target = spark, target
        self._mode = "overwrite"
        self._rows: list[dict[str, object]] = []
        self._bytes = 0

    def add_result(self, result: BatchResult) -> None:
        """Add a batch that `upload_all` did not deliver."""
        self.last = result
        self.add(result.batch.decode() if isinstance(result.batch, bytes) else str(result.batch), result.error)

    def add(self, document: str | None, error: Exception | None) -> None:
        """Add a batch, with the reason."""
        self._rows.append({**_reason(error), DOCUMENT: document})
        self._bytes += len(document or "")
        self.total += 1
        if len(self._rows) >= _MOST or self._bytes >= _MOST_BYTES:
            self._write()

    def close(self) -> None:
        """Write the rest. A path is written also if there is no row, so that it has no rows of an earlier run."""
        if self._rows or (self._mode == "overwrite" and not callable(self._target)):
            self._write()

    def _write(self) -> None:
        columns = {name: [row[name] for row in self._rows] for name in _COLUMNS}
        schema = ", ".join(map(" ".join, _COLUMNS.items()))
        rows = self._spark.createDataFrame(pa.table(columns), schema)  # a list would need Python on the executors
        rows = rows.select(sf.get_json_object(DOCUMENT, f"$.{KEY}").alias(KEY), "*").coalesce(1)
        if callable(self._target):
            require_plain(self._target(rows), "failed")
        else:
            rows.write.mode(self._mode).parquet(os.fspath(self._target))
        self._mode = "append"
        self._rows, self._bytes = [], 0


def _reason(error: Exception | None) -> dict[str, object]:
    if isinstance(error, ValidationError):
        return {"place": error.path, "reason": error.problem, "outcome": "invalid", "repeatable": False}
    outcome = error.outcome if isinstance(error, APIError) else Outcome.REFUSED
    repeatable = outcome is not Outcome.REFUSED or isinstance(error, (AuthenticationError, PermissionDeniedError))
    return {"place": "", "reason": str(error), "outcome": outcome.value, "repeatable": repeatable}


def require_target(df: DataFrame, target: Target) -> None:
    """Refuse what is no path and no function of a frame, and a path that the frame reads, because it is overwritten."""
    if isinstance(target, (str, os.PathLike)):
        paths = {_path(os.fspath(target)), _path(os.path.realpath(target))}
        if any(path in _path(file) for path in paths for file in df.inputFiles()):
            raise fault(f"reads {target}, which failed= overwrites: give another path")
    elif problem := function_problem("failed", target, "rows"):
        raise WrongCallError(problem.replace("takes a function of", "takes a path or a function of"))


def _path(place: str) -> str:
    """A path without its scheme, which Spark's has and the user's may not have, and without `.` and `..`."""
    path = posixpath.normpath(unquote(re.sub(r"^[a-z0-9]+:/*", "", place)))
    return f"/{path.removeprefix('../').strip('/')}/"
