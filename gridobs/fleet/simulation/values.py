"""The value of any series of a simulated site at any time, as a pure function: whoever doubts a sample recomputes it.

Events are counted by a closed form that only grows, so that every window of an objective adds up: the events of an
hour are those of its first half and those of its second, at each site and at the hub.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridobs import conventions as names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.fleet.simulation.shape import SimulatedSeries

OBJECTIVE = 0.999
PERIOD_DAYS = 30
_DAY = 86_400.0
_WINDOWS = {"5m": 300, "30m": 1800, "1h": 3600, "2h": 7200, "6h": 21_600, "1d": 86_400, "3d": 259_200}
_PERIOD_SECONDS = PERIOD_DAYS * 86_400
_SWING = 0.6  # of the rate between day and night, as a share of its mean
_BAD_SHARE_MOST = 0.0015  # of events, so that some objectives are met and some are not


@dataclass(slots=True)
class Events:
    """The events of one objective in one window."""

    bad: int
    total: int

    @property
    def ratio(self) -> float:
        return self.bad / self.total if self.total else math.nan


class Objective:
    """How the events of one objective of one site go on."""

    def __init__(self, site: str, slo: str) -> None:
        self._rate = 20 + 180 * noise(site, slo, "rate")  # events a second
        self._phase = _DAY * noise(site, "phase")
        self._bad = _BAD_SHARE_MOST * noise(site, slo, "bad") ** 3

    def count(self, at: float) -> Events:
        """All events up to Unix second ``at``."""
        turn = 2 * math.pi / _DAY
        total = int(self._rate * (at + _SWING / turn * math.sin(turn * (at + self._phase))))
        return Events(int(total * self._bad), total)

    def within(self, at: float, seconds: float) -> Events:
        """The events of the ``seconds`` before ``at``."""
        now, then = self.count(at), self.count(at - seconds)
        return Events(now.bad - then.bad, now.total - then.total)


class Site:
    """Who it is, and what follows from that; all that looks random does."""

    def __init__(self, name: str, *, interval: float) -> None:
        self.name = name
        self._interval = interval
        self._offset = round(1000 * interval * noise(name, "offset")) / 1000
        self._objectives: dict[str, Objective] = {}

    def evaluated_at(self, now: float) -> float:
        """When its rules were last evaluated, to the millisecond, if its clock shows ``now``."""
        turn = math.floor((now - self._offset) / self._interval)
        return round(turn * self._interval + self._offset, 3)

    def objective(self, slo: str) -> Objective:
        found = self._objectives.get(slo)
        if found is None:
            found = self._objectives[slo] = Objective(self.name, slo)
        return found


Windows = dict[tuple[str, float], Events]
Figure = Callable[[Site, float, Windows], float]


class Formulas:
    """The values of a list of series; one object serves all sites."""

    def __init__(self, series: Sequence[SimulatedSeries], *, interval: float) -> None:
        """Choose a formula for each series.

        Args:
            series: in the order in which ``values`` gives them.
            interval: seconds between two evaluations of a site's rules.
        """
        self._figures = [_figure(one, interval) if one.slo else _figure_of_site(one) for one in series]

    def values(self, site: Site, at: float) -> list[float]:
        """The value of each series of ``site`` that was evaluated ``at``."""
        windows: Windows = {}
        return [figure(site, at, windows) for figure in self._figures]


def noise(*key: str) -> float:
    """A number in [0, 1) that follows from ``key`` and looks as if it did not."""
    return zlib.crc32("\0".join(key).encode()) / 2**32


def _figure(series: SimulatedSeries, interval: float) -> Figure:
    name, slo = series.name, series.slo
    seconds, form = _WINDOWED.get(name) or (_window_of(name, interval), _form_of(name))
    if form is None:
        constant = _CONSTANT.get(name, 1.0)
        return lambda _site, _at, _windows: constant

    def read(site: Site, at: float, windows: Windows) -> float:
        found = windows.get((slo, seconds))
        if found is None:
            found = windows[slo, seconds] = site.objective(slo).within(at, seconds)
        return form(found)

    return read


def _figure_of_site(series: SimulatedSeries) -> Figure:
    name = series.name
    key = f"{name}{series.labels}"
    if name == names.SITE_HEARTBEAT:
        return lambda _site, at, _windows: at
    if name in {names.SITE_INFO, names.SITE_ALERTS_FIRING}:
        return lambda _site, _at, _windows: float(name == names.SITE_INFO)
    if "timestamp" in name or name.endswith(":time"):
        return lambda site, at, _windows: math.floor(at - 60 * noise(site.name, key))
    if name.endswith((":bool", ":info", ":active")):
        return lambda _site, _at, _windows: 1.0
    if name.endswith(":count"):
        return lambda site, at, _windows: math.floor(100 * noise(site.name, key) + 10 * math.sin(at / 3600))
    return lambda site, at, _windows: round(0.2 + 0.5 * noise(site.name, key) + 0.1 * math.sin(at / 1800), 6)


def _remaining(events: Events) -> float:
    return 1 - events.ratio / (1 - OBJECTIVE)


def _burn(events: Events) -> float:
    return events.ratio / (1 - OBJECTIVE)


_WINDOWED: dict[str, tuple[float, Callable[[Events], float]]] = {
    names.SLO_BAD_RATE: (300, lambda events: events.bad / 300),
    names.SLO_TOTAL_RATE: (300, lambda events: events.total / 300),
    names.SLO_CURRENT_BURN_RATE: (300, _burn),
    names.SLO_PERIOD_BURN_RATE: (_PERIOD_SECONDS, _burn),
    names.SLO_PERIOD_BUDGET_REMAINING: (_PERIOD_SECONDS, _remaining),
    names.SLO_PERIOD_RAW_BUDGET_REMAINING: (_PERIOD_SECONDS, _remaining),
    names.SLO_PERIOD_BAD: (_PERIOD_SECONDS, lambda events: events.bad),
    names.SLO_PERIOD_RAW_BAD: (_PERIOD_SECONDS, lambda events: events.bad),
    names.SLO_PERIOD_TOTAL: (_PERIOD_SECONDS, lambda events: events.total),
    names.SLO_PERIOD_RAW_TOTAL: (_PERIOD_SECONDS, lambda events: events.total),
}
_CONSTANT = {
    names.SLO_OBJECTIVE: OBJECTIVE,
    names.SLO_ERROR_BUDGET: round(1 - OBJECTIVE, 6),
    names.SLO_TIME_PERIOD_DAYS: float(PERIOD_DAYS),
    names.SLO_EXCLUDED_BAD: 0.0,
    names.SLO_EXCLUDED_TOTAL: 0.0,
    names.SLO_EXCLUSION_ACTIVE: 0.0,
}


def _window_of(name: str, interval: float) -> float:
    """The window that a name ends in; one evaluation where it ends in none."""
    if name.startswith(names.SLO_ERROR_RATIO_PREFIX):
        return _WINDOWS.get(name.removeprefix(names.SLO_ERROR_RATIO_PREFIX), _PERIOD_SECONDS)
    return interval


def _form_of(name: str) -> Callable[[Events], float] | None:
    if name.startswith(names.SLO_ERROR_RATIO_PREFIX):
        return lambda events: events.ratio
    if name in _CONSTANT or not name.endswith(":increase"):
        return None
    if "bad" in name:
        return lambda events: events.bad
    return lambda events: events.total
