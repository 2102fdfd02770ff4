from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs.fleet.model import Hub
from gridobs.fleet.simulation.addresses import build_fleet
from gridobs.fleet.simulation.scenarios import SCENARIOS
from gridobs.fleet.simulation.settings import Settings

if TYPE_CHECKING:
    from gridobs.fleet.simulation.scenario import Scenario

SETTINGS = Settings(folder=Path("data"), sources=Path("alerts"))


def test_names_are_unique() -> None:
    assert {1} == set(Counter(one.name for one in SCENARIOS).values())


@pytest.mark.parametrize("sites", [20, 50, 1000])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_scenario_fits_fleets_of_any_size(scenario: Scenario, sites: int) -> None:
    fleet = build_fleet(sites=sites, port=9443, hub=Hub())
    known = {site.id for site in fleet.sites}
    faulty = Counter(site for fault in scenario.faults(fleet, SETTINGS) for site in fault.sites)
    expected = scenario.expectation(fleet, SETTINGS)

    assert faulty.keys() <= known
    assert all(count == 1 for count in faulty.values())
    assert expected.dark <= faulty.keys()
    assert scenario.lasts(SETTINGS) >= 0


def test_three_hundred_dark_sites_and_one_elsewhere_are_seven_messages() -> None:
    fleet = build_fleet(sites=1000, port=9443, hub=Hub())
    outage = next(one for one in SCENARIOS if one.name == "region-outage").expectation(fleet, SETTINGS)

    assert (301, 7) == (len(outage.dark), outage.notifications)
