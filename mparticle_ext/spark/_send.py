"""Send a frame: Spark computes the batches, and this process, the driver, uploads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from pyspark.sql import DataFrame

from .. import Batch, EventsApi, MParticleError, UploadResult, ValidationError, WrongCallError
from ._failed import FailedRows, Target, require_target
from ._frame import KEY, documents_of
from ._progress import ProgressDisplay


class Report(NamedTuple):
    """The result of a `send`.

    Attributes:
        delivered: The number of batches that were delivered.
        failed: The number of batches that were not; `failed` has each one.
    """

    delivered: int
    failed: int


def send(
    df: DataFrame,
    api: EventsApi,
    *,
    failed: Target,
    id: str | Sequence[str] | None = None,  # noqa: A002  # what the columns are
    namespace: str = "",
    historical: bool = False,
    progress: bool = True,
) -> Report:
    """Upload each row of a frame as a batch, from the driver.

    Spark computes one partition after the other, and the driver holds two of them at most.

    Args:
        df: The batches. Each column is a field of a batch, in the form of the API, as `struct_of()` has them; or the
            only column is `batch`, and has JSON.
        api: Sends the batches. It stays in this process.
        failed: Where the batches go that were not delivered: a path, which is overwritten with Parquet; or a function
            of a frame, which is called for each 10,000 of them at most. The columns are `source_request_id`, `place`,
            `reason`, `outcome`, `repeatable` (whether the batch can be sent again as it is) and `batch`, its JSON.
        id: The columns that tell rows apart. The `source_request_id` is made from them. Those that are not fields of a
            batch are not sent. Without it, the frame has a column `source_request_id`.
        namespace: A part of these ids, so that equal columns of two tables have different ids.
        historical: Upload as `bulk_upload_historical_events` does.
        progress: Whether to show the progress on stderr. The rows are counted first, for the time that is left.

    Returns:
        How many batches were delivered, and how many were not.

    Raises:
        WrongCallError: An argument is of a wrong type. Nothing was sent.
        ValidationError: The frame has a column that no batch has, or one of another type; or it has no ids, or ids that
            change from run to run; or it reads the path `failed`. Nothing was sent.
        BaseException: What `upload_all` raises; an exception of Spark or of `failed`. The batches that failed before it
            are in `failed`. `UploadResult.of(error)` has the numbers.
    """
    if not isinstance(df, DataFrame):
        raise WrongCallError(f"send takes a DataFrame of Spark as its first argument, not {type(df)}")
    if not isinstance(api, EventsApi):
        raise WrongCallError(f"send takes an EventsApi as its second argument, not {type(api).__name__}")
    names: list[Any] | None = id if id is None else [*id] if isinstance(id, (list, tuple)) else [id]
    documents = documents_of(df, names, namespace)
    require_target(df, failed)
    rows = FailedRows(df.sparkSession, failed)
    with ProgressDisplay(documents.count()) if progress else nullcontext() as display:
        batches = _batches(documents, rows, names)
        try:
            on_result = display.add if display else None
            result = api.upload_all(batches, historical=historical, on_result=on_result, on_failed=rows.add_result)
        except BaseException as error:
            _write_rest(rows, error)
            raise
        try:
            rows.close()
        except BaseException as error:
            UploadResult(result.delivered, reported=rows.total).attach_to(error)
            raise
    return Report(result.delivered, rows.total)


def _batches(documents: DataFrame, failed: FailedRows, names: Sequence[str] | None) -> Iterator[str]:
    """The JSON of each batch. One without an id is not sent: a later run would send it with another id."""
    for key, document in documents.toLocalIterator(prefetchPartitions=True):
        if key:
            yield document
        else:
            failed.add(document, _fault_of(document, names))


def _fault_of(document: str | None, names: Sequence[str] | None) -> MParticleError:
    """Why a document has no id that can be read."""
    if names:
        return ValidationError(f"is made from id= ({', '.join(names)}), which is null: give it a value", KEY)
    try:
        Batch.from_json(document or "null")
    except MParticleError as error:
        return error
    return ValidationError("is required, so that the batch counts once when it is sent again: give it a value", KEY)


def _write_rest(rows: FailedRows, error: BaseException) -> None:
    """Write what failed before this error. An error of that does not replace this one."""
    try:
        for result in getattr(UploadResult.of(error), "failed", ()):
            if result is not rows.last:
                rows.add_result(result)
        if rows.total:  # else the rows of an earlier run stay
            rows.close()
    except Exception as second:
        error.add_note(f"the failed batches were not written: {type(second).__name__}")
