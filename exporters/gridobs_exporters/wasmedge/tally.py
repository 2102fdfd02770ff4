"""What has been counted since the exporter started; it stays when containers go and containerd restarts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gridobs_exporters.histogram import ROUNDTRIP_EDGES, START_EDGES, Histogram
from gridobs_exporters.names import wasmedge as names
from gridobs_exporters.wasmedge.events import TOPICS
from gridobs_exporters.wasmedge.starts import CONTAINER_TO_START, CREATE_TO_START
from gridobs_exporters.wasmedge.statistics import Broken, CostExceeded, Execution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.metric import Metric, Samples
    from gridobs_exporters.wasmedge.identity import Workload
    from gridobs_exporters.wasmedge.starts import Start
    from gridobs_exporters.wasmedge.statistics import Found

REASONS = ("gap", "no_create", "negative", "absurd")
_MOST_VALUES = 10  # of a label; whoever may make namespaces must not be able to fill Prometheus
_REST = "other"
_SIGNALS = 128  # exit statuses above it are 128 + the signal's number

_Labels = tuple[str, ...]


class Tally:
    """Counters and histograms by their labels, for one thread that counts and others that read."""

    def __init__(self, *, polled: bool) -> None:
        self._lock = threading.Lock()
        stage = CONTAINER_TO_START if polled else CREATE_TO_START
        self._counts: dict[Metric, dict[_Labels, float]] = {
            names.STARTS_UNMEASURED: {(stage, reason): 0 for reason in REASONS},
            names.UNPARSEABLE: {(what,): 0 for what in ("event", "spec", "log", "statistics")},
            names.UNIDENTIFIED: {(): 0},
            names.CONNECT_FAILURES: {(): 0},
        }
        if not polled:
            self._counts[names.EVENTS] = {(topic,): 0 for topic in TOPICS}
        self._histograms: dict[Metric, dict[_Labels, Histogram]] = {}
        self._values: dict[str, set[str]] = {"handler": set(), "pod_namespace": set()}

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        with self._lock:
            counts = self._counts.setdefault(metric, {})
            counts[labels] = counts.get(labels, 0) + by

    def started(self, workload: Workload, start: Start) -> None:
        labels = self.labels(workload)
        self.count(names.STARTS, *labels)
        self.stages(workload, start)
        for result in ("success", "error", "signal", "unknown"):  # so that the first end is a rise from 0
            self.count(names.EXITS, *labels, result, by=0)
        self.count(names.OOM_EVENTS, *labels, by=0)

    def stages(self, workload: Workload, start: Start) -> None:
        labels = self.labels(workload)
        for stage, seconds in start.stages.items():
            self._observe(names.START_DURATION, START_EDGES, seconds, stage, *labels)
        for stage, reason in start.unmeasured.items():
            self.count(names.STARTS_UNMEASURED, stage, reason)

    def ended(self, workload: Workload, status: int | None) -> None:
        """``status`` is None if nobody saw how it ended."""
        match status:
            case None:
                result = "unknown"
            case 0:
                result = "success"
            case _:
                result = "signal" if status > _SIGNALS else "error"
        self.count(names.EXITS, *self.labels(workload), result)

    def logged(self, workload: Workload, found: Found) -> None:
        labels = self.labels(workload)
        match found:
            case Broken():
                self.count(names.UNPARSEABLE, "statistics")
            case CostExceeded():
                self.count(names.COST_EXCEEDED, *labels)
            case Execution():
                self.count(names.EXECUTIONS, *labels)
                if found.total is not None:
                    self._observe(names.EXECUTION_DURATION, ROUNDTRIP_EDGES, found.total, *labels)
                parts = (
                    (names.WASM_SECONDS, found.wasm),
                    (names.HOST_SECONDS, found.host),
                    (names.INSTRUCTIONS, found.instructions),
                    (names.GAS, found.gas),
                )
                for metric, value in parts:
                    if value is not None:
                        self.count(metric, *labels, by=value)

    def labels(self, workload: Workload) -> _Labels:
        """``handler`` and ``pod_namespace``, of at most ten values each and then ``other``."""
        return (self._bounded("handler", workload.handler), self._bounded("pod_namespace", workload.namespace))

    def add_to(self, samples: Samples) -> None:
        with self._lock:
            counts = {metric: dict(children) for metric, children in self._counts.items()}
            histograms = {metric: dict(children) for metric, children in self._histograms.items()}
        for metric, children in counts.items():
            for labels, value in sorted(children.items()):
                samples.add(metric, value, *labels)
        for metric, observed in histograms.items():
            for labels, histogram in sorted(observed.items()):
                samples.add(metric, histogram.cumulative(), *labels)

    def _observe(self, metric: Metric, edges: Sequence[float], seconds: float, *labels: str) -> None:
        with self._lock:
            histogram = self._histograms.setdefault(metric, {}).setdefault(labels, Histogram(edges))
        histogram.observe(seconds)

    def _bounded(self, label: str, value: str) -> str:
        with self._lock:
            known = self._values[label]
            if len(known) < _MOST_VALUES:
                known.add(value)
            return value if value in known else _REST
