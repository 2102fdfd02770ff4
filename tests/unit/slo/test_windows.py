from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from gridobs.slo.windows import tables


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


@pytest.mark.parametrize("period", ["30d", "28d", "7d"])
def test_every_objective_keeps_an_alert(period: str) -> None:
    for target in range(1, 100):
        assert tables()[period].reachable(1 - Decimal(target) / 100)


def test_the_windows_are_those_of_sloth() -> None:
    assert tables()["30d"].windows == ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
