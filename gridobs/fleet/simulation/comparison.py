"""Whether a hub has what its sites said, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridobs import conventions as names
from gridobs.fleet.simulation.exposition import number
from gridobs.fleet.simulation.values import Formulas, Site
from gridobs.prometheus import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.simulation.real_sites import RealSite
    from gridobs.fleet.simulation.shape import SimulatedSeries

_NAME = "__name__"
_OUTSIDE = frozenset({names.LABEL_SITE, names.LABEL_REGION, names.LABEL_CLAIMED_SITE})

Key = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Samples at the hub: how many were held against what the site said, how many differ."""

    compared: int = 0
    different: int = 0

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(compared=self.compared + other.compared, different=self.different + other.different)


def compare_real(hub: Client, real: RealSite, egress: Egress, *, interval: int) -> Comparison:
    """Hold the last sample of each series of a real site against the site's own of the same time."""
    own = {
        (_key(row["metric"]), at): value
        for row in _raw(Client(f"http://{real.prometheus}"), f"{egress.selector}[{6 * interval}s]")
        for at, value in row["values"]
    }
    last = [
        (_key(row["metric"]), *row["values"][-1])
        for row in _raw(hub, f"{_stored(real.site.id, egress)}[{3 * interval}s]")
    ]
    different = sum(own.get((key, at)) != value for key, at, value in last)
    return Comparison(compared=len(last), different=different)


def compare_simulated(
    hub: Client, name: str, series: Sequence[SimulatedSeries], egress: Egress, *, interval: int
) -> Comparison:
    """Hold the last samples of a simulated site against what it must have said at their times."""
    site, formulas = Site(name, interval=interval), Formulas(series, interval=interval)
    places = {frozenset({(_NAME, one.name), *one.labels}): place for place, one in enumerate(series)}
    compared = different = 0
    told: dict[float, list[str]] = {}
    for row in _raw(hub, f"{_stored(name, egress)}[{3 * interval}s]"):
        place = places.get(_key(row["metric"]))
        for at, value in row["values"]:
            if at not in told:
                told[at] = [number(one) for one in formulas.values(site, at)]
            compared += 1
            different += place is None or float(told[at][place]) != float(value)
    return Comparison(compared=compared, different=different)


def _stored(site: str, egress: Egress) -> str:
    return f'{{{names.LABEL_SITE}="{site}", {_NAME}=~"{"|".join(egress.names)}"}}'


def _raw(prometheus: Client, expression: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = prometheus.ask("query", {"query": expression})["result"]
    return found


def _key(labels: dict[str, str]) -> Key:
    """A series without who it is of, which the site's Prometheus adds on the way out."""
    return frozenset((label, value) for label, value in labels.items() if label not in _OUTSIDE)
