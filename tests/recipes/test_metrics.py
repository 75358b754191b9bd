"""OpenTelemetry: the span and the metrics of each attempt, from `on_attempt`."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from processes import RECIPES, running

from mparticle_ext import Attempt, Batch, EventsApi
from mparticle_ext.sandbox import Sandbox

RECIPE = RECIPES / "opentelemetry_metrics.py"


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """The data points of each metric."""
    data = reader.get_metrics_data()
    assert data is not None
    metrics = [metric for one in data.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]
    return {metric.name: list(metric.data.data_points) for metric in metrics}


def test_each_attempt_has_a_span_and_is_counted(sandbox: Sandbox) -> None:
    observer: Callable[..., Callable[[Attempt], None]] = runpy.run_path(str(RECIPE))["observer"]
    exporter, traces, reader = InMemorySpanExporter(), TracerProvider(), InMemoryMetricReader()
    traces.add_span_processor(SimpleSpanProcessor(exporter))
    tracer, meters = traces.get_tracer("shop"), MeterProvider([reader])
    sandbox.fail(500)
    observe = observer(tracer, meters.get_meter("shop"))
    with (
        EventsApi(replace(sandbox.configuration, on_attempt=observe)) as api,
        tracer.start_as_current_span("checkout"),
    ):
        api.bulk_upload_events([Batch("production")] * 3)
    first, second, checkout = exporter.get_finished_spans()
    assert [first.name, second.name, checkout.name] == ["bulk_upload_events"] * 2 + ["checkout"]
    assert [span.status.is_ok for span in (first, second)] == [False, True]
    assert [first.status.description, second.status.description] == ["ServerError", None]
    context = checkout.get_span_context()
    assert context
    assert {span.parent and span.parent.span_id for span in (first, second)} == {context.span_id}
    assert [(span.attributes or {})["http.response.status_code"] for span in (first, second)] == [500, 202]
    assert first.end_time is not None and second.start_time is not None  # noqa: PT018  # both for the type checker
    assert first.end_time <= second.start_time + 10_000_000, "one after the other, in nanoseconds"
    measured = points(reader)
    outcomes = {point.attributes["mparticle.outcome"]: point.value for point in measured["mparticle.batches"]}
    assert outcomes == {"unknown": 3, "taken": 3}
    assert {point.count for point in measured["mparticle.attempt.duration"]} == {1}
    traces.shutdown()
    meters.shutdown()


@pytest.mark.slow
def test_the_command_of_the_recipe_exports_both(sandbox: Sandbox) -> None:
    command = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    exporters = ("--traces_exporter", "console", "--metrics_exporter", "console", "--logs_exporter", "none")
    with running(command, *exporters, sys.executable, RECIPE.name, environ=sandbox.environ) as recipe:
        output = recipe.wait()
        assert recipe.process.returncode == 0, output
    assert '"name": "upload_events"' in output
    assert '"name": "checkout"' in output
    assert '"name": "mparticle.attempt.duration"' in output
    assert len(sandbox.batches) == 1
