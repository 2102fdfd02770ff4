"""What follows from events: verdicts, budgets, and sums over sites."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridobs.slo.report.model import Level, Result, Tally, Verdict, combine, site_result, worst_first

COUNTS = st.integers(0, 10**9)


def site(
    *days: Tally, name: str = "sub-0001", target: str | None = "0.999", exclusions: dict[str, float] | None = None
) -> Result:
    return site_result(
        site=name,
        region="north",
        target=None if target is None else Decimal(target),
        days=days,
        expected=100.0 * len(days),
        excluded_seconds=0.0,
        exclusions=exclusions or {},
    )


def tally(total: float, bad: float, evaluations: float = 100) -> Tally:
    return Tally(raw_total=total, raw_bad=bad, evaluations=evaluations)


@pytest.mark.parametrize(
    ("total", "bad", "target", "verdict"),
    [
        (1000, 1, "0.999", Verdict.YES),
        (1000, 2, "0.999", Verdict.NO),
        (3000, 3, "0.999", Verdict.YES),
        (10**9, 10**5, "0.9999", Verdict.YES),
        (10**9, 10**5 + 1, "0.9999", Verdict.NO),
        (1, 0, "0.999", Verdict.YES),
        (1, 1, "0.999", Verdict.NO),
        (0, 0, "0.999", Verdict.UNKNOWN),
        (1000, 0, None, Verdict.UNKNOWN),
    ],
)
def test_exactly_the_budget_is_within_it(total: int, bad: int, target: str | None, verdict: Verdict) -> None:
    assert verdict is site(tally(total, bad), target=target).verdict


def test_a_site_without_events_says_nothing() -> None:
    silent = site(tally(0, 0, evaluations=0), tally(0, 0, evaluations=0))

    assert (None, None, None, None) == (silent.sli, silent.raw_sli, silent.budget_spent, silent.budget_left())
    assert silent.coverage == 0


def test_excluded_events_count_in_the_raw_figures_alone() -> None:
    one = site(Tally(raw_total=1000, raw_bad=11, excluded_total=200, excluded_bad=10))

    assert (1 - 1 / 800, 1 - 11 / 1000) == (one.sli, one.raw_sli)
    assert (1 / 0.8, 11.0) == (one.budget_spent, one.raw_budget_spent)


def test_a_burn_down_ends_at_what_is_left() -> None:
    one = site(tally(1000, 1), tally(0, 0), tally(3000, 2))

    assert [0.75, 0.75, 0.25] == one.budget_left()


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=5))
def test_a_region_is_the_sum_of_the_events_of_its_sites(counts: list[tuple[int, int]]) -> None:
    sites = [site(tally(max(pair), min(pair)), name=str(number)) for number, pair in enumerate(counts)]
    region = combine(Level.REGION, sites, region="north")
    total, bad = sum(map(max, counts)), sum(map(min, counts))

    assert (total, bad, len(counts)) == (region.tally.total, region.tally.bad, region.sites)
    assert region.allowed == (pytest.approx(total * 0.001, rel=1e-12) if total else None)


def test_sites_of_different_objectives_each_bring_their_own_room() -> None:
    fleet = combine(
        Level.FLEET, [site(tally(1000, 1), target="0.999"), site(tally(1000, 8), name="b", target="0.99")]
    )

    assert fleet.target is None
    assert fleet.allowed == 11
    assert fleet.verdict is Verdict.YES


def test_a_site_of_unknown_objective_makes_the_sum_unknown_unless_it_is_silent() -> None:
    known, silent = site(tally(1000, 0)), site(tally(0, 0), name="b", target=None)

    assert Verdict.UNKNOWN is combine(Level.FLEET, [known, site(tally(1000, 9), name="b", target=None)]).verdict
    assert Verdict.YES is combine(Level.FLEET, [known, silent]).verdict


def test_the_worst_site_comes_first_and_the_unknown_before_the_good() -> None:
    sites = [
        site(tally(1000, 0), name="good"),
        site(tally(0, 0), name="silent"),
        site(tally(1000, 5), name="bad"),
        site(tally(1000, 9), name="worse"),
        site(tally(1000, 1), name="just"),
    ]

    assert ["worse", "bad", "silent", "just", "good"] == [one.site for one in worst_first(sites)]


def test_exclusions_add_up_by_name() -> None:
    sites = [
        site(tally(1, 0), exclusions={"works": 60.0, "storm": 30.0}),
        site(tally(1, 0), exclusions={"works": 5.0}),
    ]

    assert {"works": 65.0, "storm": 30.0} == combine(Level.FLEET, sites).exclusions
