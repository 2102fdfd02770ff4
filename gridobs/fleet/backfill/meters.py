"""What the back-fill says of itself to a Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

from gridobs import conventions as names
from gridobs.fleet.backfill.faults import Drop, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridobs.fleet.backfill.visit import Outcome


class Meters:
    """The ``gridobs_backfill_*`` metrics. The only ones by site are of sites with a hole."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._samples = self._counter(names.BACKFILL_SAMPLES, "Samples that the hub took.")
        self._bytes = self._counter(names.BACKFILL_BYTES, "Bytes of the answers of sites, uncompressed.")
        self._found = self._counter(names.BACKFILL_HOLES_FOUND, "Holes that were begun to be filled.")
        self._filled = self._counter(names.BACKFILL_HOLES_FILLED, "Holes of which nothing is left.")
        self._empty = self._counter(names.BACKFILL_HOLES_EMPTY, "Holes of which the site itself has nothing.")
        self._refused = self._counter(names.BACKFILL_REFUSED, "Samples that the hub refused for what they are.")
        self._dropped = self._counter(
            names.BACKFILL_DROPPED, "Series of answers that a site may not write.", names.LABEL_REASON
        )
        self._errors = self._counter(names.BACKFILL_ERRORS, "Failures by what failed.", names.LABEL_REASON)
        self._open = Gauge(
            names.BACKFILL_HOLE_SECONDS,
            "How much of the look-back the hub lacks and can still get, of sites that lack any.",
            [names.LABEL_SITE],
            registry=self.registry,
        )
        self._dark = Gauge(names.BACKFILL_SITES_DARK, "Sites that cannot be asked now.", registry=self.registry)
        self._success = Gauge(
            names.BACKFILL_LAST_SUCCESS, "When the hub was last searched for holes.", registry=self.registry
        )
        for drop in Drop:
            self._dropped.labels(drop)
        for reason in Reason:
            self._errors.labels(reason)

    def surveyed(self, holes: Mapping[str, float], *, dark: int, at: float) -> None:
        """Show the seconds of hole of each site, and when that was known."""
        self._open.clear()
        for site, seconds in holes.items():
            self._open.labels(site).set(seconds)
        self._dark.set(dark)
        self._success.set(at)

    def wrote(self, samples: int, refused: int, size: int) -> None:
        """Count what one window gave."""
        self._samples.inc(samples)
        self._refused.inc(refused)
        self._bytes.inc(size)

    def visited(self, outcome: Outcome) -> None:
        """Count what became of the holes of a site."""
        self._found.inc(len(outcome.holes))
        self._filled.inc(outcome.holes_filled)
        self._empty.inc(outcome.holes_empty)
        for drop, count in outcome.dropped.items():
            self._dropped.labels(drop).inc(count)
        if outcome.reason:
            self.failed(outcome.reason)
        if outcome.left:
            self._open.labels(outcome.site).set(outcome.left)
        else:
            self._open.remove(outcome.site)

    def failed(self, reason: Reason) -> None:
        self._errors.labels(reason).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)
