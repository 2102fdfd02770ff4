from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gridobs.fleet.model import Fleet
    from tests.unit.fleet.hub.conftest import Rules

BEAT = 'site:heartbeat:time{{region="{region}",site="{site}"}}'
PAGES = 'site:alerts_firing:count{region="north",severity="page",site="sub-0001"}'


def state(site: str, region: str, name: str) -> str:
    return f'site:state:info{{region="{region}",site="{site}",state="{name}"}}'


def test_every_expected_site_has_exactly_one_state(rules: Rules, healthy: dict[str, str], fleet: Fleet) -> None:
    count = {"{}": len(fleet.watched)}

    rules.values(healthy, "10m", {"count(site:state:info)": count, "count(count by (site) (site:state:info))": count})


def test_a_site_that_answers_and_beats_is_live(rules: Rules, healthy: dict[str, str]) -> None:
    rules.values(healthy, "10m", {'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "live"): 1}})


def test_a_site_that_does_not_answer_is_dark_at_once_though_its_last_values_are_still_there(
    rules: Rules, healthy: dict[str, str], up: dict[str, str]
) -> None:
    series = healthy | {
        up["sub-0001"]: "1x19 0x100",
        BEAT.format(region="north", site="sub-0001"): "0+30x19 _x100",
        PAGES: "3x19 _x100",
    }
    expected = {
        'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "dark"): 1},
        'site:alerts_firing:count{site="sub-0001"}': {PAGES: 3},
    }

    rules.values(series, "10m", expected)


def test_a_site_that_comes_back_is_live_at_once(rules: Rules, healthy: dict[str, str], up: dict[str, str]) -> None:
    series = healthy | {
        up["sub-0001"]: "1x19 0x40 1x60",
        BEAT.format(region="north", site="sub-0001"): "0+30x19 _x40 1800+30x60",
    }

    rules.values(series, "31m", {'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "live"): 1}})


def test_a_site_that_answers_without_new_heartbeats_is_stale(rules: Rules, healthy: dict[str, str]) -> None:
    series = healthy | {BEAT.format(region="north", site="sub-0001"): "0+30x10 300x100"}

    rules.values(series, "8m30s", {'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "stale"): 1}})


def test_a_site_that_was_never_heard_is_stale_if_it_answers(rules: Rules, healthy: dict[str, str]) -> None:
    series = {**healthy}
    del series[BEAT.format(region="north", site="sub-0001")]

    rules.values(series, "10m", {'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "stale"): 1}})


def test_a_site_with_a_page_of_its_own_is_unhealthy(rules: Rules, healthy: dict[str, str]) -> None:
    expected = {'site:state:info{site="sub-0001"}': {state("sub-0001", "north", "unhealthy"): 1}}

    rules.values(healthy | {PAGES: "2x120"}, "10m", expected)


def test_a_site_in_maintenance_is_nothing_else_even_if_it_is_dark(
    rules: Rules, healthy: dict[str, str], up: dict[str, str]
) -> None:
    series = healthy | {up["sub-0014"]: "0x120"}
    expected = {state("sub-0014", "south", "maintenance"): 1}

    rules.values(series, "10m", {'site:state:info{site="sub-0014"}': expected})


@pytest.mark.parametrize(("beats", "name"), [("0+30x120", "live"), ("0+30x20 _x100", "dark")])
def test_a_site_that_pushes_is_watched_by_its_heartbeat(
    rules: Rules, healthy: dict[str, str], beats: str, name: str
) -> None:
    series = healthy | {BEAT.format(region="south", site="sub-0013"): beats}

    rules.values(series, "15m", {'site:state:info{site="sub-0013"}': {state("sub-0013", "south", name): 1}})


def test_the_age_of_the_last_heartbeat_grows_for_as_long_as_the_site_is_dark(
    rules: Rules, healthy: dict[str, str], up: dict[str, str]
) -> None:
    series = healthy | {up["sub-0001"]: "1x9 0x490", BEAT.format(region="north", site="sub-0001"): "0+30x9 _x490"}
    expected = {'site:heartbeat_age:seconds{region="north",site="sub-0001"}': 4 * 3_600 - 270.0}

    rules.values(series, "4h", {'site:heartbeat_age:seconds{site="sub-0001"}': expected})
