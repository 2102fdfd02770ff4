"""The same metrics kept by prometheus_client alone, with its children cached as its manual advises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridobs import conventions as names
from gridobs.instrument import Destination, Stage
from gridobs.instrument.catalogue import METRICS, Kind, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence


class PrometheusMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        counters: dict[str, Counter] = {}
        gauges: dict[str, Gauge] = {}
        histograms: dict[str, Histogram] = {}
        for metric in METRICS:
            match metric.kind:
                case Kind.COUNTER:
                    counters[metric.name] = Counter(metric.name, metric.help, metric.labels, registry=registry)
                case Kind.GAUGE:
                    gauges[metric.name] = Gauge(metric.name, metric.help, metric.labels, registry=registry)
                case Kind.HISTOGRAM:
                    histograms[metric.name] = Histogram(
                        metric.name, metric.help, metric.labels, registry=registry, buckets=metric.edges
                    )
            for values in _known(metric):
                (counters | histograms)[metric.name].labels(*values)
        self._records = counters[names.POWER_RECORDS].inc
        self._messages = {s: counters[names.POWER_STAGE_MESSAGES].labels(s.value).inc for s in Stage}
        self._durations = {s: histograms[names.POWER_STAGE_DURATION].labels(s.value).observe for s in Stage}
        self._latency = histograms[names.POWER_PROCESSING_LATENCY].observe
        self._age = histograms[names.POWER_RECORD_AGE].observe
        self._checked = counters[names.POWER_SAMPLES_CHECKED].inc
        self._incorrect = counters[names.POWER_SAMPLES_INCORRECT].inc
        self._newest = gauges[names.POWER_NEWEST_EVENT].set
        self._backlog = gauges[names.POWER_BACKLOG_MESSAGES].set
        self._oldest = gauges[names.POWER_BACKLOG_OLDEST].set

    def received(self, count: int) -> None:
        self._records(count)
        self._messages[Stage.RECEIVE](count)

    def stage(self, stage: Stage, *, messages: int, seconds: float) -> None:
        if stage is not Stage.RECEIVE:
            self._messages[stage](messages)
        self._durations[stage](seconds)

    def committed(self, *, latencies: Sequence[float], ages: Sequence[float]) -> None:
        for seconds in latencies:
            self._latency(seconds)
        for seconds in ages:
            self._age(seconds)

    def samples_checked(self, checked: int, incorrect: int) -> None:
        self._checked(checked)
        self._incorrect(incorrect)

    def newest_event(self, timestamp: float) -> None:
        self._newest(timestamp)

    def backlog(self, messages: int, oldest: float | None) -> None:
        self._backlog(messages)
        self._oldest(oldest or 0)


def _known(metric: Metric) -> list[tuple[str, ...]]:
    """The label sets that gridobs.instrument shows from the start."""
    match metric.labels:
        case ():
            return []
        case (names.LABEL_STAGE, *rest):
            return [(stage.value, *("other" for _ in rest)) for stage in Stage]
        case (names.LABEL_DESTINATION_CLASS,):
            return [(destination.value,) for destination in Destination]
        case (names.LABEL_POLICY, _):
            return [("other", "allow"), ("other", "deny")]
        case _:
            return [("other",)]
