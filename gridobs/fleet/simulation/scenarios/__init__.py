"""Every experiment there is, one module each."""

from __future__ import annotations

from gridobs.fleet.simulation.scenarios import (
    bad_bodies,
    clock_skew,
    flapping,
    hostile_edge,
    hub_uplink,
    none,
    region_outage,
    site_outage,
    slow_links,
)

SCENARIOS = (
    none.SCENARIO,
    region_outage.SCENARIO,
    site_outage.REFUSED,
    site_outage.HUNG,
    site_outage.LOSSY,
    hub_uplink.SCENARIO,
    flapping.SCENARIO,
    slow_links.SCENARIO,
    hostile_edge.SCENARIO,
    bad_bodies.GARBAGE,
    bad_bodies.HUGE,
    clock_skew.SCENARIO,
)
