"""What the generated tests of an objective say, against sums done by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
import yaml

from gridobs.slo.model import BadOfTotal, CompileOptions, GoodOfTotal, Indicator, Objective, Rolling
from gridobs.slo.promql import PrometheusVersion, Query
from gridobs.slo.testing import unit_tests
from gridobs.slo.testing.cases import Case, Stretch, cases
from gridobs.slo.testing.expected import Alert, outcome
from gridobs.slo.testing.traffic import signals
from gridobs.slo.windows import hard_table, tables

OPTIONS = CompileOptions()
PAGE, TICKET, DATA = Alert("ABudgetBurn", "page"), Alert("ABudgetBurn", "ticket"), Alert("ADataMissing", "ticket")


def summed(counter: str) -> Query:
    return Query.parse(f"sum(rate({counter}[{{{{.window}}}}]))")


BAD = BadOfTotal(bad=summed("b"), total=summed("t"))


def objective(indicator: Indicator = BAD, target: str = "0.999") -> Objective:
    return Objective(
        name="a",
        service="s",
        title="A",
        target=Decimal(target),
        period=Rolling("30d"),
        table=tables()["30d"],
        indicator=indicator,
    )


def good(evaluations: int) -> Stretch:
    return Stretch(evaluations=evaluations, events=100)


def outage(evaluations: int) -> Stretch:
    return Stretch(evaluations=evaluations, events=100, bad=100)


def first(firing: tuple[bool | None, ...]) -> int | None:
    return next((at for at, fires in enumerate(firing) if fires), None)


def test_a_page_takes_52_seconds_of_outage_within_the_hour_and_one_evaluation_more() -> None:
    found = outcome(Case(name="x", stretches=(good(20), outage(5), good(100))), objective(), OPTIONS).firing

    # The second bad evaluation makes 60 s, over 1.44 % of an hour; the next one is the hold.
    assert first(found[PAGE]) == 23
    assert first(found[TICKET]) is None
    # 150 s is over 0.6 % of 6 h as well, whose short window is clear 60 evaluations after the last bad one.
    assert [at for at, fires in enumerate(found[PAGE]) if fires] == list(range(23, 85))


def test_an_objective_of_99_percent_takes_ten_times_as_long() -> None:
    found = outcome(Case(name="x", stretches=(good(20), outage(30))), objective(target="0.99"), OPTIONS).firing

    # 14.4 % of 120 evaluations are 17.28, so the 18th; and the hold.
    assert first(found[PAGE]) == 20 + 18 + 1


def test_missing_data_is_told_after_five_minutes_of_old_readings_six_missed_and_the_hold() -> None:
    gap = Stretch(evaluations=60, events=None)
    found = outcome(Case(name="x", stretches=(good(60), gap)), objective(), OPTIONS).firing[DATA]
    newer = CompileOptions(version=PrometheusVersion.V3)
    found_3 = outcome(Case(name="x", stretches=(good(60), gap)), objective(), newer).firing[DATA]

    # The first evaluation has nothing to compare with and is missing, too: 12 further ones are 390 s. Prometheus 3
    # forgets the last reading one evaluation sooner.
    assert (found.index(None), first(found)) == (60 + 9 + 12 + 1, 60 + 10 + 12 + 1)
    assert first(found_3) == 60 + 9 + 12 + 1


def test_the_budget_left_weighs_what_is_bad_by_the_share_of_the_period_with_data() -> None:
    figures = outcome(Case(name="x", stretches=(good(90), outage(10))), objective(), OPTIONS).figures

    assert figures["slo:period_bad:increase"] == 1_000
    assert figures["slo:period_total:increase"] == 10_000
    assert figures["slo:coverage:ratio"] == Fraction(100, 86_400)
    assert figures["slo:period_error_budget_remaining:ratio"] == 1 - Fraction(10, 86_400) * 1_000


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        (BAD, [("b", 0, 1), ("t", 1, 1)]),
        (
            GoodOfTotal(good=summed('l_bucket{le=~"5(\\\\.0)?"}'), total=summed("l_count")),
            [('l_bucket{le="5"}', 1, 0), ("l_count", 1, 1)],
        ),
        (
            BadOfTotal(bad=summed('h{code=~"5.."}'), total=summed('h{path!="/up"}')),
            [("h", 1, 0), ('h{code="500"}', 0, 1)],
        ),
        (
            BadOfTotal(
                bad=summed("e"), total=Query.parse("sum(rate(e[{{.window}}])) + 2 * sum(rate(ok[{{.window}}]))")
            ),
            [("e", 0, 1), ("ok", Fraction(1, 2), 0)],
        ),
        (
            BadOfTotal(bad=Query.parse("sum(rate(t[{{.window}}])) - sum(rate(g[{{.window}}]))"), total=summed("t")),
            [("g", 1, 0), ("t", 1, 1)],
        ),
        (BadOfTotal(bad=summed("b"), total=Query.parse("sum(max by (x) (rate(t[{{.window}}])))")), []),
        (BadOfTotal(bad=summed('b{x="1",x="2"}'), total=summed("t")), []),
    ],
    ids=["bad of total", "a bucket", "overlap", "a sum", "a difference", "not linear", "nothing selected"],
)
def test_the_counters_move_so_that_the_queries_count_the_events(
    indicator: Indicator, expected: list[tuple[str, Fraction, Fraction]]
) -> None:
    found = signals(objective(indicator), OPTIONS)

    assert [(one.series, one.good, one.bad) for one in found] == expected


def test_the_same_objective_gives_the_same_bytes() -> None:
    texts = {unit_tests(objective(), OPTIONS, rule_file="a.yaml", source="b.yaml") for _ in range(2)}

    assert len(texts) == 1


def test_what_cannot_be_run_is_said() -> None:
    odd = BadOfTotal(bad=summed("b"), total=Query.parse("sum(max by (x) (rate(t[{{.window}}])))"))
    text = unit_tests(objective(odd), OPTIONS, rule_file="a.yaml", source="b.yaml")

    assert "# Not run: traffic: a query is more than sums of rates" in text
    assert [test["name"] for test in yaml.safe_load(text)["tests"]] == [
        "nothing is ever measured: missing data is told, and nothing else is known",
    ]
    usual = unit_tests(objective(), OPTIONS, rule_file="a.yaml", source="b.yaml")
    assert "# Not run: a slow burn of the tier 3d/6h, which would take" in usual


def bursts(case: Case) -> tuple[range, range]:
    """The evaluations of the last two stretches of a case."""
    *_, before_last, last = case.stretches
    begin = case.evaluations - last.evaluations + 1
    return range(begin - before_last.evaluations, begin), range(begin, case.evaluations + 1)


@pytest.mark.parametrize("period", ["30d", "28d", "7d", "1d"])
@pytest.mark.parametrize("target", ["0.5", "0.9", "0.99", "0.999", "0.9999", "0.99999"])
def test_every_case_is_as_its_name_says(target: str, period: str) -> None:
    one = replace(objective(target=target), period=Rolling(period), table=tables()[period])
    found = cases(one, "30s", synthesised=True).cases
    firing = {case.name: outcome(case, one, OPTIONS).firing for case in found}

    for case in found:
        burns = [fires for alert, fires in firing[case.name].items() if alert != DATA]
        data = firing[case.name][DATA]
        if "total outage" in case.name:
            assert any(first(fires) for fires in burns)
        elif "no faster tier" in case.name:
            assert [first(fires) is not None for fires in burns].count(True) == 1
            assert not any(fires[-1] for fires in burns)
        elif "at night" in case.name:
            night, day = bursts(case)
            assert not any(fires[at] is not False for fires in burns for at in night)
            assert any(fires[at] for fires in burns for at in day)
        elif "alone never" in case.name:
            second = case.evaluations - case.stretches[-1].evaluations
            assert not any(fires[at] is not False for fires in burns for at in range(second))
            assert any(fires[second + 1] for fires in burns)
        elif "restart" not in case.name:
            assert not any(any(fires) for fires in burns)
        assert any(data) == ("stops coming" in case.name or "ever measured" in case.name)
    assert len(found) >= 9


def test_where_nothing_may_be_bad_one_event_fires_at_the_evaluation_that_counts_it() -> None:
    hard = replace(objective(target="0.999999999"), hard=True, table=hard_table(Rolling("30d")))
    (one,) = (case for case in cases(hard, "30s", synthesised=True).cases if "one bad event among many" in case.name)
    fires = outcome(one, hard, OPTIONS).firing[PAGE]

    counted = one.stretches[0].evaluations + 1
    assert [stretch.bad for stretch in one.stretches] == [0, 1, 0]
    assert [at for at, verdict in enumerate(fires) if verdict] == list(range(counted, counted + 120))
