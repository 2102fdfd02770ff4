from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import UsageError
from gridobs.fleet.model import Hub
from gridobs.fleet.simulation.addresses import build_fleet
from gridobs.fleet.simulation.plan import EdgesPlan
from gridobs.fleet.simulation.shape import choose_series

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress


def test_every_site_has_a_loopback_address_of_its_own() -> None:
    hosts = [site.address.rpartition(":")[0] for site in build_fleet(sites=5000, port=9443, hub=Hub()).sites]

    assert 5000 == len(set(hosts))
    assert all(ip_address(host).is_loopback for host in hosts)


def test_the_address_of_a_site_follows_from_its_number_alone() -> None:
    few, many = (build_fleet(sites=count, port=9443, hub=Hub()).sites for count in (10, 1000))

    assert [site.address for site in few] == [site.address for site in many[:10]]


def test_sites_are_spread_evenly_and_stand_in_order() -> None:
    fleet = build_fleet(sites=1000, port=9443, hub=Hub())

    assert {50} == set(Counter(site.region for site in fleet.sites).values())
    assert sorted(fleet.sites, key=lambda site: site.id) == list(fleet.sites)


def test_more_sites_than_addresses_are_refused() -> None:
    with pytest.raises(UsageError, match="use fewer --sites"):
        build_fleet(sites=60_001, port=9443, hub=Hub())


def test_a_plan_is_read_as_it_was_written(egress: Egress) -> None:
    fleet = build_fleet(sites=5, port=9443, hub=Hub())
    plan = EdgesPlan.of(fleet, choose_series(egress, 20), interval=30, control=9444)

    assert plan == EdgesPlan.load(plan.dump())
