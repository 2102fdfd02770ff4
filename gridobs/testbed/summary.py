"""What a run measured: the workload's figures, as Prometheus and the meters have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names

if TYPE_CHECKING:
    from gridobs.testbed.http_api import PrometheusApi

_BUCKETS = f"{names.POWER_PROCESSING_LATENCY}_bucket"
QUANTILES = (0.5, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Latency:
    """Receipt to commit since the processor started, seconds, interpolated between edges; ``None`` is no data."""

    p50: float | None
    p99: float | None
    p999: float | None


def read_latency(prometheus: PrometheusApi) -> Latency:
    """The quantiles over the life of the processor.

    Raises:
        ComponentFailed: Prometheus did not answer.
    """

    def quantile(share: float) -> float | None:
        rows = prometheus.query(f"histogram_quantile({share}, sum by (le) ({_BUCKETS}))")
        return rows[0].value if rows and math.isfinite(rows[0].value) else None

    return Latency(*map(quantile, QUANTILES))
