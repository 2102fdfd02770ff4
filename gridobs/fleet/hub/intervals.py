"""The arithmetic of intervals: how long what comes from a site may be on its way before it is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.fleet.model import Hub, Site

LOOKBACK = 300
"""Seconds for which Prometheus, at the site and at the hub, shows the last sample of a series."""

LONGEST_SCRAPE_INTERVAL = LOOKBACK // 2
"""Seconds. With more, one pull that fails leaves series without a value, and they flap."""

REGION_HOLD = 120
"""Seconds for which a region must be out before it alerts."""

_SPARE = 60  # for the rules of the site, and the way
_MINUTE = 60


def require_visible(sites: Iterable[Site], hub: Hub) -> None:
    """Check that every interval leaves room for one pull that fails. Raises UsageError."""
    slow = [site.id for site in sites if (site.scrape_interval or hub.scrape_interval) > LONGEST_SCRAPE_INTERVAL]
    if slow:
        raise UsageError(
            f"{len(slow)} sites, such as {slow[0]}, are pulled less often than every {LONGEST_SCRAPE_INTERVAL} s, so "
            "that one lost pull hides them; give them a shorter scrape interval in the inventory"
        )


def uplink_hold(hub: Hub) -> int:
    """Seconds for which most sites must be dark; a hub that starts has not pulled any before a whole interval."""
    return max(_MINUTE, hub.scrape_interval)


def freshness(sites: Iterable[Site], hub: Hub) -> int:
    """Seconds after which a heartbeat is old: one pull was lost, and a rule of the site is due as well."""
    return 2 * max([hub.scrape_interval, *(site.scrape_interval or 0 for site in sites)]) + _SPARE


def dark_hold(sites: Iterable[Site], hub: Hub) -> int:
    """Seconds for which a site must be dark before it alerts, in whole minutes.

    What explains it must fire first: by then a region has alerted even if this site was the first to be seen dark, by
    one interval and the timeout, and if the region's figure took an evaluation more at each of two tiers and a pull.
    """
    interval = max([hub.scrape_interval, *(site.scrape_interval or 0 for site in sites)])
    tiers = 2 * hub.evaluation_interval + (2 * hub.evaluation_interval if hub.shards > 1 else 0)
    longest = REGION_HOLD + interval + hub.scrape_timeout + tiers
    return (longest // _MINUTE + 1) * _MINUTE
