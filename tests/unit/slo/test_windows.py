from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from gridobs.rules.durations import seconds
from gridobs.slo.model import Calendar, CalendarUnit, Rolling
from gridobs.slo.windows import table_for, tables


@pytest.mark.parametrize(
    ("period", "factors"),
    [("30d", ["14.4", "6", "3", "1"]), ("28d", ["13.44", "5.6", "2.8"]), ("7d", ["13.44", "3.5", "1.4", "0.98"])],
)
def test_factors_follow_from_the_budget_shares(period: str, factors: list[str]) -> None:
    assert [tier.factor for tier in tables()[period].tiers][: len(factors)] == [
        Fraction(factor) for factor in factors
    ]


def test_a_share_without_end_stays_exact() -> None:
    assert tables()["28d"].tiers[3].factor == Fraction(14, 15)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        ("0.999", [("page", "1h"), ("page", "6h"), ("ticket", "1d"), ("ticket", "3d")]),
        ("0.93", [("page", "6h"), ("ticket", "1d"), ("ticket", "3d")]),
        ("0.84", [("page", "6h"), ("ticket", "1d"), ("ticket", "3d")]),
        ("0.83", [("ticket", "6h"), ("ticket", "3d")]),
        ("0.5", [("ticket", "6h"), ("ticket", "3d")]),
        ("0.3", [("ticket", "3d")]),
    ],
)
def test_a_tier_that_no_error_ratio_can_reach_is_dropped(target: str, reached: list[tuple[str, str]]) -> None:
    tiers = tables()["30d"].reachable(1 - Decimal(target))

    assert [(tier.severity, tier.long) for tier in tiers] == reached


@pytest.mark.parametrize("period", ["30d", "28d", "7d", "1d", "1M"])
def test_every_objective_keeps_an_alert(period: str) -> None:
    for target in range(1, 100):
        assert tables()[period].reachable(1 - Decimal(target) / 100)


def test_the_windows_are_those_of_sloth() -> None:
    assert tables()["30d"].windows == ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")


@pytest.mark.parametrize(
    ("days", "like", "tiers"),
    [
        (1, "1d", [("page", "1h", "6"), ("ticket", "6h", "2")]),
        (2, "1d", [("page", "1h", "12"), ("ticket", "6h", "4")]),
        (3, "7d", [("page", "1h", "5.76"), ("page", "6h", "1.5"), ("ticket", "1d", "1")]),
        (14, "7d", [("page", "1h", "26.88"), ("page", "6h", "7"), ("ticket", "1d", "2.8"), ("ticket", "3d", "1.96")]),
        (15, "28d", [("page", "1h", "7.2"), ("page", "6h", "3"), ("ticket", "1d", "1.5"), ("ticket", "3d", "14/15")]),
        (29, "30d", [("page", "1h", "13.92"), ("page", "6h", "5.8"), ("ticket", "1d", "2.9"), ("ticket", "3d", "1")]),
        (90, "30d", [("page", "1h", "43.2"), ("page", "6h", "18"), ("ticket", "1d", "9"), ("ticket", "3d", "3")]),
    ],
)
def test_any_other_length_takes_the_table_nearest_in_proportion_at_paces_that_fit_it(
    days: int, like: str, tiers: list[tuple[str, str, str]]
) -> None:
    table = table_for(Rolling(f"{days}d"))

    assert table.period == f"{days}d"
    assert [(one.severity, one.long, one.factor) for one in table.tiers] == [
        (severity, long, Fraction(factor)) for severity, long, factor in tiers
    ]
    assert {one.short for one in table.tiers} <= {one.short for one in tables()[like].tiers}


@pytest.mark.parametrize(("unit", "period"), [("1d", "1d"), ("1w", "7d"), ("1M", "30d"), ("1Q", "91d")])
def test_a_calendar_unit_has_the_table_of_its_usual_length(unit: str, period: str) -> None:
    table = table_for(Calendar(unit=CalendarUnit(unit), zone="UTC"))

    assert table.period == period
    assert table.windows[-1] == period


@pytest.mark.parametrize("days", range(1, 91))
def test_no_table_alerts_on_a_pace_well_below_the_one_that_just_spends_the_budget(days: int) -> None:
    table = table_for(Rolling(f"{days}d"))

    assert table.tiers
    assert table.low_objective_tiers
    for tier in table.tiers + table.low_objective_tiers:
        assert tier.factor > Fraction("0.9")
        assert seconds(tier.short) < seconds(tier.long) < seconds(table.period)
