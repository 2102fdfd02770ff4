"""What is recorded over the whole period of an objective: events, ratio, burn, budget left, coverage."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.slo import calendar
from gridobs.slo.ledger import Rule, observed, observed_step, step
from gridobs.slo.model import Calendar, MissingData, Objective, Rolling
from gridobs.slo.promql import number
from gridobs.slo.rollup import long_count, long_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.slo.model import CompileOptions

_ON = f"on ({names.LABEL_SLO}, {names.LABEL_SERVICE})"
_PHASED = {
    names.SLO_TOTAL: names.SLO_CALENDAR_TOTAL,
    names.SLO_BAD: names.SLO_CALENDAR_BAD,
    names.SLO_EXCLUDED_TOTAL: names.SLO_CALENDAR_EXCLUDED_TOTAL,
    names.SLO_EXCLUDED_BAD: names.SLO_CALENDAR_EXCLUDED_BAD,
}


def calendar_ledger(objective: Objective) -> Iterator[Rule]:
    """For a calendar period the local time, the phase and the ledger by phase; nothing for a rolling one."""
    if isinstance(objective.period, Rolling):
        return
    series = objective.identity.series
    form = calendar.form(objective.period, series(names.SLO_LOCAL_TIME))
    yield names.SLO_LOCAL_TIME, calendar.local_time(objective.period.zone)
    yield names.SLO_CALENDAR_PHASE, f'0 * count_values("{names.LABEL_PHASE}", {form.phase}) + 1'
    phase = f"* {_ON} group_left ({names.LABEL_PHASE}) {series(names.SLO_CALENDAR_PHASE)}"
    for counted, phased in _PHASED.items():
        yield phased, f"{series(counted)} {phase}"
    if observed(objective) not in _PHASED:
        yield names.SLO_CALENDAR_OBSERVED, f"(0 * {series(observed(objective))} + 1) {phase}"
    yield names.SLO_PERIOD_ELAPSED, f"({form.elapsed}) / ({form.length})"


def period_rules(objective: Objective, options: CompileOptions) -> Iterator[Rule]:
    """The rules over the whole period."""
    series, budget = objective.identity.series, number(objective.budget)
    ratio = names.slo_error_ratio(objective.period_label)
    yield names.SLO_PERIOD_BAD, _sum(objective, options, names.SLO_BAD)
    yield names.SLO_PERIOD_TOTAL, _sum(objective, options, names.SLO_TOTAL)
    for raw, counted, excluded in (
        (names.SLO_PERIOD_RAW_BAD, names.SLO_PERIOD_BAD, names.SLO_EXCLUDED_BAD),
        (names.SLO_PERIOD_RAW_TOTAL, names.SLO_PERIOD_TOTAL, names.SLO_EXCLUDED_TOTAL),
    ):
        more = _over_period(objective, "sum_over_time", excluded)  # sparse
        yield raw, f"{series(counted)} + ({more} or 0 * {series(counted)})"
    yield (
        names.SLO_COVERAGE,
        _coverage(objective, options, observed(objective), observed_step(objective, options.interval)),
    )
    yield ratio, f"{series(names.SLO_PERIOD_BAD)} / ({series(names.SLO_PERIOD_TOTAL)} > 0)"
    yield names.SLO_PERIOD_BURN_RATE, f"{series(ratio)} / {budget}"
    weight = _weight(objective, options)
    yield names.SLO_PERIOD_BUDGET_REMAINING, f"1 - {series(names.SLO_PERIOD_BURN_RATE)}{weight}"
    raw_ratio = f"{series(names.SLO_PERIOD_RAW_BAD)} / ({series(names.SLO_PERIOD_RAW_TOTAL)} > 0)"
    yield names.SLO_PERIOD_RAW_BUDGET_REMAINING, f"1 - {raw_ratio} / {budget}{weight}"


def _weight(objective: Objective, options: CompileOptions) -> str:
    """A factor: the share of the period that spends budget. Time unobserved or still to come does not."""
    series = objective.identity.series
    weight = {
        MissingData.UNKNOWN: f" * {series(names.SLO_COVERAGE)}",
        MissingData.IGNORE: "",
        MissingData.BAD: f" * ({_coverage(objective, options, names.SLO_TOTAL, step(objective, options.interval))})",
    }[objective.missing_data]
    return f"{weight} * {series(names.SLO_PERIOD_ELAPSED)}" if isinstance(objective.period, Calendar) else weight


def _sum(objective: Objective, options: CompileOptions, name: str) -> str:
    if isinstance(objective.period, Rolling):
        return long_sum(objective, options, name, objective.table.period)
    return _over_period(objective, "sum_over_time", name)


def _coverage(objective: Objective, options: CompileOptions, observed_series: str, observed_every: int) -> str:
    """The share of the period so far that has data."""
    if isinstance(objective.period, Rolling):
        count = long_count(objective, options, observed_series, objective.table.period)
        expected = number(Fraction(seconds(objective.table.period), observed_every))
        return f"clamp_max({count} / {expected}, 1)"
    series = objective.identity.series
    count = _over_period(objective, "count_over_time", observed_series)
    form = calendar.form(objective.period, series(names.SLO_LOCAL_TIME))
    return f"clamp_max({count} * {observed_every} / ({form.elapsed} > 0), 1)"


def _over_period(objective: Objective, function: str, name: str) -> str:
    series = objective.identity.series
    if isinstance(objective.period, Rolling):
        return f"{function}({series(name)}[{objective.table.period}])"
    span = calendar.form(objective.period, series(names.SLO_LOCAL_TIME)).range
    phased = series(_PHASED.get(name, names.SLO_CALENDAR_OBSERVED))
    current = f"on ({names.LABEL_SLO}, {names.LABEL_SERVICE}, {names.LABEL_PHASE}) {series(names.SLO_CALENDAR_PHASE)}"
    return f"sum without ({names.LABEL_PHASE}) ({function}({phased}[{span}]) and {current})"
