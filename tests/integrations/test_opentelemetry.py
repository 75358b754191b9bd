"""OpenTelemetry's instrumentation of httpx, as its documentation says: `HTTPXClientInstrumentor().instrument()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from clients import CLIENTS
from clients import Outcome as Result
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mparticle_ext import APIConnectionError, Batch, Configuration, EventsApi
from mparticle_ext.sandbox import Sandbox

Client = Callable[..., Result]


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Instruments httpx for the test; the spans come here."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


@pytest.mark.parametrize("client", CLIENTS)
def test_each_attempt_has_a_span_with_its_status(
    client: Client, sandbox: Sandbox, exporter: InMemorySpanExporter
) -> None:
    sandbox.fail(500)
    response = client(sandbox.configuration, "upload_events", Batch("production"))
    assert isinstance(response, httpx.Response), response
    spans = exporter.get_finished_spans()
    attributes = [span.attributes or {} for span in spans]
    assert [one["http.status_code"] for one in attributes] == [500, 202]
    assert [one["http.url"] for one in attributes] == [f"{sandbox.configuration.url}/events"] * 2
    assert {(span.name, span.kind) for span in spans} == {("POST", trace.SpanKind.CLIENT)}
    assert [span.status.is_ok for span in spans] == [False, True]
    assert "secret" not in "".join(span.to_json() for span in spans)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_attempt_without_a_response_has_a_span_with_its_error(
    client: Client, closed_port: int, exporter: InMemorySpanExporter
) -> None:
    configuration = Configuration("the-key", "the-secret", base_url=f"http://127.0.0.1:{closed_port}/v2", retry=None)
    assert isinstance(client(configuration, "upload_events", Batch("production")), APIConnectionError)
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok
    assert span.events[0].name == "exception"
    assert "Basic" not in span.to_json()
    assert "the-secret" not in span.to_json()


def test_the_trace_reaches_the_server(sandbox: Sandbox, exporter: InMemorySpanExporter) -> None:
    with EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("production"))
    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" in dict(sandbox.requests[0].headers)["traceparent"]


def test_a_span_of_the_program_is_the_parent(sandbox: Sandbox, exporter: InMemorySpanExporter) -> None:
    tracer = TracerProvider().get_tracer("program")
    with tracer.start_as_current_span("checkout") as parent, EventsApi(sandbox.configuration) as api:
        api.upload_events(Batch("production"))
    (span,) = exporter.get_finished_spans()
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id
