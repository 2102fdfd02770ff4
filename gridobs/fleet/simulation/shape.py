"""Which series one simulated site has: those its egress allows, padded or cut to the number asked for."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.egress.model import Egress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.fleet.egress.model import ExportedSeries

_KNOWN_VALUES = {
    names.LABEL_SEVERITY: (names.SEVERITY_PAGE, names.SEVERITY_TICKET, names.SEVERITY_INFO),
    names.LABEL_OBJECTIVE: ("99.9",),
    names.LABEL_PERIOD: ("30d",),
    names.LABEL_OWNER: ("grid-operations",),
    names.LABEL_SERVICE: ("power-data-processor",),
}
_OF_AN_OBJECTIVE = (names.LABEL_OBJECTIVE, names.LABEL_PERIOD, names.LABEL_OWNER, names.LABEL_SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SimulatedSeries:
    """One series of a site; ``labels`` are sorted, without ``site`` and ``region``. ``slo`` may be empty."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def slo(self) -> str:
        return dict(self.labels).get(names.LABEL_SLO, "")


def choose_series(egress: Egress, count: int) -> tuple[SimulatedSeries, ...]:
    """The ``count`` series that every site of a simulation has, sorted.

    What a site says of itself comes first, then its objectives one after the other; when all that the egress allows
    is used up, the objectives come again under other names.
    """
    own = [one for one in egress.series if names.LABEL_SLO not in one.labels]
    own.sort(key=lambda one: (one.name not in {names.SITE_HEARTBEAT, names.SITE_INFO}, one))
    sources = sorted({one.source for one in egress.series if names.LABEL_SLO in one.labels})
    blocks = {
        source: [one for one in egress.series if one.source == source and names.LABEL_SLO in one.labels]
        for source in sources
    }
    found = dict.fromkeys(_cut(itertools.chain(_of_site(own), _of_objectives(blocks)), count))
    return tuple(sorted(found))


def widen(egress: Egress, series: Sequence[SimulatedSeries]) -> Egress:
    """The egress with bounds that let all of ``series`` through, and no name less."""
    spare = Counter(one.name for one in series)
    for one in egress.series:
        spare[one.name] -= one.bound
    widened = []
    for one in egress.series:
        more = max(0, spare.pop(one.name, 0))
        widened.append(replace(one, bound=one.bound + more))
    return Egress(series=tuple(widened))


def _cut(series: Iterator[SimulatedSeries], count: int) -> Iterator[SimulatedSeries]:
    seen: set[SimulatedSeries] = set()
    while len(seen) < count and (one := next(series, None)):
        if one not in seen:
            seen.add(one)
            yield one


def _of_site(own: Sequence[ExportedSeries]) -> Iterator[SimulatedSeries]:
    for one in own:
        values = [
            [(label, value) for value in _KNOWN_VALUES.get(label, [f"{label}-{n}" for n in range(1, one.bound + 1)])]
            for label in one.labels
        ]
        for labels in itertools.islice(itertools.product(*values), one.bound):
            yield SimulatedSeries(name=one.name, labels=tuple(sorted(labels)))


def _of_objectives(blocks: dict[str, list[ExportedSeries]]) -> Iterator[SimulatedSeries]:
    for turn in itertools.count(1) if blocks else ():
        for source, series in blocks.items():
            stem = PurePosixPath(source).stem
            slo = stem if turn == 1 else f"{stem}-{turn}"
            for one in series:
                labels = {label: _KNOWN_VALUES.get(label, (label,))[0] for label in one.labels}
                yield SimulatedSeries(name=one.name, labels=tuple(sorted((labels | {names.LABEL_SLO: slo}).items())))
