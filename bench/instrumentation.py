"""What reporting the power metrics costs a processor per record, and what a scrape costs.

One batch makes the calls of a real one: ``received``, a ``stage`` for each of the five, ``committed`` with a latency
and an age per record, ``samples_checked``, ``newest_event`` and ``backlog``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest

from bench.backends.null import NullMetrics
from bench.backends.prometheus import PrometheusMetrics
from bench.harness import Effort, Result, compare
from gridobs.instrument import Stage
from gridobs.instrument.exposition import Exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.instrument import PowerMetrics

BATCH_SIZES = (1, 10, 100)
NONE, PROMETHEUS, OTEL = "none", "prometheus_client", "OpenTelemetry"


def measure(*, quick: bool) -> Iterator[Result]:
    """The cost per record at each batch size, then per scrape."""
    effort = Effort.of(quick=quick)
    disable_created_metrics()  # type: ignore[no-untyped-call] # OpenTelemetry has no _created series
    registry = CollectorRegistry()
    prometheus = PrometheusMetrics(registry)
    exposition = Exposition.build(service="bench")
    for size in BATCH_SIZES:
        yield from compare(
            {
                NONE: _batch(NullMetrics(), size),
                PROMETHEUS: _batch(prometheus, size),
                OTEL: _batch(exposition.metrics, size),
            },
            benchmark="instrumentation",
            case=f"batches of {size}",
            baselines=(PROMETHEUS, NONE),
            effort=effort,
            per=size,
            unit="us/record",
        )
    _refuse_unequal_work(registry, exposition.registry)
    yield from compare(
        {PROMETHEUS: lambda: generate_latest(registry), OTEL: lambda: generate_latest(exposition.registry)},
        benchmark="instrumentation",
        case="one scrape",
        baselines=(PROMETHEUS,),
        effort=effort,
        unit="us/scrape",
    )
    exposition.close()


def _batch(metrics: NullMetrics | PrometheusMetrics | PowerMetrics, size: int) -> Callable[[], None]:
    latencies = [0.002 + 0.046 * number / size for number in range(size)]
    ages = [10 * latency for latency in latencies]

    def report() -> None:
        metrics.received(size)
        for stage in Stage:
            metrics.stage(stage, messages=size, seconds=0.004)
        metrics.committed(latencies=latencies, ages=ages)
        metrics.samples_checked(size, 0)
        metrics.newest_event(1_700_000_000.0)
        metrics.backlog(size, 1_700_000_000.0)

    return report


def _refuse_unequal_work(*registries: CollectorRegistry) -> None:
    """Fail unless all show the same series; ``target_info`` is OpenTelemetry's own."""
    mine, theirs = (
        {
            (sample.name, *sorted(sample.labels.items()))
            for family in registry.collect()
            if family.name != "target"
            for sample in family.samples
        }
        for registry in registries
    )
    if mine != theirs:
        raise RuntimeError(f"the back-ends expose different series: {sorted(mine ^ theirs)}")
