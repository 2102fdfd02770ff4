"""The OpenTelemetry side: entries of the catalogue become instruments.

Counters and gauges are observable: the processor adds to a plain sum, and the SDK reads it once per scrape instead of
handling every call. A gauge without a value gives no series, which a synchronous one cannot do once it was set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.instrument.catalogue import Metric
    from gridobs.instrument.counts import Count


def counter(meter: Meter, entry: Metric, count: Count) -> None:
    def observe(_: CallbackOptions) -> Iterator[Observation]:
        for values, total in count.read():
            yield Observation(total, dict(zip(entry.labels, values, strict=True)))

    meter.create_observable_counter(entry.instrument, [observe], entry.unit, entry.help)


def gauge(meter: Meter, entry: Metric, read: Callable[[], float | None]) -> None:
    """A gauge whose series is there while ``read`` gives a number."""

    def observe(_: CallbackOptions) -> Iterator[Observation]:
        value = read()
        if value is not None:
            yield Observation(value)

    meter.create_observable_gauge(entry.instrument, [observe], entry.unit, entry.help)


def histogram(meter: Meter, entry: Metric) -> Histogram:
    """A histogram with the edges of ``entry`` as advice, so that they hold under any MeterProvider without views."""
    return meter.create_histogram(
        entry.instrument, entry.unit, entry.help, explicit_bucket_boundaries_advisory=entry.edges
    )
