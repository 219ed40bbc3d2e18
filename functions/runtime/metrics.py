"""What Prometheus reads at `/metrics`: counted in plain dictionaries, put into words by its client when it asks.

`prometheus_client` takes 25 to 45 ms to import, which no start from zero shall pay. Labels have few values: a route is
its pattern, a type one that the function takes, and nothing names a person.
"""

import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from functions.runtime.errors import NotFound

Labels = tuple[str, ...]
OTHER = "other"
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
EVENT_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1200, 3600)


@dataclass
class Count:
    """Only rises. Its name has no `_total`: the exposition adds it."""

    name: str
    help: str
    labels: Sequence[str]
    values: Counter[Labels] = field(default_factory=Counter)

    def add(self, *labels: str) -> None:
        self.values[labels] += 1


@dataclass
class Level:
    """As it was when last looked at; not there before the first look."""

    name: str
    help: str
    value: float | None = None


@dataclass
class Durations:
    """Seconds, by upper bounds of buckets."""

    name: str
    help: str
    labels: Sequence[str]
    bounds: Sequence[float]
    counts: dict[Labels, list[int]] = field(default_factory=dict)
    sums: defaultdict[Labels, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, seconds: float, *labels: str) -> None:
        counts = self.counts.setdefault(labels, [0] * (len(self.bounds) + 1))
        counts[bisect.bisect_left(self.bounds, seconds)] += 1
        self.sums[labels] += seconds


requests = Count("learnflow_http_requests", "Requests that were answered", ("route", "method", "status"))
request_seconds = Durations(
    "learnflow_http_request_duration_seconds", "From request to end of answer", ("route", "method"), REQUEST_SECONDS
)
events = Count("learnflow_events", "Deliveries of events: done, bad (a dead letter) or retry", ("type", "outcome"))
event_lag = Durations(
    "learnflow_event_lag_seconds", "From when an event happened until it was handled", ("type",), EVENT_SECONDS
)
dead_letters = Count(
    "learnflow_dead_letters",
    "Events that were given up: bad, or (only the embedded broker knows) out of retries",
    ("type", "reason"),
)
conflicts = Count("learnflow_commit_conflicts", "Commits that lost their race, and were decided again", ())
conflicts.values[()] = 0
unpublished = Count("learnflow_publish_failures", "Events that the broker did not take; they wait in the outbox", ())
unpublished.values[()] = 0
outbox_backlog = Level("learnflow_outbox_backlog", "Events in the outbox after the relay's last run")
outbox_age = Level("learnflow_outbox_oldest_age_seconds", "Age of the oldest of them, 0 without any")
relay_run = Level("learnflow_relay_last_run_timestamp_seconds", "When the relay last ran (Unix time)")

ALL: tuple[Count | Level | Durations, ...] = (
    requests,
    request_seconds,
    events,
    event_lag,
    dead_letters,
    conflicts,
    unpublished,
    outbox_backlog,
    outbox_age,
    relay_run,
)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    method = method if method in METHODS else OTHER
    requests.add(route, method, str(status))
    request_seconds.add(seconds, route, method)


async def answer(request: Request) -> Response:
    """`GET /metrics`, for a scraper that asks the pod itself.

    What comes through Knative's ingress and queue-proxy has `X-Forwarded-For`, which a caller can add but not remove:
    from outside there is nothing here.
    """
    if "x-forwarded-for" in request.headers:
        raise NotFound("There is nothing at this path.")
    encode, content_type = _encoder(request.headers.get("accept", ""))
    return Response(encode(), media_type=content_type)


def _encoder(accept: str) -> tuple[Callable[[], bytes], str]:
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector

    class Ours(Collector):
        def collect(self) -> Iterator[Any]:
            return _families()

    registry = CollectorRegistry()
    registry.register(Ours())
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return lambda: encode(registry), content_type


def _families() -> Iterator[Any]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    for metric in ALL:
        match metric:
            case Count():
                counter = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, value in metric.values.items():
                    counter.add_metric(labels, value)
                yield counter
            case Level():
                gauge = GaugeMetricFamily(metric.name, metric.help)
                if metric.value is not None:
                    gauge.add_metric((), metric.value)
                yield gauge
            case Durations():
                histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, counts in metric.counts.items():
                    histogram.add_metric(labels, list(_cumulative(metric.bounds, counts)), metric.sums[labels])
                yield histogram


def _cumulative(bounds: Sequence[float], counts: Sequence[int]) -> Iterator[tuple[str, int]]:
    seen = 0
    for bound, count in zip((*map(float, bounds), "+Inf"), counts, strict=True):
        seen += count
        yield str(bound), seen
