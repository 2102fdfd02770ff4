"""An objective, free of the format it was written in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridobs.errors import UsageError
from gridobs.rules.durations import seconds
from gridobs.slo.promql import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from gridobs.slo.promql import Query
    from gridobs.slo.windows import WindowTable

_SECONDS_PER_DAY = 86_400


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


Indicator = BadOfTotal | GoodOfTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    name: str
    service: str
    title: str
    """The objective as people say it, for alerts."""
    description: str = ""
    target: Decimal
    """The share of events that must be good, in (0, 1), with the digits that were written."""
    table: WindowTable
    indicator: Indicator
    owner: str | None = None
    runbook: str | None = None
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
        return seconds(self.table.period) // _SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """How often rules run: ``interval`` for what alerts read, ``period_interval`` for sums over the whole period.

    Raises UsageError when either is not a duration.
    """

    interval: str = "30s"
    period_interval: str = "2m"

    def __post_init__(self) -> None:
        for interval in (self.interval, self.period_interval):
            try:
                seconds(interval)
            except ValueError as error:
                raise UsageError(f"evaluation interval: {error}") from None
