"""Three sites of ten go dark, all over the fleet; three variants of what darkness is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings

_SHARE = 0.3
_LOSSY_TURNS = 2  # a site that happens to be answered is asked in vain the next time


def _scenario(name: str, behaviour: Behaviour, why: str) -> Scenario:
    def faults(fleet: Fleet, _: Settings) -> tuple[Fault, ...]:
        return (Fault(sites=choice.spread(fleet, _SHARE), behaviour=behaviour),)

    def expectation(fleet: Fleet, _: Settings) -> Expectation:
        return Expectation(
            dark=frozenset(choice.spread(fleet, _SHARE)),
            dark_turns=_LOSSY_TURNS if behaviour is Behaviour.LOSSY else 1,
            stays_dark=behaviour is not Behaviour.LOSSY,
        )

    return Scenario(
        name=f"site-outage-{name}",
        why=f"three sites of ten {why}",
        faults=faults,
        expectation=expectation,
        lasts=lambda settings: settings.settled_within + settings.interval,
    )


REFUSED = _scenario("refused", Behaviour.REFUSE, "refuse connections")
HUNG = _scenario("hung", Behaviour.HANG, "accept connections and never answer")
LOSSY = _scenario("lossy", Behaviour.LOSSY, "answer one request of ten")
