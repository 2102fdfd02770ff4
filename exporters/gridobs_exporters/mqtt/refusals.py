"""What the broker refused our clients, counted by reason."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from gridobs_exporters.names import mqtt as names

if TYPE_CHECKING:
    from gridobs_exporters.metric import Samples

_METRICS = {"connect": names.CONNECT_REFUSED, "subscribe": names.SUBSCRIBE_REFUSED}


class Refusals:
    """``client`` is ``monitor`` or ``probe``, ``what`` is ``connect`` or ``subscribe``."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, client: str, what: str, reason: str, times: int = 1) -> None:
        with self._lock:
            self._counts[what, client, reason] += times

    def add_to(self, samples: Samples, broker: str) -> None:
        with self._lock:
            counts = sorted(self._counts.items())
        for metric in _METRICS.values():
            samples.declare(metric)
        for (what, client, reason), times in counts:
            samples.add(_METRICS[what], times, broker, client, reason)
