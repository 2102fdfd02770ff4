from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.model import Fleet
    from tests.unit.fleet.hub.conftest import Rules

Figures = dict[str, dict[str, float]]

SLO = 'service="power-data-processor",slo="power-availability"'
NORTH, SOUTH = f'{{region="north",{SLO}}}', f'{{region="south",{SLO}}}'
ALL = f"{{{SLO}}}"
SITES = {  # region, period's bad and total events, budget left, coverage
    "sub-0001": ("north", 3, 1_000, -2, 1),
    "sub-0002": ("north", 0, 9_000, 1, 1),
    "sub-0011": ("south", 1, 10_000, 0.9, 0.5),
}
GONE = ("sub-0003", ("north", 500, 1_000, -499, 1))


def sent(site: str, figures: tuple[str, float, float, float, float]) -> dict[str, str]:
    region, bad, total, left, coverage = figures
    who = f'region="{region}",site="{site}",{SLO}'
    plain = f'region="{region}",site="{site}"'
    values = {
        f"slo:period_bad:increase{{{who}}}": bad,
        f"slo:period_total:increase{{{who}}}": total,
        f"slo:period_error_budget_remaining:ratio{{{who}}}": left,
        f"slo:error_budget:ratio{{{who}}}": 0.001,
        f"slo:coverage:ratio{{{who}}}": coverage,
        f"slo:bad:rate5m{{{who}}}": bad / 100,
        f"slo:total:rate5m{{{who}}}": total / 100,
        f"site:records:rate5m{{{plain}}}": total / 100,
        f"site:targets:count{{{plain}}}": 4,
        f"site:targets_up:count{{{plain}}}": 3,
        f'site:alerts_firing:count{{{plain},severity="page"}}': 0,
        f"site:store_disk_available:ratio{{{plain}}}": 0.5,
    }
    return {name: f"{value}x40" for name, value in values.items()}


@pytest.fixture
def traffic(healthy: dict[str, str], up: dict[str, str]) -> dict[str, str]:
    """Three sites with events, and one whose last values are still there though it is dark."""
    name, fields = GONE
    series = healthy | {up[name]: "1x5 0x40"}
    for site, values in (*SITES.items(), (name, fields)):
        series |= sent(site, values)
    return series


def test_events_add_up_over_the_sites_that_are_reached(rules: Rules, traffic: dict[str, str]) -> None:
    expected: Figures = {
        "region:slo_period_bad:sum": {
            f"region:slo_period_bad:sum{NORTH}": 3.0,
            f"region:slo_period_bad:sum{SOUTH}": 1,
        },
        "fleet:slo_period_bad:sum": {f"fleet:slo_period_bad:sum{ALL}": 4},
        "fleet:slo_period_total:sum": {f"fleet:slo_period_total:sum{ALL}": 20_000},
        "fleet:slo_period_good:sum": {f"fleet:slo_period_good:sum{ALL}": 19_996},
    }

    rules.values(traffic, "5m", expected)


def test_ratios_are_of_sums_so_that_events_weigh_and_not_sites(rules: Rules, traffic: dict[str, str]) -> None:
    expected: Figures = {
        "region:slo_period_error:ratio": {
            f"region:slo_period_error:ratio{NORTH}": 0.0003,
            f"region:slo_period_error:ratio{SOUTH}": 0.0001,
        },
        "fleet:slo_period_error:ratio": {f"fleet:slo_period_error:ratio{ALL}": 0.0002},
        "fleet:slo_current_burn_rate:ratio": {f"fleet:slo_current_burn_rate:ratio{ALL}": 0.2},
        'region:targets_up:ratio{region="south"}': {'region:targets_up:ratio{region="south"}': 0.75},
    }

    rules.values(traffic, "5m", expected)


def test_the_budget_of_a_region_of_one_site_is_the_figure_of_that_site(rules: Rules, traffic: dict[str, str]) -> None:
    name = "region:slo_period_error_budget_remaining:ratio"

    rules.values(traffic, "5m", {f"round(1000 * {name})": {NORTH: 700, SOUTH: 900}})


def test_coverage_says_of_how_many_sites_and_of_how_much_time_the_figures_are(
    rules: Rules, traffic: dict[str, str]
) -> None:
    expected: Figures = {
        "region:slo_sites_covered:ratio": {
            f"region:slo_sites_covered:ratio{NORTH}": 2 / 8,
            f"region:slo_sites_covered:ratio{SOUTH}": 1 / 4,
        },
        "fleet:slo_known_time:ratio": {f"fleet:slo_known_time:ratio{ALL}": 2.5 / 12},
    }

    rules.values(traffic, "5m", expected)


def test_the_share_of_sites_in_objective_is_of_those_that_can_be_judged(
    rules: Rules, traffic: dict[str, str]
) -> None:
    expected: Figures = {
        "region:slo_sites_in_objective:ratio": {
            f"region:slo_sites_in_objective:ratio{NORTH}": 0.5,
            f"region:slo_sites_in_objective:ratio{SOUTH}": 1,
        },
    }

    rules.values(traffic, "5m", expected)


def test_the_worst_sites_are_few_and_have_the_least_budget_left(rules: Rules, healthy: dict[str, str]) -> None:
    series = {**healthy}
    for number in range(1, 9):
        series |= sent(f"sub-{number:04}", ("north", number, 1_000, 1 - number, 1))
    left = {
        f'region:slo_worst_sites:ratio{{region="north",site="sub-{number:04}",{SLO}}}': float(1 - number)
        for number in range(4, 9)
    }

    rules.values(
        series, "5m", {"region:slo_worst_sites:ratio": left, "count(fleet:slo_worst_sites:ratio)": {"{}": 5}}
    )


def test_sites_are_counted_by_state_in_each_region_and_in_the_fleet(rules: Rules, traffic: dict[str, str]) -> None:
    expected: Figures = {
        "region:sites:count": {
            'region:sites:count{region="north",state="dark"}': 1.0,
            'region:sites:count{region="north",state="live"}': 7,
            'region:sites:count{region="south",state="live"}': 3,
            'region:sites:count{region="south",state="maintenance"}': 1,
        },
        "fleet:sites_expected:count": {"fleet:sites_expected:count": 12},
        "fleet:sites_reachable:ratio": {"fleet:sites_reachable:ratio": 10 / 11},
    }

    rules.values(traffic, "5m", expected)


def test_figures_that_add_up_are_added_up_and_shares_are_not(rules: Rules, traffic: dict[str, str]) -> None:
    expected: Figures = {
        'region:records:rate5m{region="north"}': {'region:records:rate5m{region="north"}': 100.0},
        "fleet:records:rate5m": {"fleet:records:rate5m": 200},
        "fleet:alerts_firing:count": {'fleet:alerts_firing:count{severity="page"}': 0},
        "region:store_disk_available:ratio": {},
    }

    rules.values(traffic, "5m", expected)


def of_shards(values: dict[str, tuple[float, float]], second_up: str) -> dict[str, str]:
    series = {
        'up{job="hub-shards",instance="shard-0:9090",shard="0"}': "1x40",
        'up{job="hub-shards",instance="shard-1:9090",shard="1"}': second_up,
    }
    for name, by_shard in values.items():
        for shard, value in enumerate(by_shard):
            labels = f'region="north",shard="{shard}"' + (f",{SLO}" if "slo" in name else "")
            series[f"shard_region:{name}{{{labels}}}"] = f"{value}x40"
    return series


def test_the_global_tier_makes_the_same_figures_of_the_sums_of_its_shards(
    rules_of: Callable[[Fleet, str], Rules], sharded: Fleet
) -> None:
    sums = {
        "slo_period_bad:sum": (1.0, 3.0),
        "slo_period_total:sum": (9_000.0, 1_000.0),
        "slo_sites:count": (2.0, 2.0),
        "records:rate5m": (5.0, 7.0),
    }
    expected: Figures = {
        "region:slo_period_error:ratio": {f"region:slo_period_error:ratio{NORTH}": 0.0004},
        "fleet:slo_period_error:ratio": {f"fleet:slo_period_error:ratio{ALL}": 0.0004},
        "region:slo_sites_covered:ratio": {f"region:slo_sites_covered:ratio{NORTH}": 0.5},
        "fleet:records:rate5m": {"fleet:records:rate5m": 12},
    }

    rules_of(sharded, "global").values(of_shards(sums, "1x40"), "5m", expected)


def test_a_shard_that_does_not_answer_takes_its_sites_out_of_the_figures_and_out_of_coverage(
    rules_of: Callable[[Fleet, str], Rules], sharded: Fleet
) -> None:
    sums = {
        "slo_period_bad:sum": (1.0, 3.0),
        "slo_period_total:sum": (9_000.0, 1_000.0),
        "slo_sites:count": (2.0, 2.0),
    }
    expected: Figures = {
        "fleet:slo_period_bad:sum": {f"fleet:slo_period_bad:sum{ALL}": 1.0},
        "region:slo_sites_covered:ratio": {f"region:slo_sites_covered:ratio{NORTH}": 0.25},
    }

    rules_of(sharded, "global").values(of_shards(sums, "1x5 0x40"), "5m", expected)
