"""Sloth's form, 17 rules for each objective: 8 error ratios, 7 metadata rules, 2 alerts.

Every window up to 3 d is computed from the counters; the period is the mean of the recorded 5-minute ratios, its
"optimised" rule, which is the default. Source: slok/sloth v0.16, ``internal/prometheus/recording_rules.go`` and
``alert_rules.go``; windows of ``google-30d.yaml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.forms import STEP, Group, queries

if TYPE_CHECKING:
    from gridobs.slo.model import Objective

_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_ALERTS = (((14.4, "5m", "1h"), (6, "30m", "6h")), ((3, "2h", "1d"), (1, "6h", "3d")))


def groups(objective: Objective) -> tuple[Group, ...]:
    """The rule groups of ``objective``."""
    labels = f'sloth_id="{objective.name}"'

    def ratio(window: str) -> str:
        return f'slo:sli_error:ratio_rate{window}{{{labels},sloth_window="{window}"}}'

    def windowed(window: str) -> str:
        error, total = queries(objective, window)
        return f"({error}) / ({total})"

    budget, period = float(objective.budget), objective.table.period
    over = f"[{period}]"
    recordings = [windowed(window) for window in _WINDOWS]
    recordings.append(
        f"sum_over_time({ratio('5m')}{over}) / ignoring (sloth_window) count_over_time({ratio('5m')}{over})"
    )
    metadata = [
        f"vector({1 - budget})",
        f"vector(1-{1 - budget})",
        "vector(30)",
        f"{ratio('5m')} / on(sloth_id) group_left slo:error_budget:ratio{{{labels}}}",
        f"{ratio(period)} / on(sloth_id) group_left slo:error_budget:ratio{{{labels}}}",
        f"1 - slo:period_burn_rate:ratio{{{labels}}}",
        "vector(1)",
    ]
    alerts = [
        " or ".join(
            f"(max({ratio(short)} > ({factor} * {budget})) without (sloth_window) and"
            f" max({ratio(long)} > ({factor} * {budget})) without (sloth_window))"
            for factor, short, long in tiers
        )
        for tiers in _ALERTS
    ]
    records = [ratio(window) for window in (*_WINDOWS, period)]
    records += [f"{name}{{{labels}}}" for name in ("slo:error_budget:ratio", "slo:period_burn_rate:ratio")]
    return (Group(interval=STEP, expressions=(*recordings, *metadata, *alerts), records=tuple(records)),)
