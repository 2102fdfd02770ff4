"""What can happen to the events of an objective, as stretches of evaluations: the cases each one is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs.rules.durations import seconds
from gridobs.slo.alerting import min_bad_events
from gridobs.slo.ledger import step
from gridobs.slo.model import BadOfTotal, GoodOfTotal, Objective, Occurrences, RawRatio, Threshold, Timeslices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridobs.slo.windows import Tier

_LONGEST = 2_000
"""Evaluations a case may take: about 17 h at every 30 s, some seconds of promtool."""

_LEAD = 20
"""Evaluations of health before something happens: a site so young that coverage matters."""

_DENSE = 20
"""How many times denser traffic is by day than at night."""

_BURST = 8
"""Evaluations a burst lasts at least: so far above the pace that only what happened before it can outweigh it."""

_BELOW = Fraction(99, 100)
"""Of the pace of the next tier: where a slow burn stays, so that only the slower tier can trip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some evaluations that are all alike."""

    evaluations: int
    events: int | None
    """An evaluation; None is nothing scraped."""
    bad: int = 0
    restarts: bool = False
    """Whether the counters begin at zero just before the first event of the stretch."""
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    stretches: tuple[Stretch, ...]
    missing_series: bool = False
    """Whether the series of the bad events, or of the good ones where those are counted, does not exist."""
    unmeasured: bool = False
    """Whether no series exists at all."""

    @property
    def evaluations(self) -> int:
        """How many come after the first one, at which counters are only read."""
        return sum(stretch.evaluations for stretch in self.stretches)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSet:
    cases: tuple[Case, ...]
    left_out: tuple[str, ...]
    """What is not run, each with why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """How events can come to an objective. ``unit`` is the evaluations of one ledger entry."""

    objective: Objective
    interval: int
    unit: int
    events: int
    """Of an evaluation of usual traffic."""
    graded: bool
    """Whether a ledger entry can be bad in part."""

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The fastest first."""
        reachable = self.objective.table.reachable(self.objective.budget)
        return tuple(sorted(reachable, key=lambda tier: -tier.factor))

    @property
    def countable(self) -> bool:
        """Whether events are counted by counters, and so may fail to come."""
        return isinstance(self.objective.indicator, BadOfTotal | GoodOfTotal)

    def limit(self, tier: Tier) -> Fraction:
        return tier.factor * Fraction(self.objective.budget)

    def whole(self, evaluations: int) -> int:
        """At least ``evaluations``, up to the end of a ledger entry."""
        return -(-evaluations // self.unit) * self.unit

    def spanning(self, duration: str) -> int:
        return self.whole(-(-seconds(duration) // self.interval))

    def until_trips(self, tier: Tier, share: Fraction) -> int:
        """Evaluations with ``share`` bad after which the long window of ``tier`` is over its limit for sure."""
        entries = Fraction(seconds(tier.long), self.interval * self.unit) * self.limit(tier) / share
        count = int(entries) + 1
        if not self.graded:
            count = max(count, int(min_bad_events(self.objective) / share))
        return count * self.unit

    def until_clear(self, tier: Tier, share: Fraction) -> int:
        """Evaluations of dense good traffic that clear the short window of ``tier``, bad to ``share`` before."""
        limit = self.limit(tier)
        if not self.countable:
            return self.spanning(tier.short) + 3 * self.unit
        return self.whole(int(self.spanning(tier.short) * (share - limit) / (share + (_DENSE - 1) * limit)) + 4)

    def good(self, evaluations: int, dense: int = 1) -> Stretch:
        return Stretch(evaluations=evaluations, events=self.events * (dense if self.countable else 1))

    def outage(self, evaluations: int, dense: int = 1) -> Stretch:
        return Stretch(evaluations=evaluations, events=self.events * dense, bad=self.events * dense)

    def burning(self, evaluations: int, share: Fraction, dense: int = 1) -> tuple[Stretch, ...]:
        """``share`` of the events bad; where an entry is good or bad as a whole, the last one of each few is."""
        if self.graded:
            events = self.events * dense
            return (Stretch(evaluations=evaluations, events=events, bad=max(int(events * share), 1)),)
        every = int(1 / share) + (1 / share != int(1 / share))
        healthy = (self.good((every - 1) * self.unit),) if every > 1 else ()
        return (*healthy, self.outage(self.unit)) * -(-evaluations // (every * self.unit))


def cases(objective: Objective, interval: str, *, synthesised: bool) -> CaseSet:
    """Every case that applies; only that without data unless events can be ``synthesised``."""
    unmeasured = Case(
        name="nothing is ever measured: missing data is told, and nothing else is known",
        stretches=(Stretch(evaluations=-(-1_500 // seconds(interval)), events=None),),
        unmeasured=True,
    )
    if not synthesised:
        why = "traffic: a query is more than sums of rates of plain counters, or of a plain gauge"
        return CaseSet(cases=(unmeasured,), left_out=(why,))
    site = _site(objective, interval)
    burns, left_out = _slow_burns(site)
    counted = (*_counter_cases(site), *_uneven(site)) if site.countable else ()
    return CaseSet(
        cases=(
            *_hard(site),
            _outage(site),
            *burns,
            *counted,
            *_low_count(site),
            _excluded(site),
            _gap(site),
            unmeasured,
        ),
        left_out=left_out,
    )


def _site(objective: Objective, interval: str) -> _Site:
    """Enough events an evaluation for the budget to be many of them; a gauge has one."""
    gauge = isinstance(objective.indicator, Threshold)
    sliced = isinstance(objective.budgeting, Timeslices)
    needed = 1_000 if objective.hard else 10 ** len(str(int(10 / objective.budget)))
    return _Site(
        objective=objective,
        interval=seconds(interval),
        unit=-(-step(objective, interval) // seconds(interval)),
        events=1 if gauge else needed,
        graded=not gauge and not sliced,
    )


def _hard(site: _Site) -> Iterator[Case]:
    if not site.objective.hard:
        return
    one = Stretch(evaluations=1, events=site.events, bad=1)
    yield Case(
        name="one bad event among many fires at once, and is over when the short window has passed it",
        stretches=(site.good(site.whole(_LEAD)), one, site.good(site.spanning(site.tiers[0].short) + 3 * site.unit)),
    )


def _outage(site: _Site) -> Case:
    first = site.tiers[0]
    length = site.until_trips(first, Fraction(1)) + 3 * site.unit
    tripped = [tier for tier in site.tiers if site.until_trips(tier, Fraction(1)) <= length]
    clearing = max(site.spanning(tier.short) for tier in tripped if tier.severity == first.severity)
    return Case(
        name="a total outage on a young site fires, and is over once the short window is clear",
        stretches=(site.good(site.whole(_LEAD)), site.outage(length), site.good(clearing + 3 * site.unit)),
    )


def _slow_burns(site: _Site) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """One for each tier but the fastest, just too slow for the tier before it; those that take too long are named."""
    run: list[Case] = []
    left_out: list[str] = []
    for faster, tier in zip(site.tiers, site.tiers[1:], strict=False):
        share = _BELOW * min(site.limit(faster), Fraction(1))
        burning = site.until_trips(tier, share) + 4 * site.unit
        clearing = site.until_clear(tier, share)
        length = burning + clearing
        if length > _LONGEST or share <= site.limit(tier):
            hours = round(length * site.interval / 3600)
            left_out.append(f"a slow burn of the tier {tier.long}/{tier.short}, which would take {hours} h")
            continue
        pace = float(share / Fraction(site.objective.budget))
        which = f"trips {tier.long}/{tier.short} and no faster tier"
        run.append(
            Case(
                name=f"a slow burn, {pace:.3g} times the pace of the budget, {which}",
                stretches=(*site.burning(burning, share), site.good(clearing, _DENSE)),
            )
        )
    return tuple(run), tuple(left_out)


def _counter_cases(site: _Site) -> Iterator[Case]:
    some = site.whole(10)
    yield Case(
        name="counters that restart, in good times and in bad, lose no event and add none",
        stretches=(
            site.good(some),
            Stretch(evaluations=some, events=site.events, restarts=True),
            site.outage(2 * site.unit),
            Stretch(evaluations=site.unit, events=site.events, bad=site.events, restarts=True),
            site.good(some),
        ),
    )
    if isinstance(site.objective.indicator, BadOfTotal):
        name = "a bad series that does not exist is 0 bad events, not an unknown number"
        events = site.good(site.whole(2 * _LEAD))
    else:
        name = "a good series that does not exist is 0 good events, so a wrong name or edge cannot look healthy"
        events = site.outage(site.whole(2 * _LEAD))
    yield Case(name=name, stretches=(events,), missing_series=True)
    yield Case(
        name="no traffic is covered, has no ratio and fires nothing",
        stretches=(Stretch(evaluations=site.spanning("1h") + site.unit, events=0),),
    )


def _uneven(site: _Site) -> Iterator[Case]:
    """Only where the budget is counted in events; slices weigh alike however much happens in them."""
    if site.objective.hard or not isinstance(site.objective.budgeting, Occurrences):
        return
    first = site.tiers[0]
    share = min(Fraction(1), site.limit(first) * site.spanning(first.long) / _BURST)
    length = site.until_trips(first, share) + 2
    yield Case(
        name="a bad burst at night, at a twentieth of the traffic, is nothing; the same one by day fires",
        stretches=(
            site.good(_LEAD, _DENSE),
            *site.burning(length, share),
            *site.burning(length, share, _DENSE),
        ),
    )


def _low_count(site: _Site) -> Iterator[Case]:
    """Too few bad events and no others, after an idle time that makes coverage high enough."""
    least = min_bad_events(site.objective)
    if least <= 1 or isinstance(site.objective.indicator, RawRatio):
        return
    one = f"{least - 1} bad event{'s' if least > 2 else ''} alone"  # noqa: PLR2004 - plural
    if not site.countable:
        yield Case(
            name=f"{one} never fires",
            stretches=(
                site.good(site.whole(_LEAD)),
                site.outage((least - 1) * site.unit),
                site.good(site.whole(_LEAD)),
            ),
        )
        return
    first = site.tiers[0]
    idle = Stretch(evaluations=site.until_trips(first, Fraction(1)) + site.unit, events=0)
    few = Stretch(evaluations=1, events=least - 1, bad=least - 1)
    if not isinstance(site.objective.budgeting, Occurrences):
        yield Case(
            name=f"{one} never fires",
            stretches=(idle, few, Stretch(evaluations=site.spanning(first.long), events=0)),
        )
        return
    yield Case(
        name=f"{one} never fires, one more does",
        stretches=(
            idle,
            few,
            Stretch(evaluations=5, events=0),
            Stretch(evaluations=1, events=1, bad=1),
            Stretch(evaluations=site.spanning(first.short) + 2, events=0),
        ),
    )


def _excluded(site: _Site) -> Case:
    outage = site.outage(site.until_trips(site.tiers[0], Fraction(1)) + 3 * site.unit)
    return Case(
        name="an outage within an exclusion fires nothing and spends no budget, but is kept in the raw count",
        stretches=(
            site.good(site.whole(_LEAD)),
            Stretch(evaluations=outage.evaluations, events=outage.events, bad=outage.bad, excluded=True),
            site.good(site.whole(_LEAD)),
        ),
    )


def _gap(site: _Site) -> Case:
    """Longer than the window of the alert, so that nothing at all is found in it for a while."""
    return Case(
        name="data that stops coming is told, and told to be over once there is enough again",
        stretches=(
            site.good(site.whole(_LEAD)),
            Stretch(evaluations=site.spanning("75m"), events=None),
            site.good(site.spanning("65m")),
        ),
    )
