"""What the rules measure, evaluated by Prometheus' own engine."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gridobs.slo.compile import compile_objective
from gridobs.slo.model import (
    BadOfTotal,
    Budgeting,
    Calendar,
    CalendarUnit,
    Comparison,
    CompileOptions,
    GoodOfTotal,
    Indicator,
    MissingData,
    Objective,
    Occurrences,
    RatioTimeslices,
    RawRatio,
    Rolling,
    Threshold,
    Timeslices,
)
from gridobs.slo.promql import Query
from gridobs.slo.windows import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.rules.model import RuleFile

    Check = Callable[..., None]  # of conftest.py

BAD = BadOfTotal(bad=Query.parse("sum(rate(b[{{.window}}]))"), total=Query.parse("sum(rate(t[{{.window}}]))"))
GOOD = GoodOfTotal(good=Query.parse("sum(rate(g[{{.window}}]))"), total=Query.parse("sum(rate(t[{{.window}}]))"))


def objective(indicator: Indicator = BAD, budgeting: Budgeting | None = None) -> Objective:
    return Objective(
        name="a",
        service="s",
        title="A",
        target=Decimal("0.99"),
        period=Rolling("30d"),
        table=tables()["30d"],
        indicator=indicator,
        budgeting=budgeting or Occurrences(),
    )


def compiled(one: Objective, every: str = "30s", *, rollup: str = "1h") -> RuleFile:
    return compile_objective(one, CompileOptions(interval=every, period_interval=every, rollup_interval=rollup))


def test_a_burst_from_a_counter_at_zero_is_counted_whole(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x60", "b": "0x20 100x40"},
        [("30m", "slo:period_bad:increase", 100), ("30m", "slo:period_total:increase", 1800)],
    )


def test_a_reset_loses_no_event_and_adds_none(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x29 5+30x30", "b": "0x60"},
        [("30m", "slo:period_total:increase", 29 * 30 + 5 + 30 * 30), ("30m", "slo:period_bad:increase", 0)],
    )


def test_a_reset_between_two_evaluations_loses_nothing_that_a_scrape_saw(check: Check) -> None:
    """50 failures, seen by one scrape 15 s before an evaluation that sees the counter of the next process."""
    check(
        compile_objective(objective(), CompileOptions(period_interval="30s", scrape_interval="15s")),
        {"t": "0+15x38 620 0+15x41", "b": "0x38 50 0x41"},
        [("20m", "slo:period_bad:increase", 50), ("20m", "slo:period_total:increase", 1220)],
        scraped="15s",
    )


def test_events_across_a_failed_scrape_are_counted(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x9 stale 330+30x20", "b": "0x9 stale 7x20"},
        [("14m", "slo:period_total:increase", 840), ("14m", "slo:period_bad:increase", 7)],
    )


def test_a_long_gap_is_not_covered_and_what_happened_in_it_is_unknown(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x20 _x60 3000+30x39", "b": "0x20 _x60 1000x39"},
        [
            ("60m", "slo:period_bad:increase", 0),
            ("60m", "slo:period_total:increase", 20 * 30 + 39 * 30),
            # 20 evaluations, 5 minutes more at the last reading, and 39 after the gap
            ("60m", "slo:coverage:ratio_1h * 120", 20 + 10 + 39),
        ],
    )


def test_a_bad_series_that_does_not_exist_is_no_bad_event(check: Check) -> None:
    check(compiled(objective()), {"t": "0+30x20"}, [("10m", "slo:sli_error:ratio_rate5m", 0)])


def test_a_good_series_that_does_not_exist_is_no_good_event(check: Check) -> None:
    check(compiled(objective(GOOD)), {"t": "0+30x20"}, [("10m", "slo:sli_error:ratio_rate5m", 1)])


def test_no_events_are_no_ratio_and_poison_no_longer_window(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0x20 0+30x20", "b": "0x30 0+3x10"},
        [
            ("10m", "slo:sli_error:ratio_rate5m", None),
            ("10m", "slo:coverage:ratio * 86400", 20),
            ("20m", "slo:sli_error:ratio_rate1h", 27 / 570),
        ],
    )


def test_without_a_total_there_is_no_data(check: Check) -> None:
    check(
        compiled(objective()),
        {"b": "0+1x40"},
        [("10m", "slo:bad:increase", None), ("10m", "slo:coverage:ratio", None)],
    )


def test_what_is_more_than_sums_of_counters_is_estimated(check: Check) -> None:
    odd = BadOfTotal(
        bad=Query.parse("max(rate(b[{{.window}}]))"), total=Query.parse("sum(increase(t[{{.window}}])) * 1 > 0")
    )
    check(
        compiled(objective(odd)),
        {"t": "0+30x60", "b": "0+3x60"},
        [("30m", "slo:total:rate5m", 1), ("30m", "slo:bad:rate5m", 0.1)],
    )


def test_a_gauge_is_an_event_for_each_series_at_each_evaluation(check: Check) -> None:
    gauge = Threshold(
        query=Query.parse("age / seen", window_required=False), comparison=Comparison.LT, threshold=Decimal("5.5")
    )
    check(
        compiled(objective(gauge)),
        {
            'age{i="1"}': "1x39",
            'seen{i="1"}': "1x39",
            'age{i="2"}': "1x29 9x9",
            'seen{i="2"}': "1x39",
            'age{i="3"}': "0x39",
            'seen{i="3"}': "0x39",
        },
        [("19m30s", "slo:period_total:increase", 80), ("19m30s", "slo:period_bad:increase", 10)],
    )


@pytest.mark.parametrize(
    ("budgeting", "bad"),
    [(Timeslices(window="5m", target=Decimal("0.9")), 2), (RatioTimeslices(window="5m"), 0.05 + 0.5 + 1)],
)
def test_slices_count_once_each_however_many_events_they_hold(check: Check, budgeting: Budgeting, bad: float) -> None:
    # 4 slices: 5 % of 200 bad, 50 % of 20, all of 2000, none of any; then an idle one
    total = "0+20x10 202+2x9 420+200x9 2220x9 2220x10"
    failed = "0+1x10 11+1x9 220+200x9 2020x9 2020x10"
    rules = compiled(objective(budgeting=budgeting))
    check(
        rules,
        {"t": total, "b": failed},
        [
            ("14m30s", "slo:raw_total:increase", None),
            ("25m", "slo:period_bad:increase", bad),
            ("25m", "slo:period_total:increase", 3),
        ],
    )


@pytest.mark.parametrize(("success", "bad"), [(True, 0.25), (False, 0.75)])
def test_a_ratio_from_elsewhere_is_budgeted_by_slices(check: Check, success: bool, bad: float) -> None:  # noqa: FBT001 - a parameter
    raw = RawRatio(query=Query.parse("avg_over_time(r[{{.window}}])", window_required=False), success=success)
    check(
        compiled(objective(raw, RatioTimeslices(window="5m"))),
        {"r": "0.75x40"},
        [("15m", "slo:sli_error:ratio_rate30m", bad), ("15m", "slo:period_total:increase", 4)],
    )


GAP = {"t": "0+30x240 _x60", "b": "0x240 _x60"}


def test_missing_data_that_counts_as_bad_has_failed_at_the_usual_pace(check: Check) -> None:
    check(
        compiled(replace(objective(), missing_data=MissingData.BAD)),
        GAP,
        [
            # one before the first event; 5 minutes at the last reading; then 50 at the mean pace of the 251 before
            ("150m", "slo:period_bad:increase", 1 + 50 * (30 * 240 + 1) / 251),
            ("150m", "slo:sli_error:ratio_rate5m", 1),
            ("150m", "slo:coverage:ratio * 86400", 250),
        ],
    )


@pytest.mark.parametrize(("policy", "left"), [(MissingData.UNKNOWN, 1 - 25e-6 / 0.01), (MissingData.IGNORE, 0.5)])
def test_time_without_data_spends_nothing_or_is_as_if_it_had_not_been(
    check: Check, policy: MissingData, left: float
) -> None:
    check(
        compiled(replace(objective(), missing_data=policy)),
        {"t": "0+200x432", "b": "0+1x432"},
        [("216m", "slo:period_error_budget_remaining:ratio", left)],
    )


def test_what_happens_under_an_exclusion_is_in_the_raw_budget_alone(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x120", "b": "0x40 0+30x20 600x60", 'slo:exclusion:active{exclusion="x"}': "_x30 1x40 stale"},
        [
            ("60m", "slo:period_bad:increase", 0),
            ("60m", "slo:period_total:increase", (120 - 41) * 30),
            ("60m", "slo:period_raw_bad:increase", 600),
            ("60m", "slo:period_raw_total:increase", 3600),
            ("60m", "slo:period_error_budget_remaining:ratio", 1),
            ("60m", "slo:coverage:ratio_1h", 1),
        ],
    )


def test_an_exclusion_of_another_objective_changes_nothing(check: Check) -> None:
    check(
        compiled(objective()),
        {"t": "0+30x120", "b": "0+3x120", 'slo:exclusion:active{exclusion="x",slo="other"}': "1x120"},
        [("60m", "slo:period_bad:increase", 360), ("60m", "slo:excluded_bad:increase", None)],
    )


def test_a_month_starts_at_local_midnight(check: Check) -> None:
    month = replace(objective(), period=Calendar(unit=CalendarUnit.MONTH, zone="Europe/Berlin"))
    # From 1970-01-01 00:00 UTC, one event each half hour; February begins in Berlin at 23:00 UTC.
    check(
        compiled(month, every="30m"),
        {"t": "0+1x1600", "b": "0+1x1600"},
        [
            ("742h30m", "slo:period_bad:increase", 742.5 * 2),
            ("742h30m", "slo:sli_error:ratio_rate1M", 1),
            ("743h", "slo:period_bad:increase", 1),
            ("763h", "slo:period_bad:increase", 41),
            ("743h30m", "slo:coverage:ratio", 1),
            ("763h", "slo:period_elapsed:ratio * 28 * 24", 20),
            # 41 half hours of 28 days, all bad, at a budget of 1 %
            ("763h", "slo:period_error_budget_remaining:ratio", 1 - 20 / (28 * 24) / 0.01),
        ],
        every="30m",
    )


def test_entries_rolled_up_every_five_minutes_add_up_to_the_ledger_also_when_some_were_missed(check: Check) -> None:
    """Promtool runs every group at one interval, so the roll-ups wait for their turn in their expressions."""
    rules = compiled(objective(), rollup="5m")
    due = "and on () (vector(time()) % 300 < 30) unless on () down"
    (rolled,) = (group for group in rules.groups if group.name == "slo-a-rollup")
    waiting = tuple(replace(rule, expr=f"({rule.expr}) {due}") for rule in rolled.rules)
    groups = tuple(replace(group, rules=waiting) if group is rolled else group for group in rules.groups)
    check(
        replace(rules, groups=groups),
        {"t": "0+30x40 1300+60x1000", "b": "0x35 0+7x3 21x1000", "down": "_x35 1x20 stale"},
        [
            ("15m", "count_over_time(slo:rollup_total:increase[1h])", 3),
            ("15m", "sum_over_time(slo:rollup_total:increase[1h])", 900),
            ("25m", "sum_over_time(slo:rollup_bad:increase[1h])", 0),
            ("30m", "sum_over_time(slo:rollup_bad:increase[1h])", 21),
            ("30m", "sum_over_time(slo:rollup_total:increase[1h]) - sum_over_time(slo:total:increase[1h])", 0),
            ("7h", "sum_over_time(slo:rollup_total:increase[30d]) - sum_over_time(slo:total:increase[30d])", 0),
            ("8h", "sum_over_time(slo:rollup_bad:increase[30d])", 21),
            ("8h", "sum_over_time(slo:rollup_entries:count[30d])", 960),
        ],
    )
