"""How many events come, and how many of them are bad, between one scrape and the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

DAY = 86_400
HOUR = 3600

Load = Callable[[Random, float, int], tuple[int, int]]
"""From a source of chance, the seconds since the stream began, and the seconds since the last scrape."""


def count(rng: Random, mean: float) -> int:
    """A whole number from half to one and a half times ``mean``, ``mean`` on average."""
    return int(mean * (0.5 + rng.random()) + rng.random())


def part(rng: Random, events: int, share: float) -> int:
    """``share`` of ``events``, rounded up or down by chance."""
    return min(events, int(events * share + rng.random()))


def steady(rate: float, share: float) -> Load:
    """``rate`` events a second, ``share`` of them bad."""

    def load(rng: Random, _at: float, seconds: int) -> tuple[int, int]:
        events = count(rng, rate * seconds)
        return events, part(rng, events, share)

    return load


def day_and_night(
    rate: float,
    share: float,
    *,
    incident: tuple[float, float] = (0, 0),
    incident_share: float = 0.0,
    night: float = 0.05,
) -> Load:
    """``rate`` from 8 to 20 o'clock, ``night`` of it (a twentieth) else; more bad during the incident."""

    def load(rng: Random, at: float, seconds: int) -> tuple[int, int]:
        day = 8 * HOUR <= at % DAY < 20 * HOUR
        events = count(rng, (rate if day else rate * night) * seconds)
        hit = incident[0] <= at < incident[1]
        return events, part(rng, events, incident_share if hit else share)

    return load


def bursts(rate: float, share: float, *, idle: float, chance: float, longest: int) -> Load:
    """Bursts of up to ``longest`` seconds at ``rate``, begun in ``chance`` of the scrapes; ``idle`` in between."""
    until = -1.0

    def load(rng: Random, at: float, seconds: int) -> tuple[int, int]:
        nonlocal until
        if at > until and rng.random() < chance:
            until = at + rng.random() * longest
        now = at <= until
        events = count(rng, (rate if now else idle) * seconds)
        return events, part(rng, events, share if now else share / 50)

    return load


def sparse(an_hour: float, share: float) -> Load:
    """One event at a time, ``an_hour`` of them on average."""

    def load(rng: Random, _at: float, seconds: int) -> tuple[int, int]:
        events = int(rng.random() < an_hour * seconds / HOUR)
        return events, int(events and rng.random() < share)

    return load


def office_hours(rate: float, share: float) -> Load:
    """Nothing at all at night."""

    def load(rng: Random, at: float, seconds: int) -> tuple[int, int]:
        if not 8 * HOUR <= at % DAY < 18 * HOUR:
            return 0, 0
        events = count(rng, rate * seconds)
        return events, part(rng, events, share)

    return load


def failing_at(base: Load, moments: Sequence[float], bad: int) -> Load:
    """``base`` without its bad events, but ``bad`` events, all of them bad, at once just before each moment."""

    def load(rng: Random, at: float, seconds: int) -> tuple[int, int]:
        events, _ = base(rng, at, seconds)
        hits = sum(at - seconds < moment <= at for moment in moments)
        return events + hits * bad, hits * bad

    return load
