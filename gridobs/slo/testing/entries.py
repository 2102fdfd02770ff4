"""What happens, as a ledger in plain numbers: the events of each evaluation, then entries by the budgeting method."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs.rules.durations import seconds
from gridobs.slo.model import (
    BadOfTotal,
    MissingData,
    Objective,
    Occurrences,
    RatioTimeslices,
    RawRatio,
    Threshold,
    Timeslices,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.testing.cases import Case

_STALE_AFTER = 300
"""Seconds for which a counter that is not scraped keeps its reading."""

_USUAL = 86_400
"""Seconds that tell the usual pace of events."""

_GRAIN = 10**9
"""Averages are kept to a billionth of an event, or their fractions would grow without end."""


Number = Fraction | int


@dataclass(frozen=True, slots=True)
class Entry:
    total: Number
    bad: Number


NOTHING = Entry(0, 0)
Track = list[Entry | None]
"""One for each evaluation, the first at time 0; None is no data."""


class Sums:
    """Sums over the last so many evaluations of a track."""

    def __init__(self, track: Sequence[Entry | None]) -> None:
        self._count = [0]
        self._total: list[Number] = [0]
        self._bad: list[Number] = [0]
        for entry in track:
            one = entry or NOTHING
            self._count.append(self._count[-1] + (entry is not None))
            self._total.append(self._total[-1] + one.total)
            self._bad.append(self._bad[-1] + one.bad)

    def over(self, at: int, evaluations: int) -> tuple[int, Number, Number]:
        """How many entries, their events and their bad events in the ``evaluations`` that end with ``at``."""
        begin, end = max(at + 1 - evaluations, 0), at + 1
        return (
            self._count[end] - self._count[begin],
            self._total[end] - self._total[begin],
            self._bad[end] - self._bad[begin],
        )


@dataclass(slots=True, kw_only=True)
class Ledger:
    """``closed`` is whether a range holds the sample at its very start, as with Prometheus 2."""

    objective: Objective
    interval: int
    closed: bool
    events: Track = field(default_factory=list)
    raw: Track = field(default_factory=list)
    counted: Track = field(default_factory=list)

    @classmethod
    def of(cls, case: Case, objective: Objective, interval: int, *, closed: bool) -> Ledger:
        ledger = cls(objective=objective, interval=interval, closed=closed)
        ledger.events = _events(case, objective, interval, closed=closed)
        excluded = [False, *(stretch.excluded for stretch in case.stretches for _ in range(stretch.evaluations))]
        for at, outside in enumerate(excluded):
            entry = ledger.entry(at)
            ledger.raw.append(entry)
            ledger.counted.append(NOTHING if entry and outside else entry)
        return ledger

    @property
    def observed(self) -> Track:
        """What shows that there was data."""
        return self.events if self._missing_is_bad else self.counted

    @property
    def step(self) -> int:
        """Seconds between two entries."""
        budgeting = self.objective.budgeting
        return self.interval if isinstance(budgeting, Occurrences) else seconds(budgeting.window)

    @property
    def observed_step(self) -> int:
        return self.interval if self.observed is self.events else self.step

    @property
    def _missing_is_bad(self) -> bool:
        return self.objective.missing_data is MissingData.BAD

    def spanning(self, length: int) -> int:
        """The most evaluations a range of ``length`` seconds can hold, that at its start not counted."""
        return -(-length // self.interval)

    def reaching(self, length: int) -> int:
        """As ``spanning``, with the evaluation at the start where Prometheus counts it."""
        return self.spanning(length) + (self.closed and length % self.interval == 0)

    def entry(self, at: int) -> Entry | None:
        """What the ledger gets at an evaluation; those before are in ``raw``."""
        if isinstance(self.objective.budgeting, Occurrences):
            entry = self.events[at]
            return self._usual(at) if entry is None and self._missing_is_bad else entry
        if at * self.interval % self.step >= self.interval:
            return None
        entry = self._slice(at)
        return Entry(1, 1) if entry is None and self._missing_is_bad else entry

    def _usual(self, at: int) -> Entry:
        known = [entry.total for entry in self.raw[max(at + 1 - self.reaching(_USUAL), 0) : at] if entry]
        mean = Fraction(round(Fraction(sum(known), len(known)) * _GRAIN), _GRAIN) if known else 1
        return Entry(mean, mean)

    def _slice(self, at: int) -> Entry | None:
        if isinstance(self.objective.indicator, RawRatio):
            now = self.events[at]
            return now and Entry(1, self._badness(Fraction(now.bad) / now.total))
        begin = max(at + 1 - self.spanning(self.step), 0)
        inside = [entry for entry in self.events[begin : at + 1] if entry]
        if not inside:
            return None
        total = sum(entry.total for entry in inside)
        if not total:
            return NOTHING
        return Entry(1, self._badness(Fraction(sum(entry.bad for entry in inside)) / total))

    def _badness(self, ratio: Fraction) -> Number:
        match self.objective.budgeting:
            case Timeslices(target=target):
                return int(ratio > 1 - Fraction(target))
            case RatioTimeslices() | Occurrences():
                return ratio


def _events(case: Case, objective: Objective, interval: int, *, closed: bool) -> Track:
    """The events of each evaluation, as far as two readings in a row can tell them; a gauge needs only one."""
    happened: Track = []
    for stretch in case.stretches:
        entry = None if stretch.events is None else Entry(stretch.events, _bad(case, objective, stretch.bad))
        happened += [entry] * stretch.evaluations
    if isinstance(objective.indicator, Threshold | RawRatio):
        first = case.stretches[0].events
        return [None if first is None else Entry(first, 0), *happened]
    stale_after = _STALE_AFTER // interval + (closed or _STALE_AFTER % interval > 0)
    unread = stale_after if case.stretches[0].events is None else 0
    track: Track = [None]
    for entry in happened:
        known_before = unread < stale_after
        unread = 0 if entry is not None else unread + 1
        readable = known_before and unread < stale_after
        track.append((entry or NOTHING) if readable else None)
    return track


def _bad(case: Case, objective: Objective, bad: int) -> int:
    """Bad events whose series does not exist are not seen."""
    return 0 if case.missing_series and isinstance(objective.indicator, BadOfTotal) else bad
