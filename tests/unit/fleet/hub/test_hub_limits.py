from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gridobs.errors import UsageError
from gridobs.fleet import hub
from gridobs.fleet.egress.model import Egress
from gridobs.fleet.hub import intervals, limits, targets
from gridobs.fleet.model import Fleet, Hub, Site, State
from gridobs.slo.promql import PrometheusVersion
from tests.unit.fleet.hub.conftest import PUSHING

if TYPE_CHECKING:
    from collections.abc import Mapping


def found(fleet: Fleet, *, shards: int = 1) -> dict[str, Mapping[str, str]]:
    """The labels of each target by its address, over all shards."""
    assigned = targets.assign(replace(fleet, hub=replace(fleet.hub, shards=shards)))
    files = [file for shard in range(shards) for file in targets.files(fleet, shard=shard, assigned=assigned)]
    groups = [group for file in files for group in json.loads(file.content)]
    return {group["targets"][0]: group["labels"] for group in groups}


def test_only_sites_that_are_watched_and_pulled_are_targets(fleet: Fleet) -> None:
    expected = {site.address for site in fleet.sites if site.id not in {"sub-0013", "sub-0021", "sub-0022"}}

    assert found(fleet).keys() == expected


def test_every_site_is_a_target_of_one_shard(fleet: Fleet) -> None:
    assert found(fleet, shards=3) == found(fleet)


def test_a_site_that_pushes_is_expected_where_it_pushes_to(sharded: Fleet, egress: Egress) -> None:
    made = {str(file.path): file.content for file in hub.render(sharded, egress, PrometheusVersion.V2_42)}

    assert [f"site: {PUSHING}" in made[f"hub/shard-{number}/rules/expected.yaml"] for number in range(2)] == [
        True,
        False,
    ]


def test_a_site_with_an_interval_of_its_own_has_a_timeout_within_it(fleet: Fleet) -> None:
    labels = found(fleet)["sub-0012.example:9443"]

    assert (labels["__scrape_interval__"], labels["__scrape_timeout__"]) == ("15s", "15s")
    assert "__scrape_interval__" not in found(fleet)["sub-0011.example:9443"]


def test_a_site_in_maintenance_says_so(fleet: Fleet) -> None:
    assert found(fleet)["sub-0014.example:9443"]["maintenance"] == "true"


def test_a_site_may_send_twice_what_is_proved(egress: Egress, fleet: Fleet) -> None:
    derived = limits.derive(egress, fleet.sites)

    assert derived.samples == 2 * egress.bound
    assert derived.labels == 2 + 3 + 2  # service and slo, those of the hub, two to spare
    assert derived.label_name_length == len("claimed_site")


def test_a_body_may_be_as_long_as_that_many_series(egress: Egress, fleet: Fleet) -> None:
    many = Egress(series=tuple(replace(one, bound=100) for one in egress.series))

    assert limits.derive(egress, fleet.sites).body == 65_536
    assert limits.derive(many, fleet.sites).body >= 2 * many.bound * 190


def test_a_long_region_is_not_refused(egress: Egress) -> None:
    site = Site(id="sub-0001", region="r" * 200, address="a.example:1")

    assert limits.derive(egress, [site]).label_value_length == 200


def test_a_site_that_one_lost_pull_would_hide_is_refused(fleet: Fleet, egress: Egress) -> None:
    slow = replace(fleet, hub=Hub(scrape_interval=151))

    with pytest.raises(UsageError, match=r"sites, such as sub-0001, are pulled less often than every 150 s"):
        hub.render(slow, egress, PrometheusVersion.V2_42)


def test_without_anything_that_leaves_a_site_there_is_no_hub(fleet: Fleet) -> None:
    with pytest.raises(UsageError, match="nothing leaves a site"):
        hub.render(fleet, Egress(series=()), PrometheusVersion.V2_42)


@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("interval", [15, 60, 150])
def test_what_explains_a_dark_site_fires_first(fleet: Fleet, interval: int, shards: int) -> None:
    made = Hub(scrape_interval=interval, scrape_timeout=10, shards=shards)

    assert intervals.dark_hold(fleet.watched, made) > intervals.REGION_HOLD + interval + 10


def test_a_heartbeat_may_miss_one_pull(fleet: Fleet) -> None:
    assert intervals.freshness(fleet.watched, fleet.hub) == 120


def test_a_fleet_without_a_site_that_is_watched_is_rendered(fleet: Fleet, egress: Egress) -> None:
    planned = replace(fleet, sites=tuple(replace(site, state=State.PLANNED) for site in fleet.sites))
    made = {str(file.path) for file in hub.render(planned, egress, PrometheusVersion.V2_42)}

    assert "hub/shard-0/rules/expected.yaml" not in made
    assert "hub/shard-0/prometheus.yml" in made


def test_the_same_inventory_gives_the_same_bytes_wherever_it_lies(fleet: Fleet, egress: Egress) -> None:
    turned = replace(fleet, source="elsewhere/fleet.yaml")

    assert hub.render(fleet, egress, PrometheusVersion.V3) == hub.render(turned, egress, PrometheusVersion.V3)
