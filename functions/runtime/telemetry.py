"""JSON logs, and the W3C trace context that travels from request to event to handler.

Logs carry ids of events and traces, never of people.
"""

import logging
import re
import secrets
from contextvars import ContextVar

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

Fields = dict[str, object]
log = logging.getLogger("learnflow")
_traceparent: ContextVar[str] = ContextVar("traceparent", default="")
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class _Formatter(JsonFormatter):
    def add_fields(self, log_data: Fields, record: logging.LogRecord, message_dict: Fields) -> None:
        super().add_fields(log_data, record, message_dict)
        if trace := _traceparent.get():
            log_data["trace_id"] = trace[3:35]


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
    root.handlers, root.level = [handler], logging.getLevelName(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = name != "uvicorn.access"  # the application logs each request itself


def traceparent() -> str:
    """The current trace context, to be sent on; empty outside a request."""
    return _traceparent.get()


def enter_trace(incoming: object) -> None:
    """Continues the caller's trace with a span of our own, or starts one (W3C Trace Context, version 00)."""
    if isinstance(incoming, str) and _VALID.fullmatch(incoming):  # an event's extension may also be a number
        _traceparent.set(f"{incoming[:36]}{secrets.token_hex(8)}{incoming[52:]}")
    else:
        _traceparent.set(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
