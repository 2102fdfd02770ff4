from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from gridobs.fleet import inventory
from gridobs.fleet.inventory.invention import MOST_REGIONS
from gridobs.fleet.model import State, Transport

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("sites", "regions"), [(1000, 6), (1, 1), (MOST_REGIONS, MOST_REGIONS)])
def test_an_invented_fleet_is_written_and_read_as_it_is(tmp_path: Path, sites: int, regions: int) -> None:
    fleet = inventory.invent(sites=sites, regions=regions, seed=7)
    (tmp_path / "fleet.yaml").write_text(inventory.dump(fleet))

    assert inventory.load(tmp_path / "fleet.yaml") == fleet
    assert (sites, regions) == (len(fleet.sites), len({site.region for site in fleet.sites}))


def test_ids_are_wide_enough_to_be_in_order() -> None:
    sites = inventory.invent(sites=10_000, regions=3, seed=1).sites

    assert ("sub-00001", "sub-10000") == (sites[0].id, sites[-1].id)
    assert list(sites) == sorted(sites, key=lambda site: site.id)


def test_a_seed_gives_the_same_fleet_and_another_seed_another() -> None:
    first, second, other = (inventory.invent(sites=50, regions=3, seed=seed) for seed in (1, 1, 2))

    assert first == second
    assert first.sites != other.sites


def test_an_invented_fleet_is_plausible() -> None:
    fleet = inventory.invent(sites=1000, regions=6, seed=1)
    states = Counter(site.state for site in fleet.sites)
    transports = Counter(site.transport for site in fleet.sites)
    kinds = Counter(site.voltage_class for site in fleet.sites)

    assert fleet.sites[0].address == f"sub-0001.{fleet.sites[0].region}.grid.example:9443"
    assert all(count > 0 for count in (*(states[one] for one in State), *(transports[one] for one in Transport)))
    assert states[State.LIVE] > 900
    assert transports[Transport.PULL] > 900
    assert ["110kV", "20kV"] == [name for name, _ in kinds.most_common(2)]
    assert 900_000 < sum(site.devices for site in fleet.sites) < 1_500_000
