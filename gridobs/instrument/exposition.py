"""The OpenTelemetry SDK set up so that Prometheus sees the names of ``gridobs.conventions`` and nothing else.

The SDK's globals and prometheus_client's ``REGISTRY`` stay untouched: provider, reader and registry are built here.
Exemplars are off, because the Prometheus reader drops them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import SERVICE_NAME, Resource

import gridobs
from gridobs.instrument.catalogue import HISTOGRAMS
from gridobs.instrument.metrics import PowerMetrics
from gridobs.instrument.registry import ScrapeRegistry

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


@dataclass(frozen=True, slots=True)
class Exposition:
    """A processor's metrics and the registry that a scrape reads them from."""

    metrics: PowerMetrics
    registry: CollectorRegistry
    _provider: MeterProvider

    @classmethod
    def build(cls, *, service: str) -> Exposition:
        """Metrics of ``service``, which appears in ``target_info`` alone; other labels are Prometheus' to add.

        With ``OTEL_SDK_DISABLED=true`` in the environment nothing is measured and nothing is exposed.
        """
        registry = ScrapeRegistry(HISTOGRAMS)
        provider = MeterProvider(
            metric_readers=[PrometheusMetricReader(scope_info_enabled=False, registry=registry)],
            views=[
                View(
                    instrument_name=histogram.instrument,
                    aggregation=ExplicitBucketHistogramAggregation(histogram.edges),
                )
                for histogram in HISTOGRAMS
            ],
            resource=Resource({SERVICE_NAME: service}),
            exemplar_filter=AlwaysOffExemplarFilter(),
            shutdown_on_exit=False,
        )
        return cls(PowerMetrics(provider.get_meter("gridobs", gridobs.__version__)), registry, provider)

    def close(self) -> None:
        """Detach the reader, so that a last scrape finds nothing."""
        self._provider.shutdown()
