"""Figures as people read them. None of them flatters: what was good is cut, what was spent is rounded up."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from gridobs.slo.report.model import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from gridobs.slo.report.model import ObjectiveReport, Report, Result

NO_DATA = "no data"
_NOISE_DIGITS = 9
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def target(value: Decimal | None) -> str:
    return "differs" if value is None else f"{100 * value:f}".rstrip("0").rstrip(".") + " %"


def good(ratio: float | None) -> str:
    return _percent(ratio, 4, math.floor)


def bad(ratio: float | None) -> str:
    return _percent(ratio, 4, math.ceil)


def spent(ratio: float | None) -> str:
    return _percent(ratio, 1, math.ceil)


def covered(ratio: float | None) -> str:
    return _percent(ratio, 1, math.floor)


def events(number: float) -> str:
    """Whole, unless it is an estimate."""
    whole = round(number)
    return f"{whole:,}" if abs(number - whole) < 10**-6 * max(1, abs(number)) else f"{number:,.1f}"


def duration(seconds: float) -> str:
    """Days and hours, or hours and minutes; short of a minute in seconds."""
    whole = round(seconds)
    if whole == 0:
        return "none"
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def place(result: Result) -> str:
    match result.level:
        case Level.FLEET:
            return "fleet"
        case Level.REGION:
            return f"region {result.region}"
        case Level.SITE:
            return result.site or "this site"


COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("events", lambda one: events(one.tally.total)),
    ("bad", lambda one: events(one.tally.bad)),
    ("good share", lambda one: good(one.sli)),
    ("budget spent", lambda one: spent(one.budget_spent)),
    ("spent, nothing excluded", lambda one: spent(one.raw_budget_spent)),
    ("compliant", lambda one: one.verdict.value),
    ("coverage", lambda one: covered(one.coverage)),
    ("excluded time", lambda one: duration(one.excluded_seconds)),
    ("excluded events", lambda one: events(one.tally.excluded_total)),
)
"""What a table says of a result, beside where that is."""


def span(report: Report) -> str:
    """``2026-10-01 to 2026-10-31 (Europe/Berlin)``; says so when the period is still running."""
    period = report.period
    zone = period.zone.key
    if report.complete:
        return f"{period.first} to {period.last} ({zone})"
    until = dt.datetime.fromtimestamp(report.until, period.zone)
    return (
        f"{period.first} until {until:%Y-%m-%d %H:%M} ({zone}); the period ends on {period.last}, so this is interim"
    )


def compliance(objective: ObjectiveReport) -> str:
    """In a sentence, how the sites did."""
    share = objective.share_of_sites
    unknown = objective.count(Verdict.UNKNOWN)
    known = len(objective.sites) - unknown
    said = (
        f"{objective.count(Verdict.YES)} of {known} sites met the objective ({_percent(share, 1, math.floor)})"
        if known
        else "No site has data"
    )
    return f"{said}; {unknown} without data." if unknown and known else f"{said}."


def exclusions(result: Result) -> list[str]:
    """Each exclusion with its time."""
    of_all = " of all sites together" if result.level is not Level.SITE and result.sites > 1 else ""
    return [f"{name}: {duration(seconds)}{of_all}" for name, seconds in result.exclusions.items()]


def _percent(ratio: float | None, digits: int, cut: Callable[[float], int]) -> str:
    if ratio is None:
        return NO_DATA
    scale = 10**digits
    return f"{cut(round(100 * ratio * scale, _NOISE_DIGITS - digits)) / scale:,.{digits}f} %"
