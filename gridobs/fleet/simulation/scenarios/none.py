"""Nothing is done: what a hub costs while all is well."""

from __future__ import annotations

from gridobs.fleet.simulation.scenario import Expectation, Scenario

SCENARIO = Scenario(
    name="none",
    why="what the hub costs while all is well, and that nobody is called",
    faults=lambda _fleet, _settings: (),
    expectation=lambda _fleet, _settings: Expectation(notifications=0),
    lasts=lambda _settings: 0.0,
)
