"""File service discovery: which sites a shard pulls, one file for each region.

Format: Prometheus, "file_sd_config". The files are read again when they change, without a reload.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.artifacts import Artifact
from gridobs.fleet import sharding
from gridobs.fleet.model import State, Transport
from gridobs.rules.durations import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridobs.fleet.model import Fleet, Hub, Site

FOLDER = PurePosixPath("targets")
RECEIVING_SHARD = 0
"""Sites push to one address, and what watches them must be where their series are."""


def pulled(fleet: Fleet) -> tuple[Site, ...]:
    """The sites that a hub dials; those that push are watched by their heartbeats."""
    return tuple(site for site in fleet.watched if site.transport is Transport.PULL)


def assign(fleet: Fleet) -> dict[str, int]:
    """The shard of each watched site: by its id if it is pulled, the one that is written to if it pushes."""
    pushing = {site.id: RECEIVING_SHARD for site in fleet.watched if site.transport is not Transport.PULL}
    return sharding.assign([site.id for site in pulled(fleet)], fleet.hub.shards) | pushing


def files(fleet: Fleet, *, shard: int, assigned: Mapping[str, int]) -> Iterator[Artifact]:
    """The files of a shard, by region; a region without a target in it has none."""
    for region in sorted({site.region for site in fleet.sites}):
        groups = [
            _group(site, fleet.hub) for site in pulled(fleet) if site.region == region and assigned[site.id] == shard
        ]
        if groups:
            yield Artifact(FOLDER / f"{region}.json", json.dumps(groups, indent=2) + "\n")


def _group(site: Site, hub: Hub) -> dict[str, object]:
    labels = {names.LABEL_SITE: site.id, names.LABEL_REGION: site.region}
    if site.state is State.MAINTENANCE:
        labels[names.LABEL_MAINTENANCE] = "true"
    if site.scrape_interval and site.scrape_interval != hub.scrape_interval:
        labels["__scrape_interval__"] = text(site.scrape_interval)
        labels["__scrape_timeout__"] = text(min(hub.scrape_timeout, site.scrape_interval))
    return {"targets": [site.address], "labels": labels}
