from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gridobs.fleet.simulation.comparison import Comparison
from gridobs.fleet.simulation.observation import Observation
from gridobs.fleet.simulation.scenario import Expectation
from gridobs.fleet.simulation.settings import Settings
from gridobs.fleet.simulation.verdict import Check, is_met, judge

SETTINGS = Settings(folder=Path("data"), sources=Path("alerts"))
GOOD = Observation(
    seconds=600,
    scrapes=20_000,
    scrapes_failed=2,
    samples_rate=6_667,
    hub_cpu=0.07,
    hub_rss=900_000_000,
    edges_cpu=0.05,
    rule_failures=0,
    load=(0.5, 0.6),
    scrape_p99=0.03,
    body_rate=90,
    wire_rate=130,
    dark_after=40,
    stale=0,
    back_after=30,
    firing={"SiteDark": 3},
    notifications=2,
    notified={"SiteDark": 2},
    ungrouped=3,
    told=Comparison(compared=4_000),
)
DARK = Expectation(dark=frozenset({"sub-0001"}), alerts={"SiteDark": 3}, notifications=2, absent=("raw",))


def check(seen: Observation, what: str, *, settings: Settings = SETTINGS, of: Expectation = DARK) -> Check:
    return next(one for one in judge(settings, of, seen) if what in one.what)


def test_a_run_as_it_must_be_is_met() -> None:
    checks = judge(SETTINGS, DARK, GOOD)

    assert is_met(checks)
    assert [] == [one for one in checks if one.met is not True]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"scrapes_failed": 30}, "scrapes that succeeded"),
        ({"scrapes": 0, "scrapes_failed": 0}, "scrapes that succeeded"),
        ({"hub_cpu": 0.16}, "hub CPU"),
        ({"hub_rss": 1_600_000_000}, "hub memory"),
        ({"rule_failures": 1}, "evaluations of rules"),
        ({"told": Comparison(compared=4_000, different=1)}, "samples of simulated sites"),
        ({"scrape_p99": 0.11}, "scrape duration"),
        ({"body_rate": 151}, "body of one site"),
        ({"dark_after": None, "dark_missed": 1}, "known dark"),
        ({"dark_after": 53}, "known dark"),
        ({"stale": 1}, "guarded aggregates"),
        ({"stale": None}, "guarded aggregates"),
        ({"back_after": 38}, "back"),
        ({"back_after": None}, "back"),
        ({"firing": {}}, "SiteDark fires"),
        ({"notifications": 3}, "notifications"),
        ({"stored": {"raw": 1}}, "series stored of raw"),
    ],
)
def test_each_target_can_be_missed_by_itself(change: dict[str, object], what: str) -> None:
    seen = replace(GOOD, **change)  # type: ignore[arg-type]
    missed = [one for one in judge(SETTINGS, DARK, seen) if one.met is False]

    assert [what] == [what for one in missed if what in one.what]
    assert 1 == len(missed)
    assert not is_met(tuple(missed))


def test_a_load_nobody_promised_anything_of_is_told_and_not_judged() -> None:
    large = replace(SETTINGS, sites=5000, interval=60)
    seen = replace(GOOD, hub_cpu=0.5, hub_rss=9_000_000_000, scrape_p99=1.0, body_rate=70)

    assert [None] * 3 == [check(seen, what, settings=large).met for what in ("hub CPU", "hub memory", "duration")]


def test_the_bytes_allowed_follow_series_and_interval() -> None:
    slower = replace(SETTINGS, interval=60)

    assert check(replace(GOOD, body_rate=76), "body", settings=slower).met is False
    assert check(replace(GOOD, body_rate=74), "body", settings=slower).met is True


def test_a_lossy_site_is_given_an_interval_more() -> None:
    lossy = replace(DARK, dark_turns=2, stays_dark=False)

    assert check(replace(GOOD, dark_after=80), "known dark", of=lossy).met is True
    assert not [one for one in judge(SETTINGS, lossy, GOOD) if "guarded" in one.what]


def test_the_messages_without_grouping_stand_beside_those_that_came() -> None:
    found = check(replace(GOOD, ungrouped=307), "notifications")

    assert ("307" in found.what, "2, SiteDark 2") == (True, found.found)


def test_where_every_site_is_dark_nothing_is_asked_of_those_that_are_not() -> None:
    seen = replace(GOOD, scrapes=0, scrapes_failed=0, scrape_p99=0, body_rate=0, told=Comparison())
    everyone = replace(DARK, dark=frozenset(f"sub-{number:04d}" for number in range(1, 1001)))

    assert is_met(judge(SETTINGS, everyone, seen))


@pytest.mark.parametrize(("compared", "different", "met"), [(100, 0, True), (100, 1, False), (0, 0, False)])
def test_samples_of_real_sites_must_be_there_and_equal(compared: int, different: int, met: bool) -> None:  # noqa: FBT001
    seen = replace(GOOD, real=Comparison(compared=compared, different=different))

    assert check(seen, "real sites", settings=replace(SETTINGS, real=5, tls=True)).met is met
