"""What a scrape collects from, mending two habits of the OpenTelemetry reader."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily

from gridobs.conventions import LABEL_STAGE
from gridobs.instrument.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric as Family

    from gridobs.instrument.catalogue import Metric


class ScrapeRegistry(CollectorRegistry):
    """Serves one scrape at a time and shows histograms from the start.

    The reader passes measurements to its collector through a shared queue, so of two scrapes at once one could be
    empty and the other hold every series twice. And a histogram of the SDK appears with its first observation, which
    ``rate()`` then cannot see; here it stands at 0 before.
    """

    def __init__(self, histograms: Iterable[Metric]) -> None:
        """Show each of ``histograms`` from the start, for every stage if it has that label."""
        super().__init__()
        self._histograms = tuple(histograms)
        self._scrape = Lock()

    def collect(self) -> Iterator[Family]:
        with self._scrape:
            families = list(super().collect())
        if not families:
            return iter(())  # nothing measures, as with OTEL_SDK_DISABLED: zeros would claim that nothing happened
        by_name = {family.name: family for family in families}
        for histogram in self._histograms:
            family = by_name.get(histogram.name)
            if family is None:
                family = HistogramMetricFamily(histogram.name, histogram.help, labels=histogram.labels)
                families.append(family)
            _add_zero_rows(family, histogram)
        return iter(families)


def _add_zero_rows(family: Family, histogram: Metric) -> None:
    seen = {tuple(sample.labels.get(label) for label in histogram.labels) for sample in family.samples}
    rows = [(stage.value,) for stage in Stage] if histogram.labels == (LABEL_STAGE,) else [()]
    buckets = [(str(edge), 0.0) for edge in histogram.edges] + [("+Inf", 0.0)]
    if isinstance(family, HistogramMetricFamily):
        for row in rows:
            if row not in seen:
                family.add_metric(row, buckets, sum_value=0.0)
