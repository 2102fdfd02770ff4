"""How a hub watches its back-fill: the job of each shard, and each alert firing and silent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gridobs import conventions as names
from gridobs.fleet import hub
from gridobs.slo.promql import PrometheusVersion

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress
    from gridobs.fleet.model import Fleet
    from tests.unit.fleet.hub.conftest import Rules

BACKFILL_ALERTS = {value for name, value in vars(names).items() if name.startswith("HUB_ALERT_BACKFILL_")}
SHARD = {"instance": "shard-0"}
FIRST = {"site": "sub-0001", "region": "north"}
HOURS_4 = 480  # in samples, one every 30 s


def of_backfill(name: str, **labels: str) -> str:
    more = "".join(f',{label}="{value}"' for label, value in labels.items())
    return f'{name}{{job="backfill",instance="shard-0"{more}}}'


def up(site: str, region: str = "north", **labels: str) -> str:
    more = "".join(f',{label}="{value}"' for label, value in labels.items())
    return f'up{{job="edge-federate",instance="{site}",region="{region}",site="{site}"{more}}}'


def hole(site: str) -> str:
    return of_backfill(names.BACKFILL_HOLE_SECONDS, site=site)


def error(reason: str) -> str:
    return of_backfill(names.BACKFILL_ERRORS, reason=reason)


UP = of_backfill("up")
SEARCHED = of_backfill(names.BACKFILL_LAST_SUCCESS)
FOREIGN = of_backfill(names.BACKFILL_DROPPED, reason="identity")
WELL = {
    UP: f"1x{HOURS_4}",
    SEARCHED: f"0+30x{HOURS_4}",
    FOREIGN: f"0x{HOURS_4}",
    error("garbage"): f"0x{HOURS_4}",
    error("unreachable"): f"0x{HOURS_4}",
    up("sub-0001"): f"1x{HOURS_4}",
}
"""A back-fill that searches at every pass, and a site that is reached and has no hole."""

DOWN = "The back-fill of shard-0 does not answer."
STALLED = "The back-fill of shard-0 has not searched the hub for half an hour."
OPEN = "A hole of site sub-0001 does not get smaller."
REFUSES = "The back-fill of shard-0 refuses what a site answers:"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What differs from ``WELL``, and what of ``alert`` then fires at ``at``: labels and summary of each."""

    alert: str
    at: str
    series: dict[str, str]
    expected: list[tuple[dict[str, str], str]] = field(default_factory=list)


CASES = {
    "a back-fill that has been away for longer than half an hour": Case(
        alert=names.HUB_ALERT_BACKFILL_DOWN, at="41m", series={UP: "1x19 0x400"}, expected=[(SHARD, DOWN)]
    ),
    "a back-fill that never was there": Case(
        alert=names.HUB_ALERT_BACKFILL_DOWN,
        at="31m",
        series={UP: "0x400", SEARCHED: "_x400", FOREIGN: "_x400"},
        expected=[(SHARD, DOWN)],
    ),
    "a back-fill that was started anew": Case(
        alert=names.HUB_ALERT_BACKFILL_DOWN, at="41m", series={UP: "1x19 0x19 1x400"}
    ),
    "a search long ago": Case(
        alert=names.HUB_ALERT_BACKFILL_STALLED,
        at="46m",
        series={SEARCHED: "0+30x19 570x400"},
        expected=[(SHARD, STALLED)],
    ),
    "no search since it began": Case(
        alert=names.HUB_ALERT_BACKFILL_STALLED, at="36m", series={SEARCHED: "0x400"}, expected=[(SHARD, STALLED)]
    ),
    "a pass of ten minutes": Case(
        alert=names.HUB_ALERT_BACKFILL_STALLED, at="1h", series={SEARCHED: "0+30x60 1800x20 2430+30x400"}
    ),
    "not searched yet, by one that began a while ago": Case(
        alert=names.HUB_ALERT_BACKFILL_STALLED, at="1h30m", series={SEARCHED: "0+30x139 0x400"}
    ),
    "a back-fill that is away is down, not stalled": Case(
        alert=names.HUB_ALERT_BACKFILL_STALLED, at="2h", series={UP: "1x19 0x400", SEARCHED: "0+30x19 stale"}
    ),
    "a hole that is as long as two hours ago": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="2h10m",
        series={hole("sub-0001"): "_x9 21600x400"},
        expected=[(FIRST, OPEN)],
    ),
    "a hole that a lost pull hides now and then": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="2h10m",
        series={
            hole("sub-0001"): "21600x60 stale _x2 21600x97 stale _x2 21600x300",
            up("sub-0001"): "1x60 0x1 1x97 0x1 1x300",
        },
        expected=[(FIRST, OPEN)],
    ),
    "a hole that is an hour old": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN, at="1h5m", series={hole("sub-0001"): "_x9 21600x400"}
    ),
    "a long hole that gets smaller every half an hour": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="3h",
        series={hole("sub-0001"): "86400x58 80000x58 70000x58 60000x58 50000x58 40000x58 30000x58"},
    ),
    "a hole that was filled, and hours later another": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="2h5m",
        series={hole("sub-0001"): "600x9 stale _x220 600x200"},
    ),
    "a hole of a site that is dark": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="3h",
        series={hole("sub-0001"): "21600x400", up("sub-0001"): "1x99 0x400"},
    ),
    "a hole of a site in maintenance": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="3h",
        series={hole("sub-0014"): "21600x400", up("sub-0014", "south", maintenance="true"): "1x400"},
    ),
    "a hole as a back-fill that is stalled last saw it": Case(
        alert=names.HUB_ALERT_BACKFILL_HOLE_OPEN,
        at="3h",
        series={hole("sub-0001"): "21600x400", SEARCHED: "0+30x19 570x400"},
    ),
    "answers that are no Prometheus'": Case(
        alert=names.HUB_ALERT_BACKFILL_REFUSES,
        at="1h10m",
        series={error("garbage"): "0x99 1 2 3 4 5x400"},
        expected=[(SHARD | {"reason": "garbage"}, f"{REFUSES} garbage.")],
    ),
    "series of another site": Case(
        alert=names.HUB_ALERT_BACKFILL_REFUSES,
        at="1h10m",
        series={FOREIGN: "0x99 200x400"},
        expected=[(SHARD | {"reason": "identity"}, f"{REFUSES} identity.")],
    ),
    "one answer that broke off": Case(
        alert=names.HUB_ALERT_BACKFILL_REFUSES, at="1h10m", series={error("garbage"): "0x99 1x400"}
    ),
    "sites that cannot be reached": Case(
        alert=names.HUB_ALERT_BACKFILL_REFUSES, at="1h10m", series={error("unreachable"): "0+1x400"}
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_fires_or_is_silent(case: Case, rules: Rules) -> None:
    expected = [rules.firing(case.alert, labels, summary=summary) for labels, summary in case.expected]

    rules.alert(WELL | case.series, case.at, case.alert, *expected)


@pytest.mark.parametrize("alert", sorted(BACKFILL_ALERTS))
def test_of_a_back_fill_that_is_well_nobody_is_told(alert: str, rules: Rules) -> None:
    rules.alert(WELL, "3h", alert)


def test_every_alert_about_the_back_fill_has_a_case_of_each_kind() -> None:
    assert {case.alert for case in CASES.values() if case.expected} == BACKFILL_ALERTS
    assert {case.alert for case in CASES.values() if not case.expected} == BACKFILL_ALERTS


def rendered(fleet: Fleet, egress: Egress, settings: hub.Settings) -> dict[str, str]:
    made = hub.render(fleet, egress, PrometheusVersion.V2_42, settings=settings)
    return {str(one.path): one.content for one in made}


def job(files: dict[str, str], tier: str) -> list[Any]:
    configured = yaml.safe_load(files[f"hub/{tier}/prometheus.yml"])["scrape_configs"]
    return [one["static_configs"] for one in configured if one["job_name"] == names.JOB_BACKFILL]


def test_each_shard_watches_its_own_back_fill_and_the_global_tier_none(sharded: Fleet, egress: Egress) -> None:
    made = rendered(sharded, egress, hub.Settings(backfill_address="backfill-{shard}.example:9810"))

    for number in range(2):
        target = {"targets": [f"backfill-{number}.example:9810"], "labels": {"instance": f"shard-{number}"}}
        assert job(made, f"shard-{number}") == [[target]]
        assert f"hub/shard-{number}/rules/backfill-alerts.yaml" in made
    assert job(made, "global") == []
    assert "hub/global/rules/backfill-alerts.yaml" not in made


def test_a_hub_without_a_back_fill_does_not_watch_for_one(fleet: Fleet, egress: Egress) -> None:
    made = rendered(fleet, egress, hub.Settings(backfill_address=""))

    assert job(made, "shard-0") == []
    assert not [path for path in made if "backfill" in path]
    assert "BackfillDown" not in made["hub/shard-0/rules/site-alerts.yaml"]
