"""Sends spans to an OpenTelemetry collector. Loaded only where one is set: the SDK alone takes 25 ms to import.

Everything else about it is said by OpenTelemetry's own variables, which the SDK reads: OTEL_EXPORTER_OTLP_ENDPOINT (and
_HEADERS, _CERTIFICATE, …), OTEL_TRACES_SAMPLER, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_SCHEDULE_DELAY.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from functions.runtime.telemetry import export_spans_of


class LateExporter(SpanExporter):
    """OTLP over HTTP, imported by the thread that sends the first batch: `requests` takes another 60 ms."""

    def __init__(self) -> None:
        self._exporter: SpanExporter | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._exporter is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            self._exporter = OTLPSpanExporter()
        return self._exporter.export(spans)

    def shutdown(self) -> None:
        if self._exporter:
            self._exporter.shutdown()


@asynccontextmanager
async def exporting(service: str, exporter: SpanExporter | None = None) -> AsyncIterator[None]:
    """Spans of this process go to the collector until the end, the last ones with it."""
    resource = Resource.create({"service.namespace": "learnflow", "service.name": service})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter or LateExporter()))
    export_spans_of(provider.get_tracer("learnflow"))
    try:
        yield
    finally:
        export_spans_of(None)
        await asyncio.to_thread(provider.shutdown)
