"""One objective to the rules that measure it and alert on it.

Ratios of sums everywhere: a window's ratio is its bad events over all its events, never a mean of ratios. Windows up
to RAW_LIMIT read the counters themselves (ADR 0002); longer ones the recorded 5-minute rates. Rules of one group run
in order and see what those before recorded, so nothing is read twice. Every series carries the labels (slo, service)
and no other, so rules join one to one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from gridobs import conventions
from gridobs.rules.durations import seconds
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup
from gridobs.slo.alerting import burn_alerts
from gridobs.slo.model import BadOfTotal, GoodOfTotal, Indicator
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from gridobs.slo.model import CompileOptions, Objective

BASE_WINDOW = "5m"
"""The window of the recorded event rates; short enough to follow an incident, long enough for 10 scrapes at 30 s."""

RAW_LIMIT = "1h"


def compile_objective(objective: Objective, options: CompileOptions) -> RuleFile:
    """The rule file of one objective: ``sli`` is what alerts read, ``period`` what people read.

    A budget tier that no error ratio can reach is left out.
    """
    tiers = objective.table.reachable(objective.budget)
    long_windows = sorted({tier.long for tier in tiers}, key=seconds)
    return RuleFile(
        groups=(
            RuleGroup(
                name=conventions.slo_group(objective.name, "sli"),
                interval=options.interval,
                rules=(
                    *_event_rates(objective),
                    *_error_ratios(objective),
                    *(_coverage(objective, window, options) for window in long_windows),
                    *_metadata(objective),
                ),
            ),
            RuleGroup(
                name=conventions.slo_group(objective.name, "period"),
                interval=options.period_interval,
                rules=_period(objective, options),
            ),
            RuleGroup(
                name=conventions.slo_group(objective.name, "alerts"),
                interval=options.interval,
                rules=burn_alerts(objective, tiers, hold=options.interval),
            ),
        )
    )


def _record(objective: Objective, name: str, expr: str) -> RecordingRule:
    return RecordingRule(record=name, expr=expr, labels=objective.identity.labels)


def _event_rates(objective: Objective) -> tuple[RecordingRule, ...]:
    indicator = objective.indicator
    return (
        _record(objective, conventions.SLO_BAD_RATE, _bad(indicator, BASE_WINDOW)),
        _record(objective, conventions.SLO_TOTAL_RATE, indicator.total.over(BASE_WINDOW)),
    )


def _bad(indicator: Indicator, window: str) -> str:
    """Bad events a second. What does not exist counts as 0 beside a total that does."""
    total = indicator.total.over(window)
    match indicator:
        case BadOfTotal(bad=bad):
            return f"{bad.over(window)} or 0 * {total}"
        case GoodOfTotal(good=good):
            return f"clamp_min({total} - ({good.over(window)} or 0 * {total}), 0)"
        case _:
            assert_never(indicator)


def _error_ratios(objective: Objective) -> tuple[RecordingRule, ...]:
    """No events give no ratio, rather than a NaN."""
    windows = [window for window in objective.table.windows if window != objective.table.period]
    return tuple(_record(objective, conventions.slo_error_ratio(w), _error_ratio(objective, w)) for w in windows)


def _error_ratio(objective: Objective, window: str) -> str:
    bad = objective.identity.series(conventions.SLO_BAD_RATE)
    total = objective.identity.series(conventions.SLO_TOTAL_RATE)
    if window == BASE_WINDOW:
        return f"{bad} / ({total} > 0)"
    if seconds(window) <= seconds(RAW_LIMIT):
        return _raw_error_ratio(objective.indicator, window)
    return f"avg_over_time({bad}[{window}]) / (avg_over_time({total}[{window}]) > 0)"


def _raw_error_ratio(indicator: Indicator, window: str) -> str:
    total = indicator.total.over(window)
    match indicator:
        case BadOfTotal():
            return f"({_bad(indicator, window)}) / ({total} > 0)"
        case GoodOfTotal(good=good):
            return f"clamp_min(1 - ({good.over(window)} or 0 * {total}) / ({total} > 0), 0)"
        case _:
            assert_never(indicator)


def _coverage(objective: Objective, window: str, options: CompileOptions, name: str | None = None) -> RecordingRule:
    total = objective.identity.series(conventions.SLO_TOTAL_RATE)
    expected = number(Fraction(seconds(window), seconds(options.interval)))
    expr = f"clamp_max(count_over_time({total}[{window}]) / {expected}, 1)"
    return _record(objective, name or conventions.slo_window_coverage(window), expr)


def _metadata(objective: Objective) -> tuple[RecordingRule, ...]:
    now = objective.identity.series(conventions.slo_error_ratio(BASE_WINDOW))
    info = {
        conventions.LABEL_OBJECTIVE: number(objective.target),
        conventions.LABEL_PERIOD: objective.table.period,
        **({conventions.LABEL_OWNER: objective.owner} if objective.owner else {}),
    }
    return (
        _record(objective, conventions.SLO_CURRENT_BURN_RATE, f"{now} / {number(objective.budget)}"),
        _record(objective, conventions.SLO_OBJECTIVE, f"vector({number(objective.target)})"),
        _record(objective, conventions.SLO_ERROR_BUDGET, f"vector({number(objective.budget)})"),
        _record(objective, conventions.SLO_TIME_PERIOD_DAYS, f"vector({objective.period_days})"),
        RecordingRule(
            record=conventions.SLO_INFO,
            expr="vector(1)",
            labels={**objective.labels, **info, **objective.identity.labels},
        ),
    )


def _period(objective: Objective, options: CompileOptions) -> tuple[RecordingRule, ...]:
    period, series = objective.table.period, objective.identity.series
    ratio = conventions.slo_error_ratio(period)
    step = seconds(options.interval)
    events = "sum_over_time({}[{}]) * {}"
    return (
        _record(objective, conventions.SLO_PERIOD_BAD, events.format(series(conventions.SLO_BAD_RATE), period, step)),
        _record(
            objective, conventions.SLO_PERIOD_TOTAL, events.format(series(conventions.SLO_TOTAL_RATE), period, step)
        ),
        _coverage(objective, period, options, name=conventions.SLO_COVERAGE),
        _record(
            objective, ratio, f"{series(conventions.SLO_PERIOD_BAD)} / ({series(conventions.SLO_PERIOD_TOTAL)} > 0)"
        ),
        _record(objective, conventions.SLO_PERIOD_BURN_RATE, f"{series(ratio)} / {number(objective.budget)}"),
        _record(
            objective,
            conventions.SLO_PERIOD_BUDGET_REMAINING,
            f"1 - {series(conventions.SLO_PERIOD_BURN_RATE)} * {series(conventions.SLO_COVERAGE)}",
        ),
    )
