"""One objective to the rules that measure it and alert on it.

Ratios of sums everywhere: a window's ratio is its bad events over all its events, both summed over the ledger,
never a mean of ratios. Rules of one group run in order and see what those before recorded, so nothing is read twice.
Every series carries the labels (slo, service) and no other, so rules join one to one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.rules.model import RecordingRule, RuleFile, RuleGroup
from gridobs.slo.alerting import burn_alerts, data_alert
from gridobs.slo.le import spelled
from gridobs.slo.ledger import ledger, step
from gridobs.slo.model import SECONDS_PER_DAY, GoodOfTotal
from gridobs.slo.periods import calendar_ledger, period_rules
from gridobs.slo.promql import ending_now, number
from gridobs.slo.rollup import long_count, long_sum, rollup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gridobs.slo.ledger import Rule
    from gridobs.slo.model import CompileOptions, Objective

BASE_WINDOW = "5m"
"""The window of the recorded event rates."""


def compile_objective(objective: Objective, options: CompileOptions) -> RuleFile:
    """The rule file of one objective: ``sli`` is the ledger and what follows fast, ``period`` what spans days.

    A budget tier that no error ratio can reach is left out.
    """
    windows = sorted({BASE_WINDOW, *objective.table.windows} - {objective.table.period}, key=seconds)
    sli = (
        *ledger(objective, options.interval),
        *calendar_ledger(objective),
        *_rates(objective, options.interval),
        *_windows(objective, options, [window for window in windows if not _is_long(window)]),
        *_metadata(objective),
    )
    period = (
        *_windows(objective, options, [window for window in windows if _is_long(window)]),
        *period_rules(objective, options),
    )
    return RuleFile(
        groups=(
            RuleGroup(
                name=names.slo_group(objective.name, "sli"),
                interval=options.interval,
                rules=(*_records(objective, sli, options), _info(objective)),
            ),
            *_rollup_groups(objective, options),
            RuleGroup(
                name=names.slo_group(objective.name, "period"),
                interval=options.period_interval,
                rules=_records(objective, period, options),
            ),
            RuleGroup(
                name=names.slo_group(objective.name, "alerts"),
                interval=options.interval,
                rules=(*burn_alerts(objective, options), *data_alert(objective, options)),
            ),
        )
    )


def _rollup_groups(objective: Objective, options: CompileOptions) -> Iterator[RuleGroup]:
    if rules := _records(objective, rollup(objective, options), options):
        yield RuleGroup(name=names.slo_group(objective.name, "rollup"), interval=options.rollup_interval, rules=rules)


def _records(objective: Objective, rules: Iterable[Rule], options: CompileOptions) -> tuple[RecordingRule, ...]:
    return tuple(
        RecordingRule(record=name, expr=spelled(expr, options.version), labels=objective.identity.labels)
        for name, expr in rules
    )


def _rates(objective: Objective, interval: str) -> Iterator[Rule]:
    for rate, counted in ((names.SLO_BAD_RATE, names.SLO_BAD), (names.SLO_TOTAL_RATE, names.SLO_TOTAL)):
        yield (
            rate,
            f"avg_over_time({objective.identity.series(counted)}[{BASE_WINDOW}]) / {step(objective, interval)}",
        )


def _is_long(window: str) -> bool:
    return seconds(window) >= SECONDS_PER_DAY


def _windows(objective: Objective, options: CompileOptions, windows: Sequence[str]) -> Iterator[Rule]:
    """The error ratio of each window; of a tier's long one also its bad events and its coverage.

    No events give no ratio, rather than a NaN.
    """
    series = objective.identity.series
    tiers = objective.table.reachable(objective.budget)
    long_windows = {tier.long for tier in tiers}
    for window in windows:
        span = ending_now(window, options.version)
        if not _is_long(window):
            bad, total = (f"sum_over_time({series(name)}[{span}])" for name in (names.SLO_BAD, names.SLO_TOTAL))
            count = f"count_over_time({series(names.SLO_TOTAL)}[{span}])"
        else:
            bad, total = (long_sum(objective, options, name, span) for name in (names.SLO_BAD, names.SLO_TOTAL))
            count = long_count(objective, options, names.SLO_TOTAL, span)
        if window in long_windows:
            yield names.slo_window_bad(window), bad
            bad = series(names.slo_window_bad(window))
        ratio = f"{bad} / ({total} > 0)"
        never_negative = isinstance(objective.indicator, GoodOfTotal)
        yield names.slo_error_ratio(window), f"clamp_min({ratio}, 0)" if never_negative else ratio
        if window in long_windows:
            expected = number(Fraction(seconds(window), step(objective, options.interval)))
            yield names.slo_window_coverage(window), f"clamp_max({count} / {expected}, 1)"


def _metadata(objective: Objective) -> Iterator[Rule]:
    now = objective.identity.series(names.slo_error_ratio(BASE_WINDOW))
    yield names.SLO_CURRENT_BURN_RATE, f"{now} / {number(objective.budget)}"
    yield names.SLO_OBJECTIVE, f"vector({number(objective.target)})"
    yield names.SLO_ERROR_BUDGET, f"vector({number(objective.budget)})"
    yield names.SLO_TIME_PERIOD_DAYS, f"vector({objective.period_days})"


def _info(objective: Objective) -> RecordingRule:
    info = {
        names.LABEL_OBJECTIVE: number(objective.target),
        names.LABEL_PERIOD: objective.period_label,
        **({names.LABEL_OWNER: objective.owner} if objective.owner else {}),
    }
    labels = {**objective.labels, **info, **objective.identity.labels}
    return RecordingRule(record=names.SLO_INFO, expr="vector(1)", labels=labels)
