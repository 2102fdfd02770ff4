"""From the inventory and what leaves a site to what the hub needs."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from gridobs.fleet import sharding
from gridobs.fleet.capacity import constants as known
from gridobs.fleet.capacity.model import Backfill, Plan, Wan
from gridobs.fleet.model import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet, Site

RETENTION = 15 * 86_400
"""Seconds for which Prometheus keeps what it stores, unless it is told otherwise."""


def plan(fleet: Fleet, egress: Egress, *, retention: int = RETENTION) -> Plan:
    """What the hub of ``fleet`` needs if every watched site sends the most that ``egress`` lets it.

    ``retention`` is whole seconds.
    """
    sites = fleet.watched
    intervals = [_interval(site, fleet) for site in sites]
    pulled = [interval for interval in intervals if interval is not None]
    pushing = len(sites) - len(pulled)
    per_site_rules = known.RULE_SERIES_PER_SITE.value
    series = len(sites) * (egress.bound + per_site_rules) + len(pulled) * known.SCRAPE_SERIES.value
    pulls = sum(1 / interval for interval in pulled)
    pushed = pushing * _rate(egress, None)
    recorded = len(sites) * per_site_rules / fleet.hub.evaluation_interval
    samples = (
        sum(_rate(egress, interval) for interval in pulled) + pulls * known.SCRAPE_SERIES.value + pushed + recorded
    )
    cores = (
        known.CPU_BASE.value * fleet.hub.shards
        + pulls * known.CPU_PER_PULL.value
        + pulls * (egress.bound + known.SCRAPE_SERIES.value) * known.CPU_PER_SAMPLE.value
        + pushed * known.CPU_PER_WRITTEN_SAMPLE.value
        + len(sites) * egress.bound / fleet.hub.evaluation_interval * known.CPU_PER_RULE_SERIES.value
    )
    memory = (
        known.MEMORY_BASE.value * fleet.hub.shards
        + known.MEMORY_PER_SITE.value * len(pulled)
        + known.MEMORY_PER_SERIES.value * series
    )
    to_provide = memory * known.MEMORY_RESERVE.value
    disk = samples * (retention * known.DISK_PER_SAMPLE.value + known.WAL_SECONDS.value * known.WAL_PER_SAMPLE.value)
    wan = _wan(sites, intervals, egress)
    return Plan(
        sites=len(sites),
        pulled=len(pulled),
        regions=len({site.region for site in sites}),
        series_per_site=egress.bound,
        series=round(series),
        samples=samples,
        pulls=pulls,
        cores=cores,
        memory=round(memory),
        memory_to_provide=round(to_provide),
        retention=retention,
        disk=round(disk),
        wan=wan,
        wan_total=sum(one.sites * one.bytes_per_second for one in wan),
        backfill=_backfill(len(pulled), egress, fleet.hub.outage_budget),
        shards=fleet.hub.shards,
        shards_needed=_shards(series=series, cores=cores, memory=to_provide),
        largest_shard=_largest_shard(sites, fleet.hub.shards),
    )


def _interval(site: Site, fleet: Fleet) -> int | None:
    """Seconds between two pulls; None for a site that pushes."""
    return (site.scrape_interval or fleet.hub.scrape_interval) if site.transport is Transport.PULL else None


def _rate(egress: Egress, interval: int | None) -> float:
    """Samples a second that are stored of a site.

    What is pulled more often than it is recorded comes again with the same time, and is stored once.
    """
    return sum(one.bound / max(one.interval, interval or 0) for one in egress.series)


def _wan(sites: Sequence[Site], intervals: Sequence[int | None], egress: Egress) -> tuple[Wan, ...]:
    counts = Counter((site.transport, interval) for site, interval in zip(sites, intervals, strict=True))
    order = list(Transport)
    return tuple(
        _of_one(transport, interval, count, egress)
        for (transport, interval), count in sorted(
            counts.items(), key=lambda one: (order.index(one[0][0]), one[0][1] or 0)
        )
    )


def _of_one(transport: Transport, interval: int | None, sites: int, egress: Egress) -> Wan:
    if interval is not None:
        body = known.BODY_BASE.value + egress.bound * known.BODY_PER_SERIES.value
        rate = (body + known.PULL_OVERHEAD.value) / interval
        return Wan(transport=transport, interval=interval, sites=sites, body=round(body), bytes_per_second=rate)
    sample = known.VMAGENT_SAMPLE if transport is Transport.VMAGENT else known.PUSHED_SAMPLE
    rate = _rate(egress, None) * sample.value
    return Wan(transport=transport, interval=None, sites=sites, body=None, bytes_per_second=rate)


def _backfill(pulled: int, egress: Egress, outage: int) -> Backfill:
    of_site = outage * _rate(egress, None) if pulled else 0.0
    sent = of_site * known.HISTORY_SAMPLE.value
    link, hub = sent / known.LINK.value, pulled * of_site / known.BACKFILL_RATE.value
    return Backfill(
        outage=outage,
        samples=round(pulled * of_site),
        bytes_per_site=round(sent),
        link_seconds=link,
        hub_seconds=hub,
        seconds=max(link, hub),
    )


def _shards(*, series: float, cores: float, memory: float) -> int:
    needs = (
        series / known.SHARD_SERIES.value,
        cores / known.SHARD_CORES.value,
        memory / known.SHARD_MEMORY.value,
    )
    return max(1, math.ceil(max(needs)))


def _largest_shard(sites: Sequence[Site], shards: int) -> int:
    """Sites that push are all on the one shard that they push to, the first."""
    pulled = [site.id for site in sites if site.transport is Transport.PULL]
    counts = Counter(sharding.assign(pulled, shards).values())
    counts[0] += len(sites) - len(pulled)
    return max(counts.values())
