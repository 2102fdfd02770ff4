"""Counters of many sources as one that never goes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

Labels = tuple[str, ...]


class Tally:
    """Adds up what the counters of sources increased by since each was first seen.

    The sum of counters goes down when a source is gone, which Prometheus takes for a restart; the sum of increases
    stays. Where one counter of a source went down, all of them began anew at 0, so that buckets stay in order.
    """

    def __init__(self) -> None:
        self._last: dict[Hashable, dict[Labels, float]] = {}
        self._sums: dict[Labels, float] = {}

    def note(self, source: Hashable, values: Mapping[Labels, float], *, new: bool = False) -> None:
        """The counters of ``source`` now, by their labels. With ``new`` they began at 0 while we watched."""
        before = self._last.get(source, {} if new else dict(values))
        if any(value < before.get(labels, 0.0) for labels, value in values.items()):
            before = {}
        for labels, value in values.items():
            self._sums[labels] = self._sums.get(labels, 0.0) + value - before.get(labels, 0.0)
        self._last[source] = {**before, **values}

    def keep(self, sources: Iterable[Hashable]) -> None:
        """Forget the other sources; what they counted stays."""
        wanted = set(sources)
        self._last = {source: values for source, values in self._last.items() if source in wanted}

    def sums(self, most: int | None = None) -> dict[Labels, float]:
        """By labels, in the order they first came; what is above ``most`` goes together as ``other``."""
        if most is None or len(self._sums) <= most:
            return dict(self._sums)
        kept = dict(list(self._sums.items())[: most - 1])
        others = ("other",) * len(next(iter(self._sums)))
        return kept | {others: sum(self._sums.values()) - sum(kept.values())}
