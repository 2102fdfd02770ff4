"""Which shard of the hub has which site, by rendezvous hashing: adding a shard or a site moves only what it must.

Thaler and Ravishankar, A Name-Based Mapping Scheme for Rendezvous (1996): each shard has a weight for each site, made
from the names of both, and the site goes to the shard with the highest. A new shard takes what it has the highest
weight for, 1/(N+1) of the sites, and nothing moves between the others. Prometheus' own ``hashmod`` moves N/(N+1).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BYTES = 8


def assign(sites: Iterable[str], shards: int) -> dict[str, int]:
    """The number of the shard, from 0, of each site by its id; ``shards`` is at least 1.

    It depends on nothing but the id and the number of shards: not on the other sites, their order or the machine.
    """
    if shards < 1:
        raise ValueError(f"{shards} shards cannot have a site")
    return {site: max(range(shards), key=lambda shard: _weight(site, shard)) for site in sites}


def moved(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """The ids of the sites that are in both and on another shard than before, sorted."""
    return tuple(sorted(site for site in before.keys() & after.keys() if before[site] != after[site]))


def _weight(site: str, shard: int) -> bytes:
    return hashlib.blake2b(f"{shard}/{site}".encode(), digest_size=_BYTES).digest()
