"""The answers of some sites drip: of half of them too slowly for the hub's timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from gridobs.fleet.simulation.settings import Settings

_SHARE = 0.2


def _faults(fleet: Fleet, settings: Settings) -> tuple[Fault, ...]:
    sites = choice.spread(fleet, _SHARE)
    timeout = settings.hub.scrape_timeout
    return (
        Fault(sites=sites[::2], behaviour=Behaviour.SLOW, seconds=3 * timeout),
        Fault(sites=sites[1::2], behaviour=Behaviour.SLOW, seconds=timeout / 2),
    )


SCENARIO = Scenario(
    name="slow-links",
    why="the answers of two sites of ten drip, of one of them slower than the hub waits",
    faults=_faults,
    expectation=lambda fleet, _settings: Expectation(dark=frozenset(choice.spread(fleet, _SHARE)[::2])),
    lasts=lambda settings: settings.settled_within + settings.interval,
)
