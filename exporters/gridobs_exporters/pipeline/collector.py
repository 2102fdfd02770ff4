"""The ``pipeline`` collector: all stores read side by side, so that one that hangs costs only its own series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs_exporters.metric import Samples
from gridobs_exporters.names import pipeline as names
from gridobs_exporters.pipeline.watch import Watch
from gridobs_exporters.scrape import Collector, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs_exporters.clock import Clock
    from gridobs_exporters.pipeline.watch import StoreSettings

PATIENCE = 2.0  # seconds for all stores, below any sensible scrape timeout


class PipelineCollector(Collector):
    """Opens each store for each scrape and lets go of it."""

    name = "pipeline"
    up = names.UP

    def __init__(self, stores: Sequence[StoreSettings], *, clock: Clock) -> None:
        self.targets = tuple(settings.name for settings in stores)
        self._clock = clock
        self._stores = [Watch(settings, clock=clock) for settings in stores]

    def start(self) -> None:
        for store in self._stores:
            store.start()

    def stop(self) -> None:
        for store in self._stores:
            store.stop()

    def collect(self) -> Reading:
        samples = Samples()
        for store in self._stores:
            store.begin()
        deadline = self._clock.monotonic() + PATIENCE
        facts = {
            store.name: store.add_to(samples, timeout=max(0.0, deadline - self._clock.monotonic()))
            for store in self._stores
        }
        return Reading(
            up={name: found is not None for name, found in facts.items()},
            complete=all(found and not found.errors for found in facts.values()),
            samples=samples,
        )
