"""Pyrra's form: two increases over the whole window, 7 burn rates, 4 alerts and an alert for absence.

Everything is computed from the counters. Source: pyrra-dev/pyrra, ``slo/rules.go``: ``IncreaseRules`` with
``increaseInterval`` (150 s for 28 to 35 days), ``Burnrates`` every 30 s, ``Windows`` scaled from 28 days and rounded
to minutes. ``performanceOverAccuracy`` is off, as by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.forms import STEP, Group, queries

if TYPE_CHECKING:
    from gridobs.slo.model import Objective

_INCREASE_INTERVAL = 150
_ALERTS = ((14, "5m", "1h4m"), (7, "32m", "6h26m"), (2, "2h9m", "1d1h43m"), (1, "6h26m", "4d6h51m"))


def groups(objective: Objective) -> tuple[Group, ...]:
    """The rule groups of ``objective``, whose period is 30 days."""
    labels = f'slo="{objective.name}"'
    error, total = queries(objective, objective.table.period)
    increases = tuple(query.replace("rate(", "increase(") for query in (error, total))
    windows = dict.fromkeys(window for _, short, long in _ALERTS for window in (short, long))

    def burn_rate(window: str) -> str:
        return f"pyrra_{objective.name.replace('-', '_')}:burnrate{window}{{{labels}}}"

    def burn(window: str) -> str:
        error, total = queries(objective, window)
        return f"({error}) / ({total})"

    budget = objective.budget
    alerts = tuple(
        f"{burn_rate(short)} > ({factor} * {budget}) and {burn_rate(long)} > ({factor} * {budget})"
        for factor, short, long in _ALERTS
    )
    absent = f"absent({queries(objective, '5m')[1]}) == 1"
    return (
        Group(interval=_INCREASE_INTERVAL, expressions=(*increases, absent)),
        Group(
            interval=STEP,
            expressions=(*(burn(window) for window in windows), *alerts),
            records=tuple(burn_rate(window) for window in windows),
        ),
    )
