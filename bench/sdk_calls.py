"""What one call costs: prometheus_client, the OpenTelemetry SDK's synchronous instruments, and gridobs.instrument.

It shows why gridobs counts in plain sums that the SDK reads at a scrape, and what each histogram observation costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from prometheus_client import CollectorRegistry, Counter, Histogram

from bench.harness import Effort, Result, compare
from gridobs.conventions import LATENCY_EDGES
from gridobs.instrument import Stage
from gridobs.instrument.exposition import Exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROMETHEUS, SDK, GRIDOBS = "prometheus_client", "OpenTelemetry SDK", "gridobs.instrument"


def measure(*, quick: bool) -> Iterator[Result]:
    """The cost per call, with and without one label."""
    registry = CollectorRegistry()
    count = Counter("count", "c", registry=registry).inc
    labelled_count = Counter("labelled_count", "c", ["rule"], registry=registry).labels("range").inc
    observe = Histogram("seconds", "h", registry=registry, buckets=LATENCY_EDGES).observe
    labelled_observe = (
        Histogram("labelled_seconds", "h", ["stage"], registry=registry, buckets=LATENCY_EDGES)
        .labels("store")
        .observe
    )

    provider = MeterProvider(
        [PrometheusMetricReader(registry=CollectorRegistry(), scope_info_enabled=False)],
        exemplar_filter=AlwaysOffExemplarFilter(),
        shutdown_on_exit=False,
    )
    meter = provider.get_meter("bench")
    add = meter.create_counter("count").add
    record = meter.create_histogram("seconds", explicit_bucket_boundaries_advisory=LATENCY_EDGES).record
    rule, stage = {"rule": "range"}, {"stage": "store"}

    exposition = Exposition.build(service="bench")
    metrics = exposition.metrics

    cases: dict[str, dict[str, Callable[[], object]]] = {
        "count": {PROMETHEUS: lambda: count(1), SDK: lambda: add(1), GRIDOBS: lambda: metrics.duplicates(1)},
        "count with a label": {
            PROMETHEUS: lambda: labelled_count(1),
            SDK: lambda: add(1, rule),
            GRIDOBS: lambda: metrics.validation_failed("range"),
        },
        "observe": {PROMETHEUS: lambda: observe(0.02), SDK: lambda: record(0.02)},
        "observe with a label": {
            PROMETHEUS: lambda: labelled_observe(0.02),
            SDK: lambda: record(0.02, stage),
            GRIDOBS: lambda: metrics.stage(Stage.RECEIVE, messages=1, seconds=0.02),
        },
    }
    for case, subjects in cases.items():
        yield from compare(
            subjects, benchmark="sdk_calls", case=case, baselines=(PROMETHEUS,), effort=Effort.of(quick=quick)
        )
    exposition.close()
    provider.shutdown()
