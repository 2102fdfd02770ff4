"""What a process of simulated edges is told when it starts, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from gridobs.fleet.simulation.addresses import is_real
from gridobs.fleet.simulation.shape import SimulatedSeries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridobs.fleet.model import Fleet, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSite:
    """One edge: who it is and where it listens."""

    id: str
    region: str
    host: str
    port: int

    @classmethod
    def of(cls, site: Site) -> PlannedSite:
        host, _, port = site.address.rpartition(":")
        return cls(id=site.id, region=site.region, host=host, port=int(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgesPlan:
    """All edges of one process.

    Attributes:
        sites: that it serves.
        series: that each of them has.
        interval: seconds between two evaluations of a site's rules.
        control: the port on loopback at which behaviours are switched and counts read.
        tls: a folder with ``ca.crt`` and, for each site, ``<id>.crt`` and ``<id>.key``; None is plain HTTP.
    """

    sites: tuple[PlannedSite, ...]
    series: tuple[SimulatedSeries, ...]
    interval: float
    control: int
    tls: str | None = None

    @classmethod
    def of(
        cls,
        fleet: Fleet,
        series: Sequence[SimulatedSeries],
        *,
        interval: float,
        control: int,
        tls: Path | None = None,
    ) -> EdgesPlan:
        """The plan for all sites of ``fleet`` that a hub watches and that are simulated."""
        return cls(
            sites=tuple(PlannedSite.of(site) for site in fleet.watched if not is_real(site)),
            series=tuple(series),
            interval=interval,
            control=control,
            tls=str(tls) if tls else None,
        )

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def load(cls, text: str) -> EdgesPlan:
        """What ``dump`` gave."""
        content = json.loads(text)
        return cls(
            sites=tuple(PlannedSite(**site) for site in content["sites"]),
            series=tuple(
                SimulatedSeries(name=one["name"], labels=tuple((label, value) for label, value in one["labels"]))
                for one in content["series"]
            ),
            interval=content["interval"],
            control=content["control"],
            tls=content["tls"],
        )
