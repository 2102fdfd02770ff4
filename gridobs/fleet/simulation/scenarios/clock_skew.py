"""The clocks of some sites are an hour off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings


def _faults(fleet: Fleet, _: Settings) -> tuple[Fault, ...]:
    ahead, behind = choice.scattered(fleet, 2)
    return (
        Fault(sites=(ahead,), behaviour=Behaviour.AHEAD),
        Fault(sites=(behind,), behaviour=Behaviour.BEHIND),
    )


SCENARIO = Scenario(
    name="clock-skew",
    why="the clock of one site is an hour fast, that of another an hour slow",
    faults=_faults,
    expectation=lambda _fleet, _settings: Expectation(alerts={names.HUB_ALERT_SITE_CLOCK_SKEW: 2}),
    patience=1200.0,
    lasts=lambda settings: settings.settled_within + settings.interval,
)
