"""An OpenTelemetry collector of a few lines: takes spans over OTLP/HTTP as a real one would, and keeps them."""

import gzip
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class CollectedSpan:
    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    started: int  # nanoseconds
    ended: int
    attributes: dict[str, Any]


@dataclass
class Collector:
    port: int
    spans: list[CollectedSpan] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def trace(self, trace_id: str) -> list[CollectedSpan]:
        return [span for span in self.spans if span.trace_id == trace_id]


@contextmanager
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            made.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _spans(request: Any) -> Iterator[CollectedSpan]:
    for resource in request.resource_spans:
        service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}
                ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                yield CollectedSpan(
                    service, span.name, *ids, span.start_time_unix_nano, span.end_time_unix_nano, attributes
                )


def tree(spans: Sequence[CollectedSpan]) -> str:
    """Each span below its parent, with its service, its start and its length in milliseconds."""
    first = min(span.started for span in spans)
    known = {span.span_id for span in spans}

    def lines(parent: str | None, depth: int) -> Iterator[str]:
        def belongs(span: CollectedSpan) -> bool:
            return span.parent_id == parent if parent else span.parent_id not in known

        for span in sorted(filter(belongs, spans), key=lambda s: s.started):
            begun, took = (span.started - first) / 1e6, (span.ended - span.started) / 1e6
            yield f"{'  ' * depth + span.name:62} {span.service:16} {begun:6.1f} +{took:.1f}"
            yield from lines(span.span_id, depth + 1)

    return "\n".join(lines(None, 0))
