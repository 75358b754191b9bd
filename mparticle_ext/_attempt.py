"""What is told of one attempt, for metrics and logs. Nothing of what was sent is in it."""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import APIError
from ._outcome import Outcome
from ._upload import Operation


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt to deliver a request.

    Attributes:
        upload_id: The same for all attempts of an upload, and in its log lines.
        operation: The method of the API.
        batches: How many batches the request holds.
        body_bytes: How large it is.
        number: Which attempt it was, from 1.
        seconds: How long it took.
        outcome: What became of it.
        status_code: The HTTP status, where an answer came.
        error: The error, where it was not accepted.
        next_in_seconds: When the next attempt follows; None after the last.
    """

    upload_id: str
    operation: Operation
    batches: int
    body_bytes: int
    number: int
    seconds: float
    outcome: Outcome
    status_code: int | None
    error: APIError | None
    next_in_seconds: float | None
