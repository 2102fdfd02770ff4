from __future__ import annotations

import pytest

from gridobs.fleet.model import Hub
from gridobs.fleet.simulation import choice
from gridobs.fleet.simulation.addresses import build_fleet


def test_of_a_thousand_sites_three_hundred_in_six_regions_go_dark() -> None:
    fleet = build_fleet(sites=1000, port=9443, hub=Hub())
    regions = choice.dark_regions(fleet)

    assert (6, 300) == (len(regions), len(choice.within(fleet, regions)))
    assert choice.regions(fleet)[-1] not in regions


@pytest.mark.parametrize("sites", [20, 50, 1000])
def test_three_of_ten_sites_of_a_region_are_no_outage_of_it(sites: int) -> None:
    fleet = build_fleet(sites=sites, port=9443, hub=Hub())
    dark = set(choice.spread(fleet, 0.3))

    for region in fleet.regions:
        own = choice.within(fleet, (region.name,))
        assert 0 < len(dark & set(own)) <= 0.3 * len(own)


def test_scattered_sites_are_of_different_regions() -> None:
    fleet = build_fleet(sites=1000, port=9443, hub=Hub())
    chosen = choice.scattered(fleet, 5)
    regions = {site.region for site in fleet.sites if site.id in chosen}

    assert (5, 5) == (len(set(chosen)), len(regions))


def test_no_fault_is_made_at_a_real_site() -> None:
    fleet = build_fleet(sites=100, port=9443, hub=Hub(), real=5)
    real = {site.id for site in fleet.sites if site.id.startswith("real")}

    assert 5 == len(real)
    assert not real & {*choice.everyone(fleet), *choice.spread(fleet, 0.3), *choice.scattered(fleet, 5)}
    assert "real" not in choice.dark_regions(fleet)
