"""Runs one scenario on a running simulation, step by step, so that a view can be drawn between the steps."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs.errors import ComponentFailed
from gridobs.fleet.simulation import choice, figures
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.comparison import Comparison, compare_real, compare_simulated
from gridobs.fleet.simulation.measurement import cpu_seconds
from gridobs.fleet.simulation.observation import Observation
from gridobs.fleet.simulation.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from gridobs.fleet.simulation.control import SiteCounts
    from gridobs.fleet.simulation.scenario import Scenario
    from gridobs.fleet.simulation.station import Station

_LOOK_SECONDS = 1.0
_IDLE_LOOK_SECONDS = 5.0  # a look costs the hub some milliseconds, which are in its figures
_WARM_UP_SECONDS = 120.0
_LATE_SECONDS = 60.0
_COMPARED_SITES = 10


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story; ``at`` is Unix seconds."""

    at: float
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the counters stood at when measuring began."""

    at: float
    hub_cpu: float
    edges_cpu: float
    load: float
    counts: Mapping[str, SiteCounts]


class Director:
    """One scenario on one simulation."""

    def __init__(self, station: Station, scenario: Scenario, *, steady: float, clock: Callable[[], float]) -> None:
        """Describe it.

        Args:
            station: that runs.
            scenario: what is done.
            steady: seconds to look on before anything is done.
            clock: Unix seconds.
        """
        self._station, self._scenario, self._steady, self._clock = station, scenario, steady, clock
        self._faults = scenario.faults(station.fleet, station.settings)
        self._affected = frozenset(site for fault in self._faults for site in fault.sites)
        self.expectation = scenario.expectation(station.fleet, station.settings)
        self.watch = Watch(station, clock=clock)
        self.events: list[Event] = []
        self.observation: Observation | None = None

    def steps(self) -> Iterator[None]:
        """Do it; yields about once a second until all is over.

        Raises:
            ComponentFailed: the simulation did not come up, or a part of it ended.
        """
        watch, settings = self.watch, self._station.settings
        all_up = len(self._station.fleet.watched)
        if not (yield from self._wait(lambda: watch.up == all_up, _WARM_UP_SECONDS + 3 * settings.interval)):
            raise ComponentFailed(f"only {watch.up} of {all_up} sites could be pulled; see the hub's log")
        self._tell("steady", f"all {all_up} sites are pulled")
        mark = self._mark()
        watch.forget_notifications()
        yield from self._wait(lambda: False, self._steady)
        made = lifted = None
        if self._faults:
            made = self._make()
            yield from self._wait(self._is_seen, settings.patience + self._scenario.patience)
            yield from self._wait(lambda: False, self._scenario.lasts(settings))
            self._tell("lifted", "every site is well again")
            watch.expect_back()
            self._station.control.behave(self._affected, Behaviour.OK)
            lifted = self._clock()
            late = settings.interval + settings.hub.scrape_timeout + _LATE_SECONDS
            yield from self._wait(lambda: watch.back_at is not None or not self.expectation.dark, late)
        self.observation = self._observe(mark, made=made, lifted=lifted)

    def _make(self) -> float:
        """Make the faults; gives when."""
        self._tell("fault", f"{len(self._affected)} sites: {self._scenario.why}")
        self.watch.expect_dark(self.expectation.dark, stays=self.expectation.stays_dark)
        made = self._clock()
        for fault in self._faults:
            self._station.control.behave(fault.sites, fault.behaviour, seconds=fault.seconds)
        return made

    def _is_seen(self) -> bool:
        """Whether all that must be seen of the fault has been."""
        watch, expected = self.watch, self.expectation
        return (
            (not expected.dark or watch.dark_at is not None)
            and all(watch.firing[name] >= count for name, count in expected.alerts.items())
            and watch.notifications >= (expected.notifications or 0)
        )

    def _wait(self, done: Callable[[], bool], seconds: float) -> Generator[None, None, bool]:
        until = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            self.watch.look()
            self._narrate()
            if done():
                return True
            yield
            if time.monotonic() >= until:
                return False
            every = _LOOK_SECONDS if self.watch.is_timing else _IDLE_LOOK_SECONDS
            time.sleep(max(0.0, min(every - (time.monotonic() - began), until - time.monotonic())))

    def _narrate(self) -> None:
        """Tell what is new since the last look."""
        told = {event.what: event for event in self.events}
        if self.watch.dark_at and "dark" not in told:
            self._tell("dark", f"{len(self.expectation.dark)} sites are known dark")
        if self.watch.back_at and "back" not in told:
            self._tell("back", "all sites are pulled again")
        before = [event.detail for event in self.events if event.what == "told"]
        for name, count in sorted(self._notified().items()):
            detail = f"{name}: {count}"
            if detail not in before:
                self._tell("told", detail)

    def _notified(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for alerts, count in self.watch.notified().items():
            found["+".join(alerts)] += count
        return dict(found)

    def _tell(self, what: str, detail: str) -> None:
        self.events.append(Event(self._clock(), what, detail))

    def _mark(self) -> _Mark:
        return _Mark(
            self._clock(),
            cpu_seconds(self._station.hub_pid),
            cpu_seconds(self._station.edges_pid),
            os.getloadavg()[0],
            self._station.control.counts(),
        )

    def _observe(self, mark: _Mark, *, made: float | None, lifted: float | None) -> Observation:
        """Ask for the figures of the whole run, after its counters were read: asking costs the hub as well."""
        now, watch, prometheus = self._mark(), self.watch, self._station.prometheus
        seconds = now.at - mark.at
        interval = self._station.settings.interval
        scrapes = figures.read_scrapes(prometheus, seconds=seconds, without=self._affected)
        body, wire = figures.body_bytes(mark.counts, now.counts, without=self._affected)
        real, told = self._compare()
        return Observation(
            seconds=seconds,
            scrapes=scrapes.count,
            scrapes_failed=scrapes.failed,
            samples_rate=figures.read_samples_rate(prometheus, seconds=seconds),
            hub_cpu=(now.hub_cpu - mark.hub_cpu) / seconds,
            hub_rss=watch.rss,
            edges_cpu=(now.edges_cpu - mark.edges_cpu) / seconds,
            rule_failures=figures.read_rule_failures(prometheus),
            load=(mark.load, now.load),
            scrape_p99=scrapes.p99,
            body_rate=body / interval,
            wire_rate=wire / interval,
            dark_after=_between(made, watch.dark_at),
            dark_missed=watch.missing,
            stale=watch.stale,
            back_after=_between(lifted, watch.back_at),
            firing=dict(watch.firing),
            notifications=watch.notifications,
            notified=self._notified(),
            ungrouped=figures.read_ungrouped(prometheus, seconds=seconds),
            real=real,
            told=told,
            stored=figures.read_stored(prometheus, self.expectation.absent, seconds=seconds),
        )

    def _compare(self) -> tuple[Comparison, Comparison]:
        """What the hub has against what was said: by the real sites, and by some simulated ones without a fault."""
        station, egress = self._station, self._station.egress
        hub, interval = station.prometheus, station.settings.interval
        real = [compare_real(hub, one, egress, interval=interval) for one in station.real]
        well = [site for site in choice.scattered(station.fleet, _COMPARED_SITES) if site not in self._affected]
        told = [compare_simulated(hub, site, station.series, egress, interval=interval) for site in well]
        return sum(real, Comparison()), sum(told, Comparison())


def _between(start: float | None, end: float | None) -> float | None:
    return end - start if start is not None and end is not None else None
