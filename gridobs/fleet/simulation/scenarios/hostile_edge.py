"""Three sites turn on the fleet: one claims to be another, one tells raw readings, one floods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import CLAIMED_SITE, RAW_SERIES, Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings


def _faults(fleet: Fleet, _: Settings) -> tuple[Fault, ...]:
    claims, tells, floods = choice.scattered(fleet, 3)
    return (
        Fault(sites=(claims,), behaviour=Behaviour.CLAIM),
        Fault(sites=(tells,), behaviour=Behaviour.RAW),
        Fault(sites=(floods,), behaviour=Behaviour.FLOOD),
    )


SCENARIO = Scenario(
    name="hostile-edge",
    why="one site claims to be another, one tells raw readings, one tells twenty thousand series",
    faults=_faults,
    expectation=lambda fleet, _settings: Expectation(
        dark=frozenset(choice.scattered(fleet, 3)[-1:]),
        alerts={names.HUB_ALERT_SITE_IDENTITY_MISMATCH: 1, names.HUB_ALERT_SITE_LIMIT_REACHED: 1},
        absent=(f'{{{names.LABEL_SITE}="{CLAIMED_SITE}"}}', RAW_SERIES, f'{{{names.LABEL_SLO}=~"flood-.+"}}'),
    ),
    lasts=lambda settings: settings.settled_within + settings.interval,
)
