"""What was seen of a simulation: figures, nothing judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.fleet.simulation.comparison import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything a verdict needs. Times are seconds; None is what was never seen.

    Attributes:
        seconds: that were measured.
        scrapes: of sites without a fault.
        scrapes_failed: of these.
        samples_rate: samples a second that the hub stored.
        hub_cpu: of one core, as a share.
        hub_rss: the most bytes of memory the hub had resident.
        edges_cpu: of one core, by all edges together.
        rule_failures: evaluations of a rule of the hub that failed.
        load: the machine's load average of one minute, at the start and at the end.
        scrape_p99: of the duration of scrapes of sites without a fault.
        body_rate: bytes a second of one site, bodies as sent.
        wire_rate: the same with the heads of HTTP.
        dark_after: from the fault to the moment when every site that is dark was known to be.
        dark_missed: how many never were.
        stale: the most sites that a guarded aggregate counted beyond those alive, once the rules knew them dark.
        back_after: from the end of the fault to the moment when every site was well again.
        firing: the most alerts that fired at a time, by name.
        notifications: messages that said that something fires.
        notified: how many of them there were about each alert.
        ungrouped: messages there had been without grouping and inhibition: one for each alert that fired.
        real: samples of real sites at the hub, held against the site's own.
        told: samples of some simulated sites without a fault, held against what they must have said.
        stored: how many series each selector found that must find none.
    """

    seconds: float
    scrapes: int
    scrapes_failed: int
    samples_rate: float
    hub_cpu: float
    hub_rss: int
    edges_cpu: float
    rule_failures: int
    load: tuple[float, float]
    scrape_p99: float
    body_rate: float
    wire_rate: float
    dark_after: float | None = None
    dark_missed: int = 0
    stale: int | None = None
    back_after: float | None = None
    firing: Mapping[str, int] = field(default_factory=dict)
    notifications: int = 0
    notified: Mapping[str, int] = field(default_factory=dict)
    ungrouped: int = 0
    real: Comparison = field(default_factory=Comparison)
    told: Comparison = field(default_factory=Comparison)
    stored: Mapping[str, int] = field(default_factory=dict)
