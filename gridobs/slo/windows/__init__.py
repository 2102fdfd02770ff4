"""Burn-rate alert tables, one data file per period, and what follows from them for every other period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gridobs import sources
from gridobs.rules.durations import seconds
from gridobs.slo.model import Calendar, CalendarUnit, Period, Rolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One pace that is too fast: both windows above ``factor`` times the budget."""

    severity: str
    long: str
    short: str
    factor: Fraction
    """How many times faster than "all of the budget in exactly one period"."""

    def reaches(self, budget: Decimal) -> bool:
        """Whether an error ratio, at most 1, can exceed the pace when ``budget`` of the events may fail."""
        return self.factor * Fraction(budget) < 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTable:
    """The alert tiers of one period, and those for objectives too low to page."""

    period: str
    tiers: tuple[Tier, ...]
    low_objective_tiers: tuple[Tier, ...]

    @property
    def windows(self) -> tuple[str, ...]:
        """Every window an error ratio is recorded for, shortest first; the period is the last."""
        every = {window for tier in self.tiers + self.low_objective_tiers for window in (tier.long, tier.short)}
        return tuple(sorted(every | {self.period}, key=seconds))

    def reachable(self, budget: Decimal) -> tuple[Tier, ...]:
        """The tiers an error ratio, at most 1, can exceed when ``budget`` (in (0, 1)) of the events may fail."""
        tiers = _below_one(self.tiers, budget)
        if any(tier.severity == "page" for tier in tiers):
            return tiers
        return _below_one(self.low_objective_tiers, budget)


def _below_one(tiers: tuple[Tier, ...], budget: Decimal) -> tuple[Tier, ...]:
    return tuple(tier for tier in tiers if tier.reaches(budget))


@dataclass(frozen=True, slots=True, kw_only=True)
class TierShare:
    """A tier as people write it: ``percent`` of the period's budget spent within ``long``."""

    severity: str
    long: str
    short: str
    percent: Decimal

    def of(self, period: str) -> Tier:
        factor = Fraction(self.percent) / 100 * seconds(period) / seconds(self.long)
        return Tier(severity=self.severity, long=self.long, short=self.short, factor=factor)


NOMINAL = {CalendarUnit.DAY: "1d", CalendarUnit.WEEK: "7d", CalendarUnit.MONTH: "30d", CalendarUnit.QUARTER: "91d"}
"""How long a calendar unit counts, whichever it is."""


def nominal(period: Period) -> str:
    """The length of a period as a duration."""
    return period.duration if isinstance(period, Rolling) else NOMINAL[period.unit]


def table_for(period: Period) -> WindowTable:
    """The table that ships for ``period``, or else the one of the length nearest in proportion, scaled."""
    if isinstance(period, Calendar) and period.unit.value in tables():
        return tables()[period.unit.value]
    duration = nominal(period)
    rolling = [table for name, table in tables().items() if name == table.period]
    nearest = min(rolling, key=lambda table: (_apart(table.period, duration), seconds(table.period)))
    return _scaled(nearest, duration)


def custom_table(period: Period, shares: tuple[TierShare, ...]) -> WindowTable:
    """A table of the tiers an author wrote, for objectives however low."""
    duration = nominal(period)
    tiers = tuple(share.of(duration) for share in shares)
    return WindowTable(period=duration, tiers=tiers, low_objective_tiers=tiers)


def hard_table(period: Period) -> WindowTable:
    """For an objective without a budget: any bad event is above the pace of 0, from the first evaluation on.

    The short window is how long the page lasts after the last bad event, long enough to be seen.
    """
    tier = Tier(severity="page", long="6h", short="1h", factor=Fraction(0))
    return WindowTable(period=nominal(period), tiers=(tier,), low_objective_tiers=(tier,))


def _apart(one: str, other: str) -> Fraction:
    short, long = sorted((seconds(one), seconds(other)))
    return Fraction(long, short)


def _scaled(table: WindowTable, duration: str) -> WindowTable:
    return WindowTable(
        period=duration,
        tiers=_scaled_tiers(table, table.tiers, duration),
        low_objective_tiers=_scaled_tiers(table, table.low_objective_tiers, duration),
    )


def _scaled_tiers(table: WindowTable, tiers: tuple[Tier, ...], duration: str) -> tuple[Tier, ...]:
    """Shares kept, but no pace below 1 that the table itself has not: it would alert on a budget that lasts."""
    ratio = Fraction(seconds(duration), seconds(table.period))
    return tuple(
        replace(tier, factor=max(tier.factor * ratio, min(tier.factor, Fraction(1))))
        for tier in tiers
        if seconds(tier.long) < seconds(duration)
    )


def _duration(text: str) -> str:
    seconds(text)
    return text


Duration = Annotated[str, AfterValidator(_duration), Field(description="a duration such as 5m, 1h or 30d")]

Percent = Annotated[Decimal, Field(gt=0, le=100, description="percent of the period's budget, e.g. 2")]


class _TierSchema(sources.Schema):
    severity: Literal["page", "ticket"] = Field(description="page or ticket")
    long: Duration
    short: Duration
    budget_percent: Percent

    @property
    def share(self) -> TierShare:
        return TierShare(severity=self.severity, long=self.long, short=self.short, percent=self.budget_percent)


class _TableSchema(sources.Schema):
    period: Duration
    tiers: tuple[_TierSchema, ...] = Field(min_length=1, description="a list of tiers")
    low_objective_tiers: tuple[_TierSchema, ...] = Field(min_length=1, description="a list of tiers")


@cache
def tables() -> dict[str, WindowTable]:
    """Every table that ships, by the name of its file, the longest first."""
    found = {}
    for resource in files(__name__).iterdir():
        name, dot, ending = resource.name.rpartition(".")
        if dot and ending == "yaml":
            with as_file(resource) as path:
                (document,) = sources.read(path)
            found[name] = _table(sources.check(document, _TableSchema))
    return dict(sorted(found.items(), key=lambda item: (-seconds(item[1].period), item[0])))


def _table(schema: _TableSchema) -> WindowTable:
    return WindowTable(
        period=schema.period,
        tiers=tuple(tier.share.of(schema.period) for tier in schema.tiers),
        low_objective_tiers=tuple(tier.share.of(schema.period) for tier in schema.low_objective_tiers),
    )
