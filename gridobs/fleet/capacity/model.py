"""What a plan says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridobs.fleet.model import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Wan:
    """What one site sends, for all sites that send in the same way.

    Attributes:
        transport: how it sends.
        interval: whole seconds between two pulls; None for a site that pushes.
        sites: how many do so.
        body: bytes of one answer, compressed; None for a site that pushes.
        bytes_per_second: of one site, with what HTTP and TLS take.
    """

    transport: Transport
    interval: int | None
    sites: int
    body: int | None
    bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What it takes to fill the hole of an outage as long as the budget allows, of all pulled sites at once.

    Attributes:
        outage: whole seconds.
        samples: in all holes.
        bytes_per_site: that the site with the most sends.
        link_seconds: that its sending takes on the narrowest link.
        hub_seconds: that writing takes at the pace the back-fill is held to.
        seconds: until all is filled; the longer of the two, for they go on at once.
    """

    outage: int
    samples: int
    bytes_per_site: int
    link_seconds: float
    hub_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Figures of the whole hub, one replica of it; divide by ``shards`` for one of equal shards.

    Attributes:
        sites: that are watched.
        pulled: of them, by the hub; the others push.
        regions: that have one of them.
        series_per_site: the most that can leave one.
        series: at the hub: those of sites, of pulls, and those that the hub records of sites.
        samples: stored each second.
        pulls: each second.
        cores: at work on average, queries aside.
        memory: bytes in its first minutes, as a short run shows them.
        memory_to_provide: bytes, for a full head, queries and compaction.
        retention: whole seconds.
        disk: bytes, once the retention is reached.
        wan: what sites send, the pulled ones first.
        wan_total: bytes per second that the hub takes.
        backfill: of an outage as long as the budget.
        shards: in the inventory.
        shards_needed: for series, CPU and memory.
        largest_shard: how many sites the fullest of ``shards`` has.
    """

    sites: int
    pulled: int
    regions: int
    series_per_site: int
    series: int
    samples: float
    pulls: float
    cores: float
    memory: int
    memory_to_provide: int
    retention: int
    disk: int
    wan: tuple[Wan, ...]
    wan_total: float
    backfill: Backfill
    shards: int
    shards_needed: int
    largest_shard: int
