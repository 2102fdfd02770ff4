"""Event streams as scrapes see them, and what those scrapes truly observed.

Everything follows from the seed. A stream is what one objective counts: one or more replicas, each with a counter of
all events and one of bad (or good) events, scraped at a phase of its own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from gridobs.testbed.history import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.e2e.slo.truth.loads import Load

DAY = 86_400
LOOKBACK = 300
"""Prometheus looks this many seconds back for a sample; what came in a longer gap, no rule can see."""


class Form(Enum):
    """What is counted beside all events; of a missing counter, nothing."""

    BAD = "bad"
    GOOD = "good"
    NO_BAD = "no bad series"
    NO_GOOD = "no good series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a stream comes about, times in seconds after ``begin``."""

    load: Load
    form: Form = Form.BAD
    scrape: int = 60
    replicas: int = 1
    resets: Sequence[float] = ()
    """When the process restarts: its counters fall to 0, and what no scrape saw since the last is lost."""
    outages: Sequence[tuple[float, float]] = ()
    """From when until when no scrape succeeds."""
    missed: float = 0.0
    """The share of scrapes that fail one by one."""
    jitter: float = 0.0
    """How many seconds a scrape may be late."""
    bad_from: float = 0.0
    """When the bad counter appears, at 0."""
    lives: int = 1
    """How many processes follow one another, each with series of its own that begin at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraped:
    """The two counters of one process at the times they were scraped."""

    times: array[float]
    total: array[float]
    other: array[float]
    """Bad events, or good ones."""
    other_from: int = 0
    """The first scrape that saw ``other``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the scrapes of a period observed."""

    bad: float
    total: float
    coverage: float
    gaps: int
    """How often nothing was seen for longer than the lookback."""

    @property
    def ratio(self) -> float:
        return self.bad / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    name: str
    form: Form
    scrape: int
    processes: Sequence[Scraped]

    def series(self) -> list[Series]:
        """Counters ``events_total``, and ``bad_events_total`` or a histogram bucket, labelled with the stream."""
        found = []
        for number, process in enumerate(self.processes):
            labels = {"stream": self.name, "pod": str(number)}
            first = process.other_from
            times, other = process.times, process.other
            match self.form:
                case Form.BAD:
                    found.append(Series(name="events_total", labels=labels, times=times, values=process.total))
                    found.append(
                        Series(name="bad_events_total", labels=labels, times=times[first:], values=other[first:])
                    )
                case Form.GOOD:
                    found.append(Series(name="event_seconds_count", labels=labels, times=times, values=process.total))
                    bucket = {**labels, "le": "0.05"}
                    found.append(Series(name="event_seconds_bucket", labels=bucket, times=times, values=other))
                case Form.NO_BAD:
                    found.append(Series(name="events_total", labels=labels, times=times, values=process.total))
                case Form.NO_GOOD:
                    found.append(Series(name="event_seconds_count", labels=labels, times=times, values=process.total))
        return found

    def truth(self, begin: float, end: float) -> Truth:
        """What scrapes after ``begin`` and until ``end`` saw come since the scrape before them."""
        total = sum(observed(one.times, one.total, begin, end) for one in self.processes)
        other = sum(
            observed(one.times[one.other_from :], one.other[one.other_from :], begin, end) for one in self.processes
        )
        bad = {Form.BAD: other, Form.GOOD: total - other, Form.NO_BAD: 0.0, Form.NO_GOOD: total}[self.form]
        gaps = _gaps(self.processes, begin, end)
        return Truth(bad=bad, total=total, coverage=1 - sum(gaps) / (end - begin), gaps=len(gaps))


def observed(times: Sequence[float], values: Sequence[float], begin: float, end: float) -> float:
    """The events between scrapes at most the lookback apart; after a reset, those since it."""
    first, last = bisect_right(times, begin), bisect_right(times, end)
    return sum(
        values[at] - values[at - 1] if values[at] >= values[at - 1] else values[at]
        for at in range(max(first, 1), last)
        if times[at] - times[at - 1] <= LOOKBACK
    )


def _gaps(processes: Sequence[Scraped], begin: float, end: float) -> list[float]:
    """The lengths of the times in which no process was scraped for longer than the lookback."""
    times = sorted(at for one in processes for at in one.times if begin < at <= end)
    edges = [begin, *times, end]
    return [after - before for before, after in pairwise(edges) if after - before > LOOKBACK]


def simulate(name: str, seed: str, plan: Callable[[Random], Plan], *, begin: float, seconds: int) -> Stream:
    """The stream that ``plan`` makes of ``seed``, from ``begin`` (seconds since 1970) on."""
    rng = Random(seed)  # noqa: S311 - the same stream for the same seed is what is wanted
    made = plan(rng)
    length = seconds // made.lives
    processes = [
        _process(rng, made, begin=begin, born=length * life, dies=length * (life + 1))
        for life in range(made.lives)
        for _ in range(made.replicas)
    ]
    return Stream(name=name, form=made.form, scrape=made.scrape, processes=processes)


def _process(rng: Random, plan: Plan, *, begin: float, born: int, dies: int) -> Scraped:
    times, total, other = array("d"), array("d"), array("d")
    events = bad = 0
    other_from = 0
    phase = rng.randrange(plan.scrape * 1000) / 1000
    reset_steps = {int((at - phase) // plan.scrape) for at in plan.resets}
    outages = [
        (range(int((a - phase) // plan.scrape) + 1, int((b - phase) // plan.scrape) + 1)) for a, b in plan.outages
    ]
    away = {step for steps in outages for step in steps}
    began = False
    for step in range(born // plan.scrape, dies // plan.scrape):
        at = phase + step * plan.scrape
        new, new_bad = plan.load(rng, at, plan.scrape) if began else (0, 0)
        if step in reset_steps:
            seen = rng.random()
            events, bad, new, new_bad = 0, 0, int(new * seen), int(new_bad * seen)
        events += new
        bad += new_bad if at >= plan.bad_from else 0
        if step in away or (plan.missed and rng.random() < plan.missed):
            continue
        began = True
        if at < plan.bad_from:
            other_from = len(times) + 1
        times.append(round(begin + at + rng.random() * plan.jitter, 3))
        total.append(events)
        other.append(bad if plan.form in {Form.BAD, Form.NO_BAD} else events - bad)
    return Scraped(times=times, total=total, other=other, other_from=other_from)
