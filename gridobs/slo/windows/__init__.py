"""Burn-rate alert tables, one data file per SLO period."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gridobs import sources
from gridobs.rules.durations import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One pace that is too fast: both windows above ``factor`` times the budget."""

    severity: str
    long: str
    short: str
    factor: Fraction
    """How many times faster than "all of the budget in exactly one period"."""


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
    return tuple(tier for tier in tiers if tier.factor * Fraction(budget) < 1)


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


class _TableSchema(sources.Schema):
    period: Duration
    tiers: tuple[_TierSchema, ...] = Field(min_length=1, description="a list of tiers")
    low_objective_tiers: tuple[_TierSchema, ...] = Field(min_length=1, description="a list of tiers")


@cache
def tables() -> dict[str, WindowTable]:
    """Every table that ships, by period."""
    found = {}
    for resource in files(__name__).iterdir():
        if resource.name.endswith(".yaml"):
            with as_file(resource) as path:
                (document,) = sources.read(path)
            table = _table(sources.check(document, _TableSchema))
            found[table.period] = table
    return dict(sorted(found.items(), key=lambda item: -seconds(item[0])))


def _table(schema: _TableSchema) -> WindowTable:
    return WindowTable(
        period=schema.period,
        tiers=tuple(_tier(tier, schema.period) for tier in schema.tiers),
        low_objective_tiers=tuple(_tier(tier, schema.period) for tier in schema.low_objective_tiers),
    )


def _tier(tier: _TierSchema, period: str) -> Tier:
    factor = Fraction(tier.budget_percent) / 100 * seconds(period) / seconds(tier.long)
    return Tier(severity=tier.severity, long=tier.long, short=tier.short, factor=factor)
