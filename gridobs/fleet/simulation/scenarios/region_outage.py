"""Regions go dark, and one site elsewhere: a person is told once for each region, and of the one site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings


def _dark(fleet: Fleet) -> tuple[str, ...]:
    return (*choice.within(fleet, choice.dark_regions(fleet)), *choice.last(fleet, 1))


def _faults(fleet: Fleet, _: Settings) -> tuple[Fault, ...]:
    return (Fault(sites=_dark(fleet), behaviour=Behaviour.HANG),)


def _expectation(fleet: Fleet, _: Settings) -> Expectation:
    regions = len(choice.dark_regions(fleet))
    dark = _dark(fleet)
    return Expectation(
        dark=frozenset(dark),
        alerts={names.HUB_ALERT_REGION_WAN_OUTAGE: regions, names.HUB_ALERT_SITE_DARK: len(dark)},
        notifications=regions + 1,
    )


SCENARIO = Scenario(
    name="region-outage",
    why="three regions of ten lose the WAN, and one site elsewhere; each site hangs",
    faults=_faults,
    expectation=_expectation,
    lasts=lambda settings: settings.told_within,
)
