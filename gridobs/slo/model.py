"""An objective, free of the format it was written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gridobs.errors import UsageError
from gridobs.rules.durations import seconds
from gridobs.slo.promql import Identity, PrometheusVersion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from gridobs.slo.promql import Query
    from gridobs.slo.windows import WindowTable

SECONDS_PER_DAY = 86_400


# --- what an event is, and when it is bad ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class BadOfTotal:
    """Events that failed, out of all. A bad series that does not exist is 0 bad events."""

    bad: Query
    total: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodOfTotal:
    """Events that went well, out of all. A good series that does not exist is 0 good events."""

    good: Query
    total: Query


class Comparison(StrEnum):
    """OpenSLO's ``op``, as PromQL spells it."""

    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A gauge: each evaluation of each of its series is an event, good while ``value comparison threshold`` holds."""

    query: Query
    comparison: Comparison
    threshold: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRatio:
    """A ratio that is computed elsewhere, so that its events are not known; only slices of time can be budgeted."""

    query: Query
    success: bool
    """Whether the ratio is of good events; else of bad ones."""


Indicator = BadOfTotal | GoodOfTotal | Threshold | RawRatio


# --- what the budget is counted in ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Occurrences:
    """Events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeslices:
    """Slices of ``window``; one is good when at least ``target`` (in (0, 1]) of its events are."""

    window: str
    target: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioTimeslices:
    """Slices of ``window``, each as bad as the share of its events that is."""

    window: str


Budgeting = Occurrences | Timeslices | RatioTimeslices


# --- the time a budget is for ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rolling:
    """The last ``duration``, from 1 d to 90 d, such as ``30d``."""

    duration: str


class CalendarUnit(StrEnum):
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1M"
    QUARTER = "1Q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The current unit by the clocks of ``zone``, an IANA name. A week starts on ``first_weekday``, 0 is Monday."""

    unit: CalendarUnit
    zone: str
    first_weekday: int = 0


Period = Rolling | Calendar


class MissingData(StrEnum):
    """What time without data is."""

    UNKNOWN = "unknown"
    """Neither good nor bad: it spends no budget, and an alert says that data is missing."""
    BAD = "bad"
    """As if every event had failed, at the pace events usually come."""
    IGNORE = "ignore"
    """As if it had not been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    name: str
    service: str
    title: str
    """The objective as people say it, for alerts."""
    description: str = ""
    target: Decimal
    """The share of events that must be good, in (0, 1), with the digits that were written."""
    indicator: Indicator
    budgeting: Budgeting = field(default_factory=Occurrences)
    period: Period
    table: WindowTable
    """The alert tiers, already scaled to the period."""
    missing_data: MissingData = MissingData.UNKNOWN
    min_bad_events: int | None = None
    """No alert on fewer bad events within a tier's long window; None takes the default."""
    hard: bool = False
    """Whether one bad event is one too many: its table is ``hard_table``, and its budget only a figure."""
    severity: str | None = None
    """The highest severity its burn alerts may have; None is no limit."""
    owner: str | None = None
    runbook: str | None = None
    dashboard: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Further labels of ``slo_info``, and of nothing else: a change cannot break the history of other series."""

    @property
    def budget(self) -> Decimal:
        """The share of events that may fail, in (0, 1)."""
        return 1 - self.target

    @property
    def identity(self) -> Identity:
        return Identity(slo=self.name, service=self.service)

    @property
    def period_days(self) -> int:
        """Of the period; a month counts 30, a quarter 91."""
        return seconds(self.table.period) // SECONDS_PER_DAY

    @property
    def period_label(self) -> str:
        """The period as series and labels name it: ``30d`` or ``1M``."""
        return self.period.duration if isinstance(self.period, Rolling) else self.period.unit.value


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """How the rules will run.

    ``interval`` is that of the ledger and what follows fast, ``period_interval`` that of windows of days,
    ``rollup_interval`` that of the roll-ups they read; one as short as ``interval`` is none. Where the
    ``scrape_interval`` is shorter than ``interval``, the ledger looks for resets between two evaluations, at the cost
    of a third more samples. ``{slo}`` in ``runbooks`` and ``dashboards`` becomes the name of the objective.

    Raises UsageError when an interval is not a duration.
    """

    interval: str = "30s"
    period_interval: str = "2m"
    rollup_interval: str = "5m"
    scrape_interval: str = "30s"
    version: PrometheusVersion = PrometheusVersion.V2_42
    runbooks: str | None = None
    dashboards: str | None = None

    def __post_init__(self) -> None:
        for interval in (self.interval, self.period_interval, self.rollup_interval, self.scrape_interval):
            try:
                seconds(interval)
            except ValueError as error:
                raise UsageError(f"interval: {error}") from None
