"""The kinds of streams the rules are measured on: each a plan with chance in it, and how many streams of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.slo.truth import loads
from tests.e2e.slo.truth.streams import DAY, Form, Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

HOUR = 3600
SECONDS = 30 * DAY + 2 * HOUR
"""How long a stream is: the period, an hour before it and an hour after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    streams: int
    plan: Callable[[Random], Plan]
    gaps: bool = False
    """Whether nothing is seen for longer than the lookback at times, so that coverage is below 1."""
    one_burst: bool = False
    """Whether all bad events come within less than a minute."""


def moment(rng: Random) -> float:
    return rng.uniform(2 * HOUR, SECONDS - 2 * HOUR)


def rate(rng: Random) -> float:
    """Events a second, from few to many."""
    return float(10 ** rng.uniform(-1, 2))


def share(rng: Random) -> float:
    return float(10 ** rng.uniform(-4, -1.5))


def moments(rng: Random, fewest: int, most: int) -> tuple[float, ...]:
    return tuple(sorted(moment(rng) for _ in range(rng.randint(fewest, most))))


def outages(rng: Random, number: int, shortest: float, longest: float) -> tuple[tuple[float, float], ...]:
    """That many, one in each stretch of equal length, so that they never touch."""
    stretch = (SECONDS - 4 * HOUR) / number
    found = []
    for at in range(number):
        length = rng.uniform(shortest, min(longest, stretch - 2 * HOUR))
        begin = 2 * HOUR + at * stretch + rng.uniform(0, stretch - length - HOUR)
        found.append((begin, begin + length))
    return tuple(found)


def incident(rng: Random, hour: int) -> loads.Load:
    begin = rng.randint(1, 28) * DAY + hour * HOUR
    return loads.day_and_night(rate(rng), 0.0001, incident=(begin, begin + HOUR), incident_share=0.2)


def day_and_night(rng: Random) -> loads.Load:
    return loads.day_and_night(rate(rng), share(rng))


def bursts(rng: Random) -> loads.Load:
    return loads.bursts(
        10 * rate(rng), 3 * share(rng), idle=rng.choice((0.0, 0.02)), chance=1 / rng.randint(60, 720), longest=600
    )


def one_burst(rng: Random, form: Form = Form.BAD, scrape: int = 60) -> Plan:
    return Plan(
        load=loads.failing_at(day_and_night(rng), [moment(rng)], rng.randint(20, 5000)), form=form, scrape=scrape
    )


def crash(rng: Random, scrape: int = 60) -> Plan:
    """Fails most just before it dies."""
    dies = moments(rng, 3, 20)
    before = [at - rng.uniform(0, 300) for at in dies]
    load = loads.failing_at(day_and_night(rng), before, rng.randint(20, 500))
    return Plan(load=load, resets=dies, scrape=scrape)


def life(rng: Random, scrape: int) -> Plan:
    """A bit of everything."""
    return Plan(
        load=rng.choice((day_and_night, bursts))(rng),
        form=rng.choice((Form.BAD, Form.GOOD)),
        scrape=scrape,
        replicas=rng.randint(1, 2),
        resets=moments(rng, 0, 30),
        outages=outages(rng, rng.randint(1, 8), 420, DAY),
        missed=rng.choice((0.0, 0.02)),
        jitter=rng.choice((0.0, 0.5)),
    )


KINDS = (
    Kind(name="steady", streams=8, plan=lambda rng: Plan(load=loads.steady(rate(rng), share(rng)))),
    Kind(name="day and night 20:1", streams=14, plan=lambda rng: Plan(load=day_and_night(rng))),
    Kind(name="incident at the peak", streams=10, plan=lambda rng: Plan(load=incident(rng, 12))),
    Kind(name="incident at night", streams=10, plan=lambda rng: Plan(load=incident(rng, 2))),
    Kind(name="bursts", streams=14, plan=lambda rng: Plan(load=bursts(rng))),
    Kind(name="all bad in one burst", streams=12, plan=one_burst, one_burst=True),
    Kind(
        name="all bad in one burst, as buckets",
        streams=6,
        plan=lambda rng: one_burst(rng, Form.GOOD),
        one_burst=True,
    ),
    Kind(
        name="low counts",
        streams=14,
        plan=lambda rng: Plan(load=loads.sparse(rng.uniform(0.5, 30), rng.uniform(0.002, 0.05))),
    ),
    Kind(name="idle at night", streams=10, plan=lambda rng: Plan(load=loads.office_hours(rate(rng), share(rng)))),
    Kind(
        name="resets",
        streams=14,
        plan=lambda rng: Plan(load=day_and_night(rng), resets=moments(rng, 20, 200)),
    ),
    Kind(name="failing before each reset", streams=12, plan=crash),
    Kind(
        name="gaps below 5 min",
        streams=10,
        plan=lambda rng: Plan(load=day_and_night(rng), outages=outages(rng, 40, 60, 230), missed=0.02),
    ),
    Kind(
        name="gaps of minutes to hours",
        streams=12,
        plan=lambda rng: Plan(load=day_and_night(rng), outages=outages(rng, rng.randint(5, 40), 420, 3 * HOUR)),
        gaps=True,
    ),
    Kind(
        name="gaps of days, with resets",
        streams=12,
        plan=lambda rng: Plan(
            load=day_and_night(rng),
            outages=outages(rng, rng.randint(1, 3), DAY / 2, 5 * DAY),
            resets=moments(rng, 20, 60),
        ),
        gaps=True,
    ),
    Kind(
        name="2 to 4 replicas",
        streams=5,
        plan=lambda rng: Plan(load=day_and_night(rng), replicas=rng.randint(2, 4), resets=moments(rng, 0, 20)),
    ),
    Kind(
        name="replicas as buckets",
        streams=4,
        plan=lambda rng: Plan(
            load=day_and_night(rng), form=Form.GOOD, replicas=rng.randint(2, 3), resets=moments(rng, 0, 20)
        ),
    ),
    Kind(
        name="pods that follow one another",
        streams=6,
        plan=lambda rng: Plan(load=day_and_night(rng), lives=rng.randint(5, 30), replicas=rng.randint(1, 2)),
    ),
    Kind(
        name="scrapes late or missed",
        streams=8,
        plan=lambda rng: Plan(load=day_and_night(rng), missed=0.03, jitter=1.0),
    ),
    Kind(
        name="bad series appears late",
        streams=8,
        plan=lambda rng: Plan(load=day_and_night(rng), bad_from=moment(rng)),
    ),
    Kind(name="bad series missing", streams=4, plan=lambda rng: Plan(load=day_and_night(rng), form=Form.NO_BAD)),
    Kind(name="good series missing", streams=3, plan=lambda rng: Plan(load=day_and_night(rng), form=Form.NO_GOOD)),
    Kind(
        name="30 s scrapes, all of it",
        streams=6,
        plan=lambda rng: life(rng, 30),
        gaps=True,
    ),
    Kind(name="15 s scrapes, all of it", streams=4, plan=lambda rng: life(rng, 15), gaps=True),
    Kind(
        name="15 s scrapes, all bad in one burst",
        streams=3,
        plan=lambda rng: one_burst(rng, scrape=15),
        one_burst=True,
    ),
    Kind(name="15 s scrapes, failing before each reset", streams=4, plan=lambda rng: crash(rng, 15)),
)
