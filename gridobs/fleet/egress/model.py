"""The series that leave a site, as the proof derives them from its rules."""

from __future__ import annotations

from dataclasses import dataclass

from gridobs import conventions as names


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ExportedSeries:
    """One recorded name.

    Attributes:
        name: as Prometheus stores it.
        labels: that it carries, sorted, without ``site`` and ``region``, which the site's Prometheus adds.
        bound: the most series of this name that one site can have at a time.
        interval: whole seconds between two samples.
        source: the rule file that records it, as ``alerts/slos/x.yaml``.
    """

    name: str
    labels: tuple[str, ...]
    bound: int
    interval: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """All that can leave a site; ``series`` are sorted. A name that several files record stands once for each."""

    series: tuple[ExportedSeries, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Each name once, sorted."""
        return tuple(sorted({one.name for one in self.series}))

    @property
    def bound(self) -> int:
        """The most series of one site."""
        return sum(one.bound for one in self.series)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that a series of a site can carry at the hub, sorted; ``site`` and ``region`` included."""
        carried = {label for one in self.series for label in one.labels}
        return tuple(sorted(carried | {names.LABEL_SITE, names.LABEL_REGION}))

    @property
    def selector(self) -> str:
        """What selects these names and no other; none holds a character with a meaning in a regex."""
        return f'{{__name__=~"{"|".join(self.names)}"}}'
