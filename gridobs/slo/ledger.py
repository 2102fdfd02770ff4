"""The ledger of an objective: at every evaluation, how many events came since the one before, and how many were bad.

Everything else is sums over it. The four kinds of indicator and the three budgeting methods differ only here::

    indicator -> slo:event_* -> slices, missing data -> slo:raw_* -> exclusions -> slo:total:*, slo:bad:*

``slo:event_*`` is recorded only where it differs from ``slo:raw_*``. Rules of a group run in order, so each reads
what those before it have just recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gridobs import conventions as names
from gridobs.rules.durations import seconds, text
from gridobs.slo.events import LOOKBACK, estimated_events, exact_events
from gridobs.slo.model import (
    BadOfTotal,
    GoodOfTotal,
    Indicator,
    MissingData,
    Objective,
    Occurrences,
    RawRatio,
    Threshold,
    Timeslices,
)
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.slo.model import CompileOptions
    from gridobs.slo.promql import Query

Rule = tuple[str, str]
"""The name a rule records and its expression."""

_USUAL = "1d"
"""What the usual pace of events is taken from when missing data counts as bad."""


def ledger(objective: Objective, options: CompileOptions) -> Iterator[Rule]:
    """The rules of the ledger, in the order they must run, every ``options.interval``."""
    interval = options.interval
    if _has_own_events(objective):
        yield from _events(objective, options, names.SLO_EVENT_TOTAL, names.SLO_EVENT_BAD)
        yield from _budgeted(objective, interval)
    elif isinstance(objective.indicator, RawRatio):
        if _counts_missing(objective):
            yield names.SLO_EVENT_TOTAL, f"count({objective.indicator.query.over(LOOKBACK)} >= -Inf)"
        yield from _budgeted(objective, interval)
    else:
        yield from _events(objective, options, names.SLO_RAW_TOTAL, names.SLO_RAW_BAD)
    yield from _exclusions(objective)


def observed(objective: Objective) -> str:
    """The recorded series whose samples show that there was data; ``step`` apart."""
    return names.SLO_EVENT_TOTAL if _counts_missing(objective) else names.SLO_TOTAL


def observed_step(objective: Objective, interval: str) -> int:
    """Seconds between two samples of ``observed``."""
    return seconds(interval) if observed(objective) == names.SLO_EVENT_TOTAL else step(objective, interval)


def step(objective: Objective, interval: str) -> int:
    """Seconds between two entries of the ledger: the slice, or the evaluation interval."""
    match objective.budgeting:
        case Occurrences():
            return seconds(interval)
        case slices:
            return seconds(slices.window)


def _counts_missing(objective: Objective) -> bool:
    return objective.missing_data is MissingData.BAD


def _has_own_events(objective: Objective) -> bool:
    sliced = not isinstance(objective.budgeting, Occurrences)
    return (sliced or _counts_missing(objective)) and not isinstance(objective.indicator, RawRatio)


# --- events ---------------------------------------------------------------------------------------------------------
def _events(objective: Objective, options: CompileOptions, total: str, bad: str) -> Iterator[Rule]:
    """An absent bad or good series is none of its events beside a total; without a total there is no data."""
    recorded = f"sum({objective.identity.series(total)})"
    yield total, _total(objective.indicator, options)
    match objective.indicator:
        case BadOfTotal(bad=query):
            yield bad, f"({_count(query, options)} or 0 * {recorded}) and {recorded}"
        case GoodOfTotal(good=query):
            yield bad, f"{recorded} - ({_count(query, options)} or 0 * {recorded})"
        case Threshold(query=query, comparison=comparison, threshold=threshold):
            good = f"count({query.over(LOOKBACK)} {comparison.value} {number(threshold)})"
            yield bad, f"{recorded} - ({good} or 0 * {recorded})"
        case RawRatio():
            raise AssertionError("a raw ratio has no events")
        case _:
            assert_never(objective.indicator)


def _total(indicator: Indicator, options: CompileOptions) -> str:
    match indicator:
        case BadOfTotal(total=total) | GoodOfTotal(total=total):
            return _count(total, options)
        case Threshold(query=query):
            return f"count({query.over(LOOKBACK)} >= -Inf)"
        case RawRatio():
            raise AssertionError("a raw ratio has no events")
        case _:
            assert_never(indicator)


def _count(query: Query, options: CompileOptions) -> str:
    exact = exact_events(query, options.interval, options.scrape_interval)
    return exact or estimated_events(query, options.interval)


# --- slices and missing data ----------------------------------------------------------------------------------------
def _budgeted(objective: Objective, interval: str) -> Iterator[Rule]:
    total, bad = _once(objective, interval)
    recorded = f"sum({objective.identity.series(names.SLO_RAW_TOTAL)})"
    if _counts_missing(objective):
        usual = f"sum(avg_over_time({objective.identity.series(names.SLO_RAW_TOTAL)}[{_USUAL}])) or "
        total = f"{total} or {usual if isinstance(objective.budgeting, Occurrences) else ''}vector(1)"
        bad = f"{bad} or {recorded}"
    if isinstance(objective.budgeting, Occurrences):
        yield names.SLO_RAW_TOTAL, total
        yield names.SLO_RAW_BAD, bad
        return
    ends = f"and on () (vector(time()) % {step(objective, interval)} < {seconds(interval)})"
    yield names.SLO_RAW_TOTAL, f"({total}) {ends}"
    yield names.SLO_RAW_BAD, f"({bad}) {ends}"


def _once(objective: Objective, interval: str) -> Rule:
    """The events of an evaluation; or the slice that has just ended, 1 or without events 0, and how bad it was.

    Both are absent without data.
    """
    if isinstance(objective.budgeting, Occurrences):
        events = (f"sum({objective.identity.series(name)})" for name in (names.SLO_EVENT_TOTAL, names.SLO_EVENT_BAD))
        return next(events), next(events)
    length = step(objective, interval)
    total, ratio = _sliced_events(objective, length)
    if isinstance(objective.indicator, RawRatio):
        total, ratio = _sliced_ratio(objective.indicator, length)
    none = f"0 * ({total})"
    if isinstance(objective.budgeting, Timeslices):
        ratio = f"({ratio}) > bool {number(1 - objective.budgeting.target)}"
    return total, f"{ratio} or {none}"


def _sliced_ratio(indicator: RawRatio, length: int) -> Rule:
    ratio = f"avg({indicator.query.over(f'{length}s')})"
    bad = f"clamp({f'1 - {ratio}' if indicator.success else ratio}, 0, 1) >= 0"
    return f"0 * ({bad}) + 1", bad


def _sliced_events(objective: Objective, length: int) -> Rule:
    """One second less than the slice: Prometheus 2 counts a sample at the start of a range, 3 does not."""
    total, bad = (
        f"sum(sum_over_time({objective.identity.series(name)}[{text(length - 1)}]))"
        for name in (names.SLO_EVENT_TOTAL, names.SLO_EVENT_BAD)
    )
    return f"{total} > bool 0", f"{bad} / ({total} > 0)"


# --- exclusions -----------------------------------------------------------------------------------------------------
def _exclusions(objective: Objective) -> Iterator[Rule]:
    """Events under an exclusion are moved to series of their own; the time is covered, with no events."""
    series = objective.identity.series
    active = f'{names.SLO_EXCLUSION_ACTIVE}{{{names.LABEL_SLO}=~"|{objective.name}"}}'
    for raw, counted in ((names.SLO_RAW_TOTAL, names.SLO_TOTAL), (names.SLO_RAW_BAD, names.SLO_BAD)):
        yield counted, f"{series(raw)} * on () (absent({active}) or vector(0))"
    for raw, excluded in (
        (names.SLO_RAW_TOTAL, names.SLO_EXCLUDED_TOTAL),
        (names.SLO_RAW_BAD, names.SLO_EXCLUDED_BAD),
    ):
        yield excluded, f"{series(raw)} and on () {active}"
