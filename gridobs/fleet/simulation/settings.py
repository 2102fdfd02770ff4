"""What a simulation is made of: how much of everything, where it lives, where it listens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gridobs.fleet.model import Hub
from gridobs.testbed.processes import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_MOST = 20
_EVALUATION_MOST = 30


class Part(StrEnum):
    """The parts that listen, in the order of their ports."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    WEBHOOK = "webhook"
    CONTROL = "control"
    EDGES = "edges"  # at the address of each site


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a simulation is made of.

    Attributes:
        folder: holds everything it writes.
        sources: the folder with ``slos`` and ``rules``, from which follows what may leave a site.
        sites: how many.
        series: of each site.
        interval: whole seconds between two pulls of a site, and between two evaluations at a site.
        real: sites beside them that are no simulations, each with a Prometheus and a gate; they need ``tls``.
        tls: whether hub and edges show each other certificates.
        hurry: by which every waiting time of an alert and of a notification is divided; 1 is as rendered.
        base_port: the first of five consecutive ports on loopback, and one more for each real site.
    """

    folder: Path
    sources: Path
    sites: int = 1000
    series: int = 200
    interval: int = 30
    real: int = 0
    tls: bool = False
    hurry: float = 1.0
    base_port: int = 17800

    @property
    def hub(self) -> Hub:
        return Hub(
            scrape_interval=self.interval,
            scrape_timeout=min(_TIMEOUT_MOST, max(1, self.interval * 2 // 3)),
            evaluation_interval=min(_EVALUATION_MOST, self.interval),
            alertmanagers=(self.address(Part.ALERTMANAGER),),
        )

    @property
    def ports(self) -> dict[str, int]:
        own = (*(part.value for part in Part), *(f"real site {number}" for number in range(1, self.real + 1)))
        return {name: self.base_port + number for number, name in enumerate(own)}

    @property
    def real_ports(self) -> int:
        """The first port of the Prometheuses of real sites."""
        return self.base_port + len(Part)

    def address(self, part: Part) -> str:
        return f"{LOOPBACK}:{self.ports[part]}"

    def url(self, part: Part) -> str:
        return f"http://{self.address(part)}"

    @property
    def group_wait(self) -> float:
        """Seconds before a new group of alerts is told."""
        return 60 / self.hurry

    @property
    def settled_within(self) -> float:
        """Seconds after which the rules, each of which reads what others made of it, have seen a change."""
        return 4.0 * self.hub.evaluation_interval + 10

    @property
    def told_within(self) -> float:
        """Seconds after the last alert fired in which whatever is to be told of it is told."""
        return self.group_wait + self.settled_within

    @property
    def patience(self) -> float:
        """Seconds to wait for all that must be seen of a fault."""
        return 120 + 20 * self.interval + 900 / self.hurry
