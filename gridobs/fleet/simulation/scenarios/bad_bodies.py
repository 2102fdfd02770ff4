"""Some sites answer what is no exposition, or far too much of one."""

from __future__ import annotations

from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

_COUNT = 5


def _scenario(name: str, behaviour: Behaviour, why: str) -> Scenario:
    return Scenario(
        name=name,
        why=why,
        faults=lambda fleet, _settings: (Fault(sites=choice.scattered(fleet, _COUNT), behaviour=behaviour),),
        expectation=lambda fleet, _settings: Expectation(
            dark=frozenset(choice.scattered(fleet, _COUNT)), absent=('{turn=~".+"}',)
        ),
        lasts=lambda settings: settings.settled_within + settings.interval,
    )


GARBAGE = _scenario("garbage", Behaviour.GARBAGE, "five sites answer what is no exposition")
HUGE = _scenario("huge-bodies", Behaviour.HUGE, "five sites answer ten megabytes")
