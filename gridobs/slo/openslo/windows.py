"""Whether the windows of an SLO fit its period, its budget and the server that evaluates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.rules.durations import seconds
from gridobs.rules.durations import text as duration
from gridobs.slo.model import CalendarUnit, MissingData, Rolling
from gridobs.slo.openslo.annotations import ALERT_WINDOWS, HARD, MIN_BAD_EVENTS, MISSING_DATA, shares
from gridobs.slo.promql import number
from gridobs.slo.windows import custom_table, hard_table, table_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from gridobs.errors import Problem
    from gridobs.slo.model import Period
    from gridobs.slo.openslo.documents import Parsed
    from gridobs.slo.openslo.schema import Slo
    from gridobs.slo.settings import Settings
    from gridobs.slo.windows import Tier, WindowTable
    from gridobs.sources import Loc

_HOUR = 3_600
_LONGEST_DAYS = {CalendarUnit.DAY: 1, CalendarUnit.WEEK: 7, CalendarUnit.MONTH: 31, CalendarUnit.QUARTER: 92}
_SCRAPES = 4
"""A rate needs two scrapes; four leave room for one that failed and for jitter."""
_EVALUATIONS = 2

_DURATION: Loc = ("spec", "timeWindow", 0, "duration")
_ANNOTATION: Loc = ("metadata", "annotations", ALERT_WINDOWS)


def table(slo: Parsed[Slo]) -> WindowTable:
    """The tiers the author wrote, or else those of the period; of a hard objective the one that needs no budget."""
    period = _period(slo)
    if slo.content.metadata.annotations.hard:
        return hard_table(period)
    text = slo.content.metadata.annotations.alert_windows
    return custom_table(period, shares(text)) if text else table_for(period)


def problems(slo: Parsed[Slo], made: WindowTable, settings: Settings) -> Iterator[Problem]:
    """What is wrong for every objective of the SLO."""
    yield from _hard_problems(slo)
    document, longest = slo.document, _longest(_period(slo))
    if longest > seconds(settings.retention):
        message = f"the period is up to {_compound(longest)}, but Prometheus keeps {settings.retention}"
        cure = "write a shorter one, or raise retention in settings.yaml and in Prometheus"
        yield document.problem(Code.WINDOW_EXCEEDS_RETENTION, _DURATION, message, cure)
    is_custom = slo.content.metadata.annotations.alert_windows is not None
    place = _ANNOTATION if is_custom else _DURATION
    for tier in made.tiers if is_custom else ():
        if seconds(tier.long) >= seconds(made.period):
            message = f"the alert window {tier.long} is not shorter than the period {made.period}"
            yield document.problem(Code.INVALID_WINDOW, place, message, "write a shorter alert window")
    shortest = min((tier.short for tier in _tiers(made)), key=seconds)
    least = max(_SCRAPES * seconds(settings.scrape_interval), _EVALUATIONS * seconds(settings.interval))
    if seconds(shortest) < least:
        message = f"the alert window {shortest} is shorter than {_SCRAPES} scrapes or {_EVALUATIONS} evaluations"
        cure = f"write {ALERT_WINDOWS} with short windows of at least {duration(least)}, or scrape more often"
        yield document.problem(Code.WINDOW_TOO_SHORT, place, message, cure)


def _hard_problems(slo: Parsed[Slo]) -> Iterator[Problem]:
    """What cannot be said of an objective that allows no bad event."""
    notes = slo.content.metadata.annotations
    for key, given, why in (
        (ALERT_WINDOWS, notes.alert_windows is not None, "no pace is slow enough for it"),
        (MIN_BAD_EVENTS, notes.min_bad_events is not None, "the first bad event counts"),
        (MISSING_DATA, notes.missing_data is MissingData.BAD, "every scrape that fails would page"),
    ):
        if notes.hard and given:
            message = f"a hard objective cannot have {key}: {why}"
            at = ("metadata", "annotations", key)
            yield slo.document.problem(Code.NOT_SUPPORTED, at, message, f"remove it, or {HARD}")


def reach_problems(slo: Parsed[Slo], loc: Loc, target: Decimal, made: WindowTable) -> Iterator[Problem]:
    """An author's tier must be able to fire; of the tiers that ship, one must be."""
    document, budget = slo.document, 1 - target
    if slo.content.metadata.annotations.alert_windows is not None:
        for tier in made.tiers:
            if not tier.reaches(budget):
                message = (
                    f"the alert tier {tier.severity} {tier.long}/{tier.short} can never fire: "
                    f"at a target of {number(target)} more than all events would have to fail"
                )
                cure = "write a smaller share of the budget or a longer window"
                yield document.problem(Code.TIER_UNREACHABLE, _ANNOTATION, message, cure)
    elif not made.reachable(budget):
        long = -(-seconds(made.period) // (10 * _HOUR)) * _HOUR
        message = f"no alert tier for a period of {made.period} can fire at a target of {number(target)}"
        cure = f"write {ALERT_WINDOWS}: 'ticket {duration(long)}/{duration(long // 12)} 10%'"
        key = "target" if _has_target(slo, loc) else "targetPercent"
        yield document.problem(Code.TIER_UNREACHABLE, (*loc, key), message, cure)


def slice_seconds(text: str) -> int:
    """Raises ValueError when it is no duration."""
    return seconds(text)


def slice_fault(text: str, made: WindowTable, settings: Settings) -> tuple[str, str] | None:
    """What is wrong with a slice, and the cure."""
    shortest = min((tier.short for tier in _tiers(made)), key=seconds)
    cure = f"write a multiple of {settings.interval}, at most {shortest}, e.g. 1m"
    try:
        length = seconds(text)
    except ValueError:
        return f"timeSliceWindow '{text}' is not a duration", cure
    if length % seconds(settings.interval):
        return f"timeSliceWindow {text} is not a multiple of the evaluation interval {settings.interval}", cure
    if length > seconds(shortest):
        return f"timeSliceWindow {text} is longer than the shortest alert window {shortest}", cure
    return None


def _period(slo: Parsed[Slo]) -> Period:
    return slo.content.spec.time_window[0].period()


def _tiers(made: WindowTable) -> tuple[Tier, ...]:
    return made.tiers + made.low_objective_tiers


def _longest(period: Period) -> int:
    """Seconds; clocks may go back once in a unit of the calendar."""
    if isinstance(period, Rolling):
        return seconds(period.duration)
    return _LONGEST_DAYS[period.unit] * 24 * _HOUR + _HOUR


def _compound(length: int) -> str:
    days, rest = divmod(length, 24 * _HOUR)
    return f"{days}d{duration(rest)}" if rest else f"{days}d"


def _has_target(slo: Parsed[Slo], loc: Loc) -> bool:
    return slo.content.spec.objectives[int(loc[-1])].target is not None
