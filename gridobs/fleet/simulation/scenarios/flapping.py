"""Some sites come and go with every pull."""

from __future__ import annotations

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

_SHARE = 0.05

SCENARIO = Scenario(
    name="flapping",
    why="one site of twenty is there for one pull and away for the next",
    faults=lambda fleet, settings: (
        Fault(sites=choice.spread(fleet, _SHARE), behaviour=Behaviour.FLAPPING, seconds=settings.interval),
    ),
    expectation=lambda fleet, _settings: Expectation(
        dark=frozenset(choice.spread(fleet, _SHARE)),
        dark_turns=2,
        stays_dark=False,
        alerts={names.HUB_ALERT_SITE_FLAPPING: len(choice.spread(fleet, _SHARE))},
    ),
    lasts=lambda settings: settings.settled_within,
)
