"""A report as figures, free of where they came from and of how they are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gridobs.slo.report.period import Day, Period


class Level(StrEnum):
    SITE = "site"
    REGION = "region"
    FLEET = "fleet"


class Verdict(StrEnum):
    """Whether an objective was met."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """No event was seen, so that nobody can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Events, as the ledger has them, and how many evaluations of the rules saw them."""

    raw_total: float = 0.0
    raw_bad: float = 0.0
    excluded_total: float = 0.0
    excluded_bad: float = 0.0
    evaluations: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            raw_total=self.raw_total + other.raw_total,
            raw_bad=self.raw_bad + other.raw_bad,
            excluded_total=self.excluded_total + other.excluded_total,
            excluded_bad=self.excluded_bad + other.excluded_bad,
            evaluations=self.evaluations + other.evaluations,
        )

    @property
    def total(self) -> float:
        """Events that count: all but those of excluded time."""
        return self.raw_total - self.excluded_total

    @property
    def bad(self) -> float:
        return self.raw_bad - self.excluded_bad

    @property
    def error_ratio(self) -> float | None:
        return self.bad / self.total if self.total > 0 else None


NOTHING = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One objective at one site, in one region, or in the fleet.

    Attributes:
        level: which of them.
        site: None above a site, and where series do not say and nobody else did.
        region: None for the fleet, and where series do not say.
        target: the share of events that must be good; None if nobody knows, or if its sites differ.
        days: one tally for each day of the report.
        allowed: bad events that the budget has room for.
        raw_allowed: the same, had nothing been excluded.
        expected: how many evaluations there should have been.
        excluded_seconds: time under an exclusion; above a site, of all sites together.
        exclusions: the time of each by its name, seconds; they may overlap.
        sites: how many there are in it.
    """

    level: Level
    site: str | None = None
    region: str | None = None
    target: Decimal | None
    days: tuple[Tally, ...]
    allowed: float | None
    raw_allowed: float | None
    expected: float
    excluded_seconds: float = 0.0
    exclusions: Mapping[str, float] = field(default_factory=dict)
    sites: int = 1

    @property
    def tally(self) -> Tally:
        return sum(self.days, NOTHING)

    @property
    def sli(self) -> float | None:
        tally = self.tally
        return 1 - tally.bad / tally.total if tally.total > 0 else None

    @property
    def raw_sli(self) -> float | None:
        tally = self.tally
        return 1 - tally.raw_bad / tally.raw_total if tally.raw_total > 0 else None

    @property
    def budget_spent(self) -> float | None:
        """1 is all of it. None without events, or without an objective."""
        return self.tally.bad / self.allowed if self.allowed else None

    @property
    def raw_budget_spent(self) -> float | None:
        return self.tally.raw_bad / self.raw_allowed if self.raw_allowed else None

    @property
    def verdict(self) -> Verdict:
        if not self.allowed:
            return Verdict.UNKNOWN
        return Verdict.YES if self.tally.bad <= self.allowed else Verdict.NO

    @property
    def coverage(self) -> float | None:
        """The share of evaluations that saw data."""
        return min(1.0, self.tally.evaluations / self.expected) if self.expected else None

    def budget_left(self) -> list[float] | None:
        """At the end of each day, as a share of the budget of all days; None without a budget."""
        allowed = self.allowed
        return [1 - bad / allowed for bad in accumulate(day.bad for day in self.days)] if allowed else None

    def raw_budget_left(self) -> list[float] | None:
        allowed = self.raw_allowed
        return [1 - bad / allowed for bad in accumulate(day.raw_bad for day in self.days)] if allowed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveReport:
    """One objective everywhere. ``fleet`` is None at a site, which knows no other; ``sites`` are the worst first."""

    slo: str
    service: str
    owner: str | None
    fleet: Result | None
    regions: tuple[Result, ...]
    sites: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> Result:
        return self.fleet or self.sites[0]

    @property
    def results(self) -> tuple[Result, ...]:
        return (*((self.fleet,) if self.fleet else ()), *self.regions, *self.sites)

    def count(self, verdict: Verdict) -> int:
        """Sites of this verdict."""
        return sum(site.verdict is verdict for site in self.sites)

    @property
    def share_of_sites(self) -> float | None:
        """Of the sites something is known of, those that met the objective."""
        known = len(self.sites) - self.count(Verdict.UNKNOWN)
        return self.count(Verdict.YES) / known if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All objectives. ``days`` ends before the period does while that is running."""

    period: Period
    days: tuple[Day, ...]
    source: str
    objectives: tuple[ObjectiveReport, ...]

    @property
    def until(self) -> int:
        """Unix seconds."""
        return self.days[-1].end

    @property
    def complete(self) -> bool:
        return self.until >= self.period.end


def site_result(
    *,
    site: str | None,
    region: str | None,
    target: Decimal | None,
    days: Sequence[Tally],
    expected: float,
    excluded_seconds: float,
    exclusions: Mapping[str, float],
) -> Result:
    tally = sum(days, NOTHING)
    return Result(
        level=Level.SITE,
        site=site,
        region=region,
        target=target,
        days=tuple(days),
        allowed=_room(target, tally.total),
        raw_allowed=_room(target, tally.raw_total),
        expected=expected,
        excluded_seconds=excluded_seconds,
        exclusions=exclusions,
    )


def combine(level: Level, sites: Sequence[Result], *, region: str | None = None) -> Result:
    """Sites, at least one, as one: events add up, and so does the room for bad ones."""
    targets = {site.target for site in sites if site.target is not None}
    exclusions: dict[str, float] = {}
    for site in sites:
        for name, seconds in site.exclusions.items():
            exclusions[name] = exclusions.get(name, 0.0) + seconds
    return Result(
        level=level,
        region=region,
        target=targets.pop() if len(targets) == 1 else None,
        days=tuple(sum(tallies, NOTHING) for tallies in zip(*(site.days for site in sites), strict=True)),
        allowed=_sum(site.allowed for site in sites if site.tally.total > 0),
        raw_allowed=_sum(site.raw_allowed for site in sites if site.tally.raw_total > 0),
        expected=math.fsum(site.expected for site in sites),
        excluded_seconds=math.fsum(site.excluded_seconds for site in sites),
        exclusions=exclusions,
        sites=len(sites),
    )


def worst_first(sites: Iterable[Result]) -> tuple[Result, ...]:
    """Objective missed, unknown, met; within each by the budget spent, then by name."""
    order = (Verdict.NO, Verdict.UNKNOWN, Verdict.YES)
    return tuple(
        sorted(sites, key=lambda site: (order.index(site.verdict), -(site.budget_spent or 0.0), site.site or ""))
    )


def _room(target: Decimal | None, total: float) -> float | None:
    """Exact for a target as people write it: 0.1 % of 1000 events is 1 event."""
    return float((1 - target) * Decimal(total)) if target is not None and total > 0 else None


def _sum(rooms: Iterable[float | None]) -> float | None:
    """None when one is not known: its bad events would count and its room would not."""
    known = list(rooms)
    return math.fsum(room for room in known if room is not None) if known and None not in known else None
