"""OpenTelemetry: a span and metrics for each attempt.

`on_attempt` is called after each attempt to send, the retries too. This function makes a span of it, inside the span
of your code, and counts batches and seconds by outcome. Watch `mparticle.batches` with the outcomes `refused` and
`unknown`. Pitfall: an exception of `on_attempt` reaches the caller of the upload; OpenTelemetry's API raises none.
An upload with a callback runs in another thread, so its spans have no parent.

    pip install mparticle-ext opentelemetry-distro
    opentelemetry-instrument --traces_exporter console --metrics_exporter console python opentelemetry_metrics.py
"""

import time
from collections.abc import Callable

from opentelemetry import metrics, trace

from mparticle_ext import AppEvent, Attempt, Batch, Configuration, EventsApi


def observer(tracer: trace.Tracer, meter: metrics.Meter) -> Callable[[Attempt], None]:
    """A function for `Configuration(on_attempt=...)`."""
    duration = meter.create_histogram("mparticle.attempt.duration", unit="s", description="Time of an attempt")
    batches = meter.create_counter("mparticle.batches", unit="{batch}", description="Batches of attempts by outcome")

    def observe(attempt: Attempt) -> None:
        attributes: dict[str, str | int] = {
            "mparticle.operation": attempt.operation,
            "mparticle.outcome": attempt.outcome.value,
        }
        if attempt.status_code:
            attributes["http.response.status_code"] = attempt.status_code
        duration.record(attempt.seconds, attributes)
        batches.add(attempt.batches, attributes)
        started = time.time_ns() - int(attempt.seconds * 1e9)
        span = tracer.start_span(attempt.operation, kind=trace.SpanKind.CLIENT, start_time=started)
        span.set_attributes({**attributes, "mparticle.attempt": attempt.number, "mparticle.upload": attempt.upload_id})
        if attempt.error:
            span.set_status(trace.StatusCode.ERROR, type(attempt.error).__name__)
        span.end()

    return observe


def main() -> None:
    """Upload a batch inside a span."""
    tracer, meter = trace.get_tracer("shop"), metrics.get_meter("shop")
    with (
        EventsApi(Configuration.from_env(on_attempt=observer(tracer, meter))) as api,
        tracer.start_as_current_span("checkout"),
    ):
        api.upload_events(Batch("production", events=[AppEvent("transaction", "Order placed")]))


if __name__ == "__main__":
    main()
