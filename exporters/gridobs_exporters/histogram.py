"""A histogram that many threads may read while one observes, without the ``_created`` series of prometheus_client."""

from __future__ import annotations

import threading
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Holds the edges of every latency objective (10, 20, 30 and 50 ms), so that no burn rate is interpolated.
ROUNDTRIP_EDGES: tuple[float, ...] = (
    0.001, 0.0025, 0.005, 0.0075, 0.010, 0.015, 0.020, 0.025, 0.030, 0.040, 0.050, 0.075,
    0.1, 0.25, 0.5, 1.0, 2.5,
)  # fmt: skip
# Of starts: finer below the objective of 10 ms, and up to what a pod may take.
START_EDGES: tuple[float, ...] = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.010, 0.015, 0.020, 0.030, 0.050, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip


class Histogram:
    """Counts of observations by upper edge; an observation on an edge belongs to it (``le``)."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = tuple(edges)
        self._counts = [0] * (len(self._edges) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        with self._lock:
            self._counts[bisect_left(self._edges, value)] += 1
            self._sum += value

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """The ``(le, count)`` pairs up to ``+Inf``, and the sum: what ``HistogramMetricFamily.add_metric`` takes."""
        with self._lock:
            counts, total = tuple(self._counts), self._sum
        edges = (*map(str, self._edges), "+Inf")
        return list(zip(edges, map(float, accumulate(counts)), strict=True)), total
