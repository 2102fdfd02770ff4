from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs import conventions as names
from gridobs.fleet.simulation.shape import SimulatedSeries, choose_series
from gridobs.fleet.simulation.values import OBJECTIVE, Formulas, Site

if TYPE_CHECKING:
    from gridobs.fleet.egress.model import Egress

AT = 1_796_000_000.0


def of(name: str, slo: str = "power-accuracy") -> SimulatedSeries:
    return SimulatedSeries(name=name, labels=(("slo", slo),) if slo else ())


def values(site: str, at: float, *series: SimulatedSeries, interval: float = 30) -> list[float]:
    return Formulas(series, interval=interval).values(Site(site, interval=interval), at)


def test_a_value_follows_from_site_series_and_time_alone(egress: Egress) -> None:
    series = choose_series(egress, 100)

    assert values("sub-0001", AT, *series) == values("sub-0001", AT, *series)


def test_sites_differ(egress: Egress) -> None:
    series = choose_series(egress, 100)

    assert values("sub-0001", AT, *series) != values("sub-0002", AT, *series)


def test_the_events_of_the_intervals_add_up_to_those_of_the_period() -> None:
    site = Site("sub-0001", interval=30)
    objective = site.objective("power-accuracy")
    parts = [objective.within(AT + 30 * number, 30) for number in range(1, 121)]
    whole = objective.within(AT + 3600, 3600)

    assert whole.total == sum(part.total for part in parts)
    assert whole.bad == sum(part.bad for part in parts)


def test_no_event_is_counted_back() -> None:
    objective = Site("sub-0003", interval=30).objective("power-accuracy")
    for number in range(0, 86_400, 977):
        part = objective.within(AT + number, 30)

        assert 0 <= part.bad <= part.total


def test_ratios_are_those_of_the_counts() -> None:
    ratio, bad, total, left = values(
        "sub-0001",
        AT,
        of(names.slo_error_ratio("30d")),
        of(names.SLO_PERIOD_BAD),
        of(names.SLO_PERIOD_TOTAL),
        of(names.SLO_PERIOD_BUDGET_REMAINING),
    )

    assert bad / total == ratio
    assert 1 - ratio / (1 - OBJECTIVE) == left


def test_the_window_of_an_error_ratio_is_that_of_its_name() -> None:
    hour = Site("sub-0001", interval=30).objective("power-accuracy").within(AT, 3600)

    assert [hour.ratio] == values("sub-0001", AT, of(names.slo_error_ratio("1h")))


def test_the_heartbeat_is_the_time_of_its_evaluation() -> None:
    assert [AT, 1.0] == values("sub-0001", AT, of(names.SITE_HEARTBEAT, ""), of(names.SITE_INFO, ""))


@pytest.mark.parametrize("interval", [2, 30, 60])
def test_rules_are_evaluated_once_an_interval_and_not_by_all_sites_at_once(interval: int) -> None:
    sites = [Site(f"sub-{number:04d}", interval=interval) for number in range(50)]
    ages = {round(AT - site.evaluated_at(AT), 3) for site in sites}

    assert len(ages) > 40
    assert all(0 <= age < interval for age in ages)
    assert all(round(site.evaluated_at(AT + interval) - site.evaluated_at(AT), 3) == interval for site in sites)
