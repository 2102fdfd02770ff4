"""The ledger added up every few minutes, for what reads days of it (ADR 0011).

Each entry is what the ledger holds of the last REACH less what the entries before it already hold of the same time.
So an entry that was missed, because Prometheus was down when it was due, is made up for by the next; the sum over any
long time is that of the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.slo.ledger import Rule, observed, step
from gridobs.slo.promql import ending_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.slo.model import CompileOptions, Objective

REACH = "6h"
"""How far back an entry that was missed is made up for."""


def long_sum(objective: Objective, options: CompileOptions, name: str, window: str) -> str:
    """PromQL for the events of the ledger series ``name`` within ``window``, of a day or more."""
    series = objective.identity.series
    if is_rolled_up(objective, options):
        rolled = {names.SLO_BAD: names.SLO_ROLLUP_BAD, names.SLO_TOTAL: names.SLO_ROLLUP_TOTAL}[name]
        return f"sum_over_time({series(rolled)}[{window}])"
    return f"sum_over_time({series(name)}[{window}])"


def long_count(objective: Objective, options: CompileOptions, name: str, window: str) -> str:
    """PromQL for the number of samples of ``name``, the ledger's total or what is observed, within ``window``."""
    series = objective.identity.series
    if is_rolled_up(objective, options):
        rolled = names.SLO_ROLLUP_ENTRIES if name == names.SLO_TOTAL else names.SLO_ROLLUP_OBSERVED
        return f"sum_over_time({series(rolled)}[{window}])"
    return f"count_over_time({series(name)}[{window}])"


def rollup(objective: Objective, options: CompileOptions) -> Iterator[Rule]:
    """The rules of the roll-ups; none where the entries of the ledger are as far apart themselves."""
    if not is_rolled_up(objective, options):
        return
    yield names.SLO_ROLLUP_TOTAL, _entry(objective, options, names.SLO_ROLLUP_TOTAL, "sum_over_time", names.SLO_TOTAL)
    yield names.SLO_ROLLUP_BAD, _entry(objective, options, names.SLO_ROLLUP_BAD, "sum_over_time", names.SLO_BAD)
    yield (
        names.SLO_ROLLUP_ENTRIES,
        _entry(objective, options, names.SLO_ROLLUP_ENTRIES, "count_over_time", names.SLO_TOTAL),
    )
    if observed(objective) != names.SLO_TOTAL:
        yield (
            names.SLO_ROLLUP_OBSERVED,
            _entry(objective, options, names.SLO_ROLLUP_OBSERVED, "count_over_time", observed(objective)),
        )


def is_rolled_up(objective: Objective, options: CompileOptions) -> bool:
    return step(objective, options.interval) < seconds(options.rollup_interval)


def _entry(objective: Objective, options: CompileOptions, rolled: str, function: str, name: str) -> str:
    series, span = objective.identity.series, ending_now(REACH, options.version)
    held = f"{function}({series(name)}[{span}])"
    return f"{held} - (sum_over_time({series(rolled)}[{span}]) or 0 * {held})"
