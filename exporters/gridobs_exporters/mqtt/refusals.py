"""What the broker refused our clients, counted by reason."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily

from gridobs_exporters import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

_FAMILIES = {
    "connect": (names.MQTT_CONNECT_REFUSED, "Connections of ours the broker refused (CONNACK)."),
    "subscribe": (names.MQTT_SUBSCRIBE_REFUSED, "Subscriptions of ours the broker refused (SUBACK)."),
}


class Refusals:
    """``client`` is ``monitor`` or ``probe``, ``what`` is ``connect`` or ``subscribe``."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, client: str, what: str, reason: str, times: int = 1) -> None:
        with self._lock:
            self._counts[what, client, reason] += times

    def families(self) -> Iterator[Metric]:
        with self._lock:
            counts = sorted(self._counts.items())
        for what, (name, text) in _FAMILIES.items():
            family = CounterMetricFamily(name, text, labels=["client", "reason"])
            for (of, client, reason), times in counts:
                if of == what:
                    family.add_metric([client, reason], times)
            yield family
