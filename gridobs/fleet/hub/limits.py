"""How much a hub takes from one site: what the rules of a site can make, and a margin for a site that is newer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Site

MARGIN = 2
"""How many times the proved bound is taken, so that sites can be given new rules before the hub is."""

_BYTES_PER_SERIES = 190  # of uncompressed text, measured with five labels
_BLOCK = 1_024
_LEAST_BODY = 64 * _BLOCK
_SPARE_LABELS = 2
_SPARE_TARGETS = 10
_HUB_LABELS = ("__name__", names.LABEL_SITE, names.LABEL_REGION)
_LEAST_VALUE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one scrape, by the names of Prometheus' settings; ``body`` is in bytes before compression.

    A scrape over one of them fails as a whole: nothing of it is stored.
    """

    samples: int
    labels: int
    label_name_length: int
    label_value_length: int
    body: int


def derive(egress: Egress, sites: Iterable[Site]) -> Limits:
    """The limits for sites that send ``egress``."""
    widest = max((len(one.labels) for one in egress.series), default=0)
    values = (*egress.names, *(text for site in sites for text in (site.id, site.region)))
    label_names = (*egress.labels, *_HUB_LABELS, names.LABEL_CLAIMED_SITE)
    body = max(MARGIN * egress.bound * _BYTES_PER_SERIES, _LEAST_BODY)
    return Limits(
        samples=max(MARGIN * egress.bound, 1),  # 0 would be no limit
        labels=widest + len(_HUB_LABELS) + _SPARE_LABELS,
        label_name_length=max(map(len, label_names)),
        label_value_length=max(_LEAST_VALUE, *map(len, values), 0),
        body=-(-body // _BLOCK) * _BLOCK,
    )


def targets(count: int) -> int:
    """The most targets of a shard with ``count`` sites; with more, Prometheus scrapes none of them."""
    return MARGIN * count + _SPARE_TARGETS
