"""Each alert of a hub once in a case in which it fires and once in one in which it is silent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.fleet.model import Fleet
    from tests.unit.fleet.hub.conftest import Rules

RUNBOOKS = Path(__file__).parents[4] / "docs/runbooks"
ALERTS = {value for name, value in vars(names).items() if name.startswith("HUB_ALERT_")}
FIRST = {"site": "sub-0001", "region": "north"}
PUSHING = {"site": "sub-0013", "region": "south"}
MISSING = "sub-0002"


def of(site: str, region: str = "north") -> str:
    return f'job="edge-federate",instance="{site}",region="{region}",site="{site}"'


def up(site: str) -> str:
    return f"up{{{of(site)}}}"


def kept(site: str) -> str:
    return f"scrape_samples_post_metric_relabeling{{{of(site)}}}"


def scraped(site: str) -> str:
    return f"scrape_samples_scraped{{{of(site)}}}"


def beat(site: str, region: str = "north") -> str:
    return f'site:heartbeat:time{{region="{region}",site="{site}"}}'


def info(site: str, claimed: str) -> str:
    return f'site_info{{claimed_site="{claimed}",region="north",site="{site}"}}'


def north_dark(sites: int) -> dict[str, str]:
    return {up(f"sub-{number:04}"): "1x9 0x120" for number in range(1, sites + 1)}


MAINTAINED_UP = 'up{job="edge-federate",instance="sub-0014",region="south",site="sub-0014",maintenance="true"}'
OUT_OF_BOUNDS = 'prometheus_target_scrapes_sample_out_of_bounds_total{job="hub",instance="localhost:9090"}'
TOO_LONG = 'prometheus_target_scrapes_exceeded_body_size_limit_total{job="hub",instance="localhost:9090"}'


@dataclass(frozen=True, kw_only=True)
class Case:
    """What differs from a fleet in which all is well, and what of ``alert`` then fires at ``at``.

    ``expected`` holds the labels and the summary of each; None takes a series away.
    """

    alert: str
    at: str
    series: dict[str, str | None]
    expected: list[tuple[dict[str, str], str]] = field(default_factory=list)


DARK = "is dark: the hub does not hear from it."
STALLED = "answers, but its rules stand still."
CLOCK = "and the hub disagree about the time."
LIMIT = "answers, and the hub refuses what it sends."
CASES = {
    "a site that has been dark for 5 min": Case(
        alert=names.HUB_ALERT_SITE_DARK,
        at="10m30s",
        series={up("sub-0001"): "1x9 0x120"},
        expected=[(FIRST, f"Site sub-0001 {DARK}")],
    ),
    "a site that was dark for 4 min": Case(
        alert=names.HUB_ALERT_SITE_DARK, at="11m", series={up("sub-0001"): "1x9 0x8 1x100"}
    ),
    "a site in maintenance that is dark": Case(
        alert=names.HUB_ALERT_SITE_DARK, at="30m", series={MAINTAINED_UP: "0x120"}
    ),
    "a site that no longer pushes": Case(
        alert=names.HUB_ALERT_SITE_DARK,
        at="20m",
        series={beat("sub-0013", "south"): "0+30x9 _x120"},
        expected=[(PUSHING, f"Site sub-0013 {DARK}")],
    ),
    "a site that nobody tries to reach is missing, not dark": Case(
        alert=names.HUB_ALERT_SITE_DARK, at="30m", series={up(MISSING): None}
    ),
    "a site of the inventory without a target": Case(
        alert=names.HUB_ALERT_SITE_MISSING,
        at="11m",
        series={up(MISSING): None},
        expected=[
            (
                {"site": MISSING, "region": "north"},
                f"Site {MISSING} is in the inventory, and no target of its shard.",
            )
        ],
    ),
    "every site of the inventory has a target or pushes": Case(
        alert=names.HUB_ALERT_SITE_MISSING, at="30m", series={up("sub-0001"): "0x120"}
    ),
    "a site that comes and goes": Case(
        alert=names.HUB_ALERT_SITE_FLAPPING,
        at="30m",
        series={up("sub-0001"): "1x1 0x1 1x1 0x1 1x1 0x1 1x1 0x1 1x120"},
        expected=[(FIRST, "Site sub-0001 comes and goes: 8 changes within an hour.")],
    ),
    "a site that was away twice": Case(
        alert=names.HUB_ALERT_SITE_FLAPPING, at="30m", series={up("sub-0001"): "1x1 0x1 1x1 0x1 1x120"}
    ),
    "a site in maintenance that comes and goes": Case(
        alert=names.HUB_ALERT_SITE_FLAPPING,
        at="30m",
        series={MAINTAINED_UP: "1x1 0x1 1x1 0x1 1x1 0x1 1x1 0x1 1x120"},
    ),
    "a site that answers with an old heartbeat": Case(
        alert=names.HUB_ALERT_SITE_RULES_STALLED,
        at="15m",
        series={beat("sub-0001"): "0+30x9 270x10 _x120"},
        expected=[(FIRST, f"Site sub-0001 {STALLED}")],
    ),
    "a site that is dark is not stalled": Case(
        alert=names.HUB_ALERT_SITE_RULES_STALLED,
        at="30m",
        series={up("sub-0001"): "1x9 0x120", beat("sub-0001"): "0+30x9 _x120"},
    ),
    "a site whose clock is behind is not stalled": Case(
        alert=names.HUB_ALERT_SITE_RULES_STALLED, at="50m", series={beat("sub-0001"): "0x20 0+30x100"}
    ),
    "a clock that is 10 min behind": Case(
        alert=names.HUB_ALERT_SITE_CLOCK_SKEW,
        at="50m",
        series={beat("sub-0001"): "0x20 0+30x100"},
        expected=[(FIRST, f"Site sub-0001 {CLOCK}")],
    ),
    "a clock so far ahead that nothing is stored": Case(
        alert=names.HUB_ALERT_SITE_CLOCK_SKEW,
        at="30m",
        series={beat("sub-0001"): None, kept("sub-0001"): "100x120", OUT_OF_BOUNDS: "0+100x120"},
        expected=[(FIRST, f"Site sub-0001 {CLOCK}")],
    ),
    "clocks that agree": Case(
        alert=names.HUB_ALERT_SITE_CLOCK_SKEW,
        at="1h",
        series={kept("sub-0001"): "100x120", info("sub-0001", "sub-0001"): "1x120", OUT_OF_BOUNDS: "0+100x120"},
    ),
    "a site that is dark says nothing of its clock": Case(
        alert=names.HUB_ALERT_SITE_CLOCK_SKEW,
        at="1h",
        series={up("sub-0001"): "1x9 0x120", beat("sub-0001"): "0+30x9 _x120"},
    ),
    "a site that says it is another": Case(
        alert=names.HUB_ALERT_SITE_IDENTITY_MISMATCH,
        at="5m",
        series={info("sub-0001", "sub-0002"): "1x120", info("sub-0002", "sub-0002"): "1x120"},
        expected=[({**FIRST, "claimed_site": "sub-0002"}, "Site sub-0001 says that it is sub-0002.")],
    ),
    "a site that begins to say it is another, while its old name is still shown": Case(
        alert=names.HUB_ALERT_SITE_IDENTITY_MISMATCH,
        at="6m",
        series={info("sub-0001", "sub-0001"): "1x9 _x120", info("sub-0001", "sub-0002"): "_x9 1x120"},
        expected=[({**FIRST, "claimed_site": "sub-0002"}, "Site sub-0001 says that it is sub-0002.")],
    ),
    "sites that say who they are": Case(
        alert=names.HUB_ALERT_SITE_IDENTITY_MISMATCH,
        at="5m",
        series={info("sub-0001", "sub-0001"): "1x120", info("sub-0002", "sub-0002"): "1x120"},
    ),
    "a site that answers with more than is taken": Case(
        alert=names.HUB_ALERT_SITE_LIMIT_REACHED,
        at="10m",
        series={up("sub-0001"): "0x120", scraped("sub-0001"): "5000x120"},
        expected=[(FIRST, f"Site sub-0001 {LIMIT}")],
    ),
    "a site whose answer is too long, where sizes are told": Case(
        alert=names.HUB_ALERT_SITE_LIMIT_REACHED,
        at="10m",
        series={up("sub-0001"): "0x120", f"scrape_body_size_bytes{{{of('sub-0001')}}}": "-1x120"},
        expected=[(FIRST, f"Site sub-0001 {LIMIT}")],
    ),
    "a site that does not answer is within its limits": Case(
        alert=names.HUB_ALERT_SITE_LIMIT_REACHED,
        at="10m",
        series={up("sub-0001"): "0x120", scraped("sub-0001"): "0x120", scraped("sub-0002"): "100x120"},
    ),
    "an answer was too long, and sizes are not told": Case(
        alert=names.HUB_ALERT_LIMIT_REACHED,
        at="10m",
        series={TOO_LONG: "0+1x120"},
        expected=[({}, "A shard of the hub refuses answers that are too long, or has too many targets.")],
    ),
    "no answer is too long any more": Case(
        alert=names.HUB_ALERT_LIMIT_REACHED, at="30m", series={TOO_LONG: "0+1x10 10x110"}
    ),
    "a site of whose answer nothing is kept": Case(
        alert=names.HUB_ALERT_SITE_SENDS_NOTHING,
        at="10m",
        series={kept("sub-0001"): "0x120", kept("sub-0002"): "100x120"},
        expected=[(FIRST, "Site sub-0001 answers, and nothing it sends is kept.")],
    ),
    "a site that does not answer cannot send": Case(
        alert=names.HUB_ALERT_SITE_SENDS_NOTHING,
        at="10m",
        series={up("sub-0001"): "0x120", kept("sub-0001"): "0x120"},
    ),
    "three of eight sites of a region": Case(
        alert=names.HUB_ALERT_REGION_WAN_OUTAGE,
        at="8m",
        series=dict(north_dark(3)),
        expected=[({"region": "north"}, "37.5% of the sites of region north are dark.")],
    ),
    "two of eight sites of a region": Case(
        alert=names.HUB_ALERT_REGION_WAN_OUTAGE, at="30m", series=dict(north_dark(2))
    ),
    "more than half of all sites": Case(
        alert=names.HUB_ALERT_UPLINK_DOWN,
        at="7m",
        series=dict(north_dark(7)),
        expected=[({}, "58.33% of all sites are dark: the hub has lost its own link.")],
    ),
    "half of all sites": Case(alert=names.HUB_ALERT_UPLINK_DOWN, at="30m", series=dict(north_dark(6))),
    "a hub that works": Case(
        alert=names.HUB_ALERT_WATCHDOG,
        at="1m",
        series={},
        expected=[({}, "The hub evaluates its rules and reaches its Alertmanager.")],
    ),
}
BACKFILL = {value for value in ALERTS if value.startswith("Backfill")}  # test_hub_backfill.py
BURNS = {names.HUB_ALERT_REGION_BUDGET_BURN, names.HUB_ALERT_FLEET_BUDGET_BURN}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_fires_or_is_silent(case: Case, rules: Rules, healthy: dict[str, str]) -> None:
    series = {name: values for name, values in (healthy | case.series).items() if values is not None}
    expected = [rules.firing(case.alert, labels, summary=summary) for labels, summary in case.expected]

    rules.alert(series, case.at, case.alert, *expected)


@pytest.mark.parametrize("shard_up", [True, False])
def test_a_shard_that_does_not_answer_is_a_page(
    shard_up: bool,  # noqa: FBT001 - a parameter of the test
    rules_of: Callable[[Fleet, str], Rules],
    sharded: Fleet,
) -> None:
    rules = rules_of(sharded, "global")
    series = {
        'up{job="hub-shards",instance="shard-0:9090",shard="0"}': "1x60",
        'up{job="hub-shards",instance="shard-1:9090",shard="1"}': "1x60" if shard_up else "1x5 0x60",
    }
    down = rules.firing(
        names.HUB_ALERT_SHARD_DOWN,
        {"instance": "shard-1:9090"},
        summary="The shard shard-1:9090 of the hub does not answer.",
    )

    rules.alert(series, "10m", names.HUB_ALERT_SHARD_DOWN, *([] if shard_up else [down]))


def burning(bad_a_second: float, hours: int) -> dict[str, str]:
    """One objective of 99.9 % at three sites with 10 events a second each, one of which fails so many."""
    points = hours * 120
    labels = 'service="power-data-processor",slo="power-availability"'
    series: dict[str, str] = {}
    for site in ("sub-0001", "sub-0002", "sub-0003"):
        bad = bad_a_second if site == "sub-0001" else 0
        who = f'region="north",site="{site}",{labels}'
        series |= {
            up(site): f"1x{points}",
            f"slo:bad:rate5m{{{who}}}": f"{bad}x{points}",
            f"slo:total:rate5m{{{who}}}": f"10x{points}",
            f"slo:period_total:increase{{{who}}}": f"1000x{points}",
            f"slo:error_budget:ratio{{{who}}}": f"0.001x{points}",
        }
    return series


@pytest.mark.parametrize("alert", sorted(BURNS))
def test_a_budget_that_all_events_together_spend_too_fast_is_a_ticket(alert: str, rules: Rules) -> None:
    labels = {"slo": "power-availability", "service": "power-data-processor"}
    region = alert == names.HUB_ALERT_REGION_BUDGET_BURN
    expected = rules.firing(
        alert,
        labels | ({"region": "north"} if region else {}),
        summary=f"{'Region north' if region else 'The fleet'} spends the budget of power-availability too fast.",
        description="Events of all sites that are reached, weighted by their number. Burn rate 4, where 1 spends the "
        "whole budget just within the period. slo_worst_sites:ratio of the same level names the sites.",
    )

    rules.alert(burning(0.12, 3), "2h30m", alert, expected)


@pytest.mark.parametrize("alert", sorted(BURNS))
def test_a_budget_that_is_spent_in_time_is_none(alert: str, rules: Rules) -> None:
    rules.alert(burning(0.028, 3), "2h30m", alert)


def test_every_alert_of_a_hub_is_rendered_and_has_a_case_of_each_kind(
    rules: Rules, rules_of: Callable[[Fleet, str], Rules], sharded: Fleet
) -> None:
    of_the_top = rules_of(sharded, "global")
    rendered = {*rules.alerts, *of_the_top.alerts}
    firing = {case.alert for case in CASES.values() if case.expected}
    silent = {case.alert for case in CASES.values() if not case.expected}
    elsewhere = BURNS | BACKFILL | {names.HUB_ALERT_SHARD_DOWN}

    assert rendered == ALERTS
    assert firing | elsewhere == ALERTS
    assert silent | elsewhere | {names.HUB_ALERT_WATCHDOG} == ALERTS


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_every_alert_of_a_hub_has_its_runbook(alert: str) -> None:
    page = (RUNBOOKS / f"{alert}.md").read_text()

    assert re.findall("^#+ .*", page, re.MULTILINE) == [
        f"# {alert}",
        "## Meaning",
        "## Impact",
        "## Diagnosis",
        "## Mitigation",
    ]


def test_every_alert_of_a_hub_has_the_labels_of_the_scheme(rules: Rules) -> None:
    for name, rule in rules.alerts.items():
        assert rule["labels"]["severity"] in {names.SEVERITY_PAGE, names.SEVERITY_TICKET, names.SEVERITY_INFO}
        assert rule["labels"]["scope"] in {names.SCOPE_SITE, names.SCOPE_REGION, names.SCOPE_FLEET}
        assert "service" in rule["labels"] or name in BURNS
        assert {"summary", "description", "runbook_url"} <= rule["annotations"].keys()
