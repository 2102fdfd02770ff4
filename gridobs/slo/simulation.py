"""What an objective's rules would have recorded and alerted on over a ledger, without a Prometheus to run them.

It does what ``compile`` and ``alerting`` have Prometheus 2.42 do at each evaluation, as if the rules had started with
the ledger's first entry. Running sums make every window one subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.slo.alerting import min_bad_events
from gridobs.slo.ledger import step
from gridobs.slo.local_calendar import position
from gridobs.slo.model import Calendar, MissingData, Occurrences, RatioTimeslices, RawRatio
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.slo.model import Objective
    from gridobs.slo.windows import Tier

_USUAL_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Events by evaluation: the i-th was at Unix second ``start + i * interval``, a multiple of ``interval``.

    ``total`` and ``bad`` are what was measured; None is no data or, with slices, no slice's end. ``event_bad`` are
    the bad events within slices, for slices that are bad in part. ``excluded`` is whether an exclusion was active.
    """

    start: int
    interval: int
    total: Sequence[float | None]
    bad: Sequence[float | None]
    excluded: Sequence[bool]
    event_bad: Sequence[float | None] = ()

    @property
    def end(self) -> int:
        """Unix second of the last evaluation."""
        return self.start + (len(self.total) - 1) * self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A time an alert fired, from its first evaluation in Unix seconds to the first at which it no longer did."""

    severity: str
    start: int
    end: int | None
    """None while it still fires at the end."""
    tier: Tier
    """The first that was over its pace as the alert began."""
    peak_burn: float
    """The highest burn rate over the tier's long window while it fired, weighted by coverage."""

    def length(self, until: int) -> int:
        """Seconds, up to ``until`` when it still fires."""
        return (until if self.end is None else self.end) - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an objective came to. Shares of the budget: 1 is all of it, below 0 is overspent, None is no events."""

    episodes: tuple[Episode, ...]
    budget_left: float | None
    lowest_budget: float | None
    events: float
    bad_events: float
    coverage: float
    """The share of the time that has data, 0 to 1."""
    excluded: float
    """The share of the time that was under an exclusion."""


def simulate(objective: Objective, ledger: Ledger) -> Outcome:
    """What ``objective`` would have done over ``ledger``, of at least one evaluation."""
    run = Simulation(objective, ledger)
    budget = run.budget()
    measured = sum(one is not None for one in ledger.total)
    return Outcome(
        episodes=tuple(
            sorted(chain.from_iterable(map(run.episodes, run.severities)), key=lambda one: (one.start, one.severity))
        ),
        budget_left=budget[-1],
        lowest_budget=min((one for one in budget if one is not None), default=None),
        events=run.events,
        bad_events=run.bad_events,
        coverage=min(measured * run.step / (len(ledger.total) * ledger.interval), 1),
        excluded=sum(ledger.excluded) / len(ledger.excluded),
    )


class Simulation:
    """One objective over one ledger; ``simulate`` says what it comes to."""

    def __init__(self, objective: Objective, ledger: Ledger) -> None:
        self._objective, self._interval, self._start = objective, ledger.interval, ledger.start
        self.step = step(objective, f"{ledger.interval}s")
        total, bad = _counted(objective, ledger, self.step)
        self._size = len(total)
        self._total, self._bad, self._event_bad = _sums(total), _sums(bad), _sums(ledger.event_bad)
        self._count = [0, *accumulate(one is not None for one in total)]
        self._budget = float(number(objective.budget))
        self._burns = [self._burn(tier) for tier in objective.table.reachable(objective.budget)]
        self.events, self.bad_events = self._total[-1], self._bad[-1]

    @property
    def severities(self) -> tuple[str, ...]:
        """Of the alerts it has, the most urgent first."""
        found = {burn.severity for burn in self._burns}
        return tuple(one for one in (names.SEVERITY_PAGE, names.SEVERITY_TICKET) if one in found)

    def firing(self, severity: str) -> list[bool]:
        """At each evaluation, whether the alert fires: its condition holds and did before, or nothing may be bad."""
        conditions = (burn.over for burn in self._burns if burn.severity == severity)
        over = [any(each) for each in zip(*conditions, strict=True)]
        if self._objective.hard:
            return over
        return [now and before for before, now in pairwise([False, *over])]

    def episodes(self, severity: str) -> Iterator[Episode]:
        burns = [burn for burn in self._burns if burn.severity == severity]
        firing = self.firing(severity)
        begun = 0
        for at, (before, now) in enumerate(pairwise([False, *firing, False])):
            if now and not before:
                begun = at
            if before and not now:
                first = next(burn for burn in burns if burn.over[begun])
                yield Episode(
                    severity=severity,
                    start=self._start + begun * self._interval,
                    end=self._start + at * self._interval if at < self._size else None,
                    tier=first.tier,
                    peak_burn=max(first.ratios[begun:at]) / self._budget,
                )

    def budget(self) -> list[float | None]:
        """At each evaluation, the share of the budget that is left; None without events."""
        period = self._objective.period
        if isinstance(period, Calendar):
            return [self._left(at, *of_unit) for at, of_unit in enumerate(self._calendar(period))]
        length = seconds(self._objective.table.period)
        return [self._left(at, length // self._interval, length, length) for at in range(self._size)]

    # --- alerts -----------------------------------------------------------------------------------------------------
    def _burn(self, tier: Tier) -> _Burn:
        """Both windows over the pace, on enough bad events; a window's first instant is not part of it."""
        limit = float(number(tier.factor * Fraction(self._objective.budget)))
        shorts = self._ratios(tier.short)
        longs = self._ratios(tier.long)
        if self._objective.missing_data is not MissingData.IGNORE:
            expected = float(number(Fraction(seconds(tier.long), self.step)))
            counts = _windows(self._count, self._entries(tier.long))
            longs = [ratio * min(count / expected, 1) for ratio, count in zip(longs, counts, strict=True)]
        capped = self._objective.severity == names.SEVERITY_TICKET
        return _Burn(
            tier=tier,
            severity=names.SEVERITY_TICKET if capped else tier.severity,
            ratios=longs,
            over=[
                long > limit and short > limit and enough
                for long, short, enough in zip(longs, shorts, self._enough(tier.long), strict=True)
            ],
        )

    def _entries(self, window: str) -> int:
        return (seconds(window) - 1) // self._interval + 1

    def _ratios(self, window: str) -> list[float]:
        """The share of the window's events that is bad; without events -1, which is over no pace."""
        entries = self._entries(window)
        sums = zip(_windows(self._bad, entries), _windows(self._total, entries), strict=True)
        return [bad / total if total > 0 else -1.0 for bad, total in sums]

    def _enough(self, window: str) -> list[bool]:
        least = min_bad_events(self._objective)
        if not least:
            return [True] * self._size
        in_part = isinstance(self._objective.budgeting, RatioTimeslices)
        if in_part and not isinstance(self._objective.indicator, RawRatio):
            found = _windows(self._event_bad, seconds(window) // self._interval + 1)
        else:
            found = _windows(self._bad, self._entries(window))
        return [bad >= least for bad in found]

    # --- budget -----------------------------------------------------------------------------------------------------
    def _left(self, at: int, back: int, elapsed: int, length: int) -> float | None:
        """By entry ``at`` and the ``back`` before it, when ``elapsed`` of the ``length`` of the period has gone."""
        first, last = max(at - back, 0), at + 1
        total, bad = self._total[last] - self._total[first], self._bad[last] - self._bad[first]
        if total <= 0:
            return None
        weight = 1.0
        if self._objective.missing_data is not MissingData.IGNORE:
            if not elapsed:
                return None
            weight = min((self._count[last] - self._count[first]) * self.step / elapsed, 1)
        return 1 - bad / total / self._budget * weight * (elapsed / length)

    def _calendar(self, period: Calendar) -> Iterator[tuple[int, int, int]]:
        """Of each evaluation: how many before it are of the same unit, and the unit's seconds, elapsed and all."""
        first, begin = 0, None
        for at in range(self._size):
            now = position(period, self._start + at * self._interval)
            if now.begin != begin:
                first, begin = at, now.begin
            yield at - first, now.elapsed, now.length


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burn:
    """A tier, at each evaluation: the ratio of its long window, weighted by coverage, and whether it is over."""

    tier: Tier
    severity: str
    ratios: list[float]
    over: list[bool]


def _counted(
    objective: Objective, ledger: Ledger, entry_seconds: int
) -> tuple[list[float | None], list[float | None]]:
    """The ledger by the policy for missing data, with no events while an exclusion is active."""
    totals, bads = list(ledger.total), list(ledger.bad)
    if objective.missing_data is MissingData.BAD:
        if isinstance(objective.budgeting, Occurrences):
            _fill_with_usual(totals, bads, _USUAL_SECONDS // ledger.interval)
        else:
            every = entry_seconds // ledger.interval
            for at in range(-ledger.start % entry_seconds // ledger.interval, len(totals), every):
                if totals[at] is None:
                    totals[at] = bads[at] = 1.0
    for at, excluded in enumerate(ledger.excluded):
        if excluded and totals[at] is not None:
            totals[at] = bads[at] = 0.0
    return totals, bads


def _fill_with_usual(totals: list[float | None], bads: list[float | None], entries: int) -> None:
    """Time without data has failed events at the mean pace of the ``entries`` before, or one when there are none."""
    sums = [0.0]
    for at, measured in enumerate(totals):
        total = measured
        if total is None:
            first = max(at - entries, 0)
            total = (sums[at] - sums[first]) / (at - first) if at else 1.0
            totals[at] = bads[at] = total
        sums.append(sums[-1] + total)


def _sums(values: Sequence[float | None]) -> list[float]:
    return [0.0, *accumulate(value or 0.0 for value in values)]


def _windows(sums: Sequence[float], entries: int) -> Iterator[float]:
    """The sum of the last ``entries`` at each evaluation, of running sums that start with 0."""
    starts = chain(repeat(sums[0], entries - 1), sums)
    return (end - start for start, end in zip(starts, sums[1:], strict=False))
