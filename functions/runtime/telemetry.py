"""JSON logs, and the W3C trace context that travels from request to event to handler.

Spans are OpenTelemetry's. Its API is loaded by FastAPI anyway; the SDK and the exporter only where an endpoint is set
(`otlp.py`). Without them a request still has its trace context, for logs, daprd and events.
Logs and spans carry ids of events and traces, never of people.
"""

import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as current
from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

Fields = dict[str, object]
Attributes = Mapping[str, str | int]
log = logging.getLogger("learnflow")
_VALID = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_tracer: Tracer | None = None  # of the SDK, where spans are exported


class _Formatter(JsonFormatter):
    def add_fields(self, log_data: Fields, record: logging.LogRecord, message_dict: Fields) -> None:
        super().add_fields(log_data, record, message_dict)
        if trace_id := trace.get_current_span().get_span_context().trace_id:
            log_data["trace_id"] = f"{trace_id:032x}"


def configure_logging(level: str) -> None:
    """One JSON object a line on standard error, for our own logger and uvicorn's."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        _Formatter(
            "%(levelname)s %(name)s %(message)s",
            timestamp=True,
            rename_fields={"levelname": "level"},
            reserved_attrs=[*RESERVED_ATTRS, "color_message"],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)  # an assignment would leave what loggers remember of the level before
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"  # the application logs each request itself


def export_spans_of(tracer: Tracer | None) -> None:
    """From now on spans are this tracer's; None: nobody records them."""
    global _tracer
    _tracer = tracer


def traceparent() -> str:
    """The current trace context, to be sent on; empty outside a request."""
    here = trace.get_current_span().get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}" if here.is_valid else ""


@contextmanager
def entered(incoming: object, name: str, kind: SpanKind, attributes: Attributes) -> Iterator[Span]:
    """A span of our own in the trace of `incoming`, a traceparent (W3C Trace Context, version 00), else in a new one.

    Within a span of the same trace it is that one's child: daprd delivers an event in a request that belongs to the
    event's trace. Within a span of another trace it is linked to it.
    """
    theirs, here = _context_of(incoming), trace.get_current_span().get_span_context()
    same = here.is_valid and (theirs is None or here.trace_id == theirs.trace_id)
    parent = here if same else theirs
    links = [Link(here)] if here.is_valid and not same else []
    if _tracer is None:
        span: Span = NonRecordingSpan(_next(parent))
    else:
        around = trace.set_span_in_context(NonRecordingSpan(parent), current.Context()) if parent else current.Context()
        span = _tracer.start_span(name, around, kind, dict(attributes), links)
    with _using(span):
        yield span


@contextmanager
def span(name: str, kind: SpanKind, attributes: Attributes, told_of: object = None) -> Iterator[None]:
    """A part of the current span's work. `told_of`: the traceparent of what it is about, linked if of another trace."""
    if _tracer is None:
        yield
        return
    theirs, here = _context_of(told_of), trace.get_current_span().get_span_context()
    links = [Link(theirs)] if theirs and theirs.trace_id != here.trace_id else []
    with _using(_tracer.start_span(name, kind=kind, attributes=dict(attributes), links=links)):
        yield


@contextmanager
def _using(span: Span) -> Iterator[None]:
    """An exception is a failure of the span, without its text: that may name a person."""
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__qualname__)
            raise


def _context_of(incoming: object) -> SpanContext | None:
    found = _VALID.fullmatch(incoming) if isinstance(incoming, str) else None  # an event's extension may be a number
    if found is None:
        return None
    flags = TraceFlags(int(found[3], 16))
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=flags)


def _next(parent: SpanContext | None) -> SpanContext:
    """Where no span is recorded, its context all the same: the next one hears of it."""
    trace_id = parent.trace_id if parent else int.from_bytes(secrets.token_bytes(16))
    flags = parent.trace_flags if parent else TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(trace_id, int.from_bytes(secrets.token_bytes(8)), is_remote=False, trace_flags=flags)
