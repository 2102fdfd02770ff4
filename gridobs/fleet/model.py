"""The fleet as the inventory describes it. Everything that is rendered, planned or simulated starts here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """Where a site is in its life, as people say it; how it does is measured and called otherwise."""

    PLANNED = "planned"  # known, not watched yet
    LIVE = "live"
    MAINTENANCE = "maintenance"  # watched, and nobody is called
    RETIRED = "retired"  # known, not watched any more

    @property
    def is_watched(self) -> bool:
        return self in {State.LIVE, State.MAINTENANCE}


class Transport(StrEnum):
    """How the aggregates of a site reach the hub."""

    PULL = "pull"  # the hub federates from the site's egress gate
    REMOTE_WRITE = "remote-write"  # the site's Prometheus pushes; for sites that may not be dialled
    VMAGENT = "vmagent"  # vmagent pushes, and keeps what it could not on its disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the grid. ``title`` is what people call it."""

    name: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One substation.

    Attributes:
        id: such as ``sub-0001``; the label ``site``.
        region: the name of a region of the fleet; the label ``region``.
        address: ``host:port`` of its egress gate. The host is what the gate's certificate is for.
        coordinates: latitude and longitude in degrees, WGS 84.
        voltage_class: such as ``110kV``; empty where it is not known.
        devices: how many are expected to be connected.
        nodes: of its cluster.
        scrape_interval: whole seconds between two pulls; None is the hub's.
    """

    id: str
    region: str
    address: str
    coordinates: tuple[float, float] | None = None
    voltage_class: str = ""
    devices: int = 0
    nodes: int = 1
    state: State = State.LIVE
    transport: Transport = Transport.PULL
    scrape_interval: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """How the hub is built. Durations are whole seconds.

    Attributes:
        shards: Prometheuses that share the sites; with more than one there is a global tier over them.
        scrape_interval: between two pulls of a site. A pull brings the last sample of each series alone, so counts of
            events are missing at the hub where sites are pulled less often than their rules run.
        scrape_timeout: after which a pull has failed.
        evaluation_interval: of the hub's rules.
        outage_budget: the longest WAN outage whose hole can be filled; the hub takes samples that are this old.
        alertmanagers: ``host:port`` of each.
        receiver: ``host:port`` that sites push to.
    """

    shards: int = 1
    scrape_interval: int = 30
    scrape_timeout: int = 20
    evaluation_interval: int = 30
    outage_budget: int = 86_400
    alertmanagers: tuple[str, ...] = ()
    receiver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The whole inventory; ``sites`` are in the order of their ids, ``source`` is the file it was read from."""

    regions: tuple[Region, ...]
    sites: tuple[Site, ...]
    hub: Hub = field(default_factory=Hub)
    source: str = "fleet.yaml"

    @property
    def watched(self) -> tuple[Site, ...]:
        """The sites that the hub watches, in whatever way they reach it."""
        return tuple(site for site in self.sites if site.state.is_watched)
