"""The hub loses its own uplink: that is one message, not a thousand."""

from __future__ import annotations

from gridobs import conventions as names
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.behaviours import Behaviour
from gridobs.fleet.simulation.scenario import Expectation, Fault, Scenario

SCENARIO = Scenario(
    name="hub-uplink",
    why="no site can be reached, since the hub itself is cut off",
    faults=lambda fleet, _settings: (Fault(sites=choice.everyone(fleet), behaviour=Behaviour.HANG),),
    expectation=lambda fleet, _settings: Expectation(
        dark=frozenset(choice.everyone(fleet)),
        alerts={
            names.HUB_ALERT_UPLINK_DOWN: 1,
            names.HUB_ALERT_REGION_WAN_OUTAGE: len(choice.regions(fleet)),
            names.HUB_ALERT_SITE_DARK: len(choice.everyone(fleet)),
        },
        notifications=1,
    ),
    lasts=lambda settings: settings.told_within,
)
