"""What a series is called and means, and the samples of one reading of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client.core import Metric as Family

Cumulative = tuple["Sequence[tuple[str, float]]", float]  # ``(le, count)`` pairs up to +Inf, and the sum


class Kind(Enum):
    """What Prometheus takes the series for."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of ours: the only place its name, labels and help are written. ``docs/metrics.md`` comes from it."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


def gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, text, labels)


def counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, text, labels)


def histogram(name: str, text: str, *labels: str) -> Metric:
    return Metric(name, Kind.HISTOGRAM, text, labels)


class Samples:
    """The samples of one reading, in the order in which their metrics first came.

    A label set given twice keeps the latter value: whatever a target sends, no series is exposed twice, which would
    cost Prometheus the whole scrape.
    """

    def __init__(self) -> None:
        self._gathered: dict[Metric, dict[tuple[str, ...], float | Cumulative]] = {}

    def add(self, metric: Metric, value: float | Cumulative, *labels: str) -> None:
        """One child of ``metric``: a number, or for a histogram what ``Histogram.cumulative`` gives.

        Raises:
            ValueError: If ``labels`` are not as many as the metric has, or the value does not fit its kind.
        """
        if len(labels) != len(metric.labels):
            raise ValueError(f"{metric.name} has the labels {metric.labels}, not {len(labels)} of them")
        if isinstance(value, tuple) != (metric.kind is Kind.HISTOGRAM):
            raise ValueError(f"{metric.name} is a {metric.kind.value}")
        plain = tuple(label.encode("utf-8", "replace").decode() for label in labels)
        self._gathered.setdefault(metric, {})[plain] = value

    def declare(self, metric: Metric) -> None:
        """Expose ``metric`` even if no child of it comes, so that its type and help are there."""
        self._gathered.setdefault(metric, {})

    def update(self, other: Samples) -> None:
        """Take over what ``other`` holds."""
        for metric, children in other._gathered.items():
            self._gathered.setdefault(metric, {}).update(children)

    def families(self, limit: int | None = None) -> tuple[list[Family], int]:
        """The families with at most ``limit`` samples in all, and how many samples were left out."""
        families: list[Family] = []
        left, dropped = limit, 0
        for metric, children in self._gathered.items():
            kept = {}
            for labels, value in children.items():
                size = len(value[0]) + 2 if isinstance(value, tuple) else 1
                if left is not None and size > left:
                    dropped += size
                    continue
                left = None if left is None else left - size
                kept[labels] = value
            if kept or not children:
                families.append(_family(metric, kept))
        return families, dropped


def _family(metric: Metric, children: dict[tuple[str, ...], float | Cumulative]) -> Family:
    match metric.kind:
        case Kind.HISTOGRAM:
            histogram_family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
            for labels, value in children.items():
                if isinstance(value, tuple):
                    histogram_family.add_metric(labels, value[0], value[1])
            return histogram_family
        case Kind.COUNTER:
            family: CounterMetricFamily | GaugeMetricFamily = CounterMetricFamily(
                metric.name, metric.help, labels=metric.labels
            )
        case Kind.GAUGE:
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in children.items():
        if not isinstance(value, tuple):
            family.add_metric(labels, value)
    return family
