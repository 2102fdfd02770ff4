"""Some sites answer what is no exposition, or far too much of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings

_COUNT = 5
_BINARY_COUNT = 2


def _garbage(fleet: Fleet, _: Settings) -> tuple[Fault, ...]:
    sites = choice.scattered(fleet, _COUNT)
    return (
        Fault(sites=sites[_BINARY_COUNT:], behaviour=Behaviour.GARBAGE),
        Fault(sites=sites[:_BINARY_COUNT], behaviour=Behaviour.BINARY),
    )


GARBAGE = Scenario(
    name="garbage",
    why="three sites answer what is no exposition, two answer bytes that pass for an empty one",
    faults=_garbage,
    expectation=lambda fleet, _settings: Expectation(
        dark=frozenset(choice.scattered(fleet, _COUNT)[_BINARY_COUNT:]),
        alerts={names.HUB_ALERT_SITE_SENDS_NOTHING: _BINARY_COUNT},
    ),
    lasts=lambda settings: settings.settled_within + settings.interval,
)
HUGE = Scenario(
    name="huge-bodies",
    why="five sites answer ten megabytes",
    faults=lambda fleet, _settings: (Fault(sites=choice.scattered(fleet, _COUNT), behaviour=Behaviour.HUGE),),
    expectation=lambda fleet, _settings: Expectation(
        dark=frozenset(choice.scattered(fleet, _COUNT)),
        alerts={names.HUB_ALERT_SITE_LIMIT_REACHED: _COUNT},
        absent=('{turn=~".+"}',),
    ),
    lasts=lambda settings: settings.settled_within + settings.interval,
)
