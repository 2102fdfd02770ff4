"""A real hub, and real Prometheuses of sites behind a small gate, with a history that a test made.

The gate is a small proxy with the two paths of a rendered one, over plain HTTP: what is tested here is what the
back-fill makes of the answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from gridobs import conventions as names
from gridobs.fleet.backfill.receiver import Receiver
from gridobs.fleet.backfill.series import Series
from gridobs.fleet.egress.model import Egress, ExportedSeries
from gridobs.fleet.model import Fleet, Hub, Region, Site
from gridobs.prometheus import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gridobs.testbed.processes import Process

STEP = 15  # seconds between two samples of a site
SHARE = "site:share:ratio"
EVENTS = "slo:raw_total:increase"
GROUPS, SLOS = 100, 99  # with the heartbeat, 200 series of a site

Content = dict[tuple[tuple[str, str], ...], dict[int, float]]


@dataclass(slots=True, kw_only=True)
class Running:
    """A Prometheus that was started."""

    url: str
    process: Process
    folder: Path

    @property
    def client(self) -> Client:
        return Client(self.url)

    @property
    def address(self) -> str:
        return urlsplit(self.url).netloc

    def write(self, *series: Series) -> None:
        Receiver(self.client, wait=lambda _: False, jitter=lambda: 0.0).write(series)

    def raw(self, selector: str, *, seconds: int = 90_000) -> Content:
        """Every sample it holds: by labels, by milliseconds."""
        answer = self.client.ask("query", {"query": f"{selector}[{seconds}s]"})
        return {
            tuple(sorted(row["metric"].items())): {round(1000 * at): float(value) for at, value in row["values"]}
            for row in answer["result"]
        }


class Start(Protocol):
    def __call__(self, config: Mapping[str, Any], *, receiver: bool = True) -> Running:
        """Start a Prometheus with this configuration."""


OLD_SAMPLES: dict[str, Any] = {"storage": {"tsdb": {"out_of_order_time_window": "24h"}}}


def exported() -> Egress:
    """What can leave a site: a heartbeat and two names, 200 series."""
    kinds = ((names.SITE_HEARTBEAT, (), 1), (SHARE, ("group",), GROUPS), (EVENTS, ("slo",), SLOS))
    return Egress(
        series=tuple(
            sorted(
                ExportedSeries(name=name, labels=labels, bound=bound, interval=STEP, source="alerts/x.yaml")
                for name, labels, bound in kinds
            )
        )
    )


def history(site: str, times: range, *, at_hub: bool = False) -> list[Series]:
    """The 200 series of a site, with values that are different everywhere; the heartbeat last.

    At the hub they carry whose they are.
    """
    labels = {"site": site, "region": "north"} if at_hub else {}
    seed = sum(site.encode())
    kinds = [(SHARE, {"group": f"{number:02d}"}) for number in range(GROUPS)]
    kinds += [(EVENTS, {"slo": f"slo-{number:02d}"}) for number in range(SLOS)]
    made = [
        Series(
            labels=tuple(sorted({"__name__": name, **own, **labels}.items())),
            times=tuple(times),
            values=tuple((seed * 1000 + number) / 7 + (at // 1000 % 86_400) / 86_400 for at in times),
        )
        for number, (name, own) in enumerate(kinds)
    ]
    heartbeat = tuple(sorted({"__name__": names.SITE_HEARTBEAT, **labels}.items()))
    return [*made, Series(labels=heartbeat, times=tuple(times), values=tuple(at / 1000 for at in times))]


def grid(begin: float, end: float) -> range:
    """Milliseconds from ``begin`` to ``end``, in Unix seconds, at the pace of a site."""
    return range(int(begin // STEP) * STEP * 1000, int(end // STEP) * STEP * 1000 + 1, STEP * 1000)


Answer = tuple[int, bytes]


@dataclass(slots=True, kw_only=True)
class Gate:
    """A gate on a port of its own. ``answer`` can be replaced by what a test wants a site to say."""

    address: str
    answer: Callable[[int], Answer]
    asked: list[int] = field(default_factory=list)


class Gated(Protocol):
    def __call__(self, upstream: str, egress: Egress) -> Gate:
        """A gate before the Prometheus at ``upstream``."""


def fleet_of(sites: Mapping[str, str], *, outage_budget: int = 8 * 3600) -> Fleet:
    """Sites by the addresses of their gates, pulled as often as they record."""
    return Fleet(
        regions=(Region(name="north"),),
        sites=tuple(Site(id=site, region="north", address=address) for site, address in sorted(sites.items())),
        hub=Hub(scrape_interval=STEP, scrape_timeout=10, outage_budget=outage_budget),
    )


def mark_up(hub: Running, *sites: str, up: bool = True) -> None:
    """What the hub's own pulls would say."""
    now = int(time.time() * 1000)
    for site in sites:
        labels = {"__name__": "up", "job": names.JOB_EDGE, "instance": site, "site": site, "region": "north"}
        hub.write(Series(labels=tuple(sorted(labels.items())), times=(now,), values=(float(up),)))


def eventually(true: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)
