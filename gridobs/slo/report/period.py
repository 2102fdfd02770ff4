"""Calendar periods and their days, by the clocks of one time zone: a day may have 23, 24 or 25 hours."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridobs.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-Q([1-4])", re.ASCII)
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", re.ASCII)
_CURE = "write a month as 2026-10, a quarter as 2026-Q4, or days as 2026-10-05..2026-10-18, both included"
_MOST_DAYS = 366
_YEARS = (1990, 2999)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day, or as much of it as has passed; ``start`` and ``end`` are Unix seconds."""

    date: dt.date
    start: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From the midnight before ``first`` to the midnight after ``last``, by the clocks of ``zone``."""

    name: str
    zone: ZoneInfo
    first: dt.date
    last: dt.date

    @property
    def start(self) -> int:
        return self._midnight(self.first)

    @property
    def end(self) -> int:
        return self._midnight(self.last + _ONE_DAY)

    def days(self, now: float) -> tuple[Day, ...]:
        """The days that have begun at Unix second ``now``, the last of them cut there."""
        return tuple(self._begun(int(now)))

    def _begun(self, now: int) -> Iterator[Day]:
        date = self.first
        while date <= self.last and (start := self._midnight(date)) < now:
            yield Day(date=date, start=start, end=min(self._midnight(date + _ONE_DAY), now))
            date += _ONE_DAY

    def _midnight(self, date: dt.date) -> int:
        """Where clocks skip midnight, the moment they do; where they show it twice, the first."""
        return round(dt.datetime.combine(date, dt.time(), self.zone).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Days in a row that are equally long: what one range query with a step of a day can read."""

    days: tuple[Day, ...]

    @property
    def step(self) -> int:
        return self.days[0].seconds


def parse(text: str, zone: str) -> Period:
    """The period a person wrote. Raises UsageError."""
    first, last = _bounds(text)
    if not (_YEARS[0] <= first.year and last.year <= _YEARS[1]):
        raise UsageError(f"the period {text!r} is out of any ledger; name years from {_YEARS[0]} to {_YEARS[1]}")
    if last < first:
        raise UsageError(f"the period {text!r} ends before it begins; write the earlier day first")
    if (last - first).days >= _MOST_DAYS:
        raise UsageError(f"the period {text!r} is longer than {_MOST_DAYS} days; report on a part of it")
    return Period(name=text, zone=time_zone(zone), first=first, last=last)


def last_month(now: float, zone: str) -> Period:
    """The calendar month before the one of Unix second ``now``."""
    today = dt.datetime.fromtimestamp(now, time_zone(zone)).date()
    return parse(f"{today.replace(day=1) - _ONE_DAY:%Y-%m}", zone)


def time_zone(name: str) -> ZoneInfo:
    """Raises UsageError when nobody knows it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{name!r} is not a time zone; write its IANA name, such as Europe/Berlin or UTC") from None


def runs(days: Sequence[Day], longest: int) -> tuple[Run, ...]:
    """The days as runs of at most ``longest`` days."""
    equal = (tuple(group) for _, group in groupby(days, key=lambda day: day.seconds))
    return tuple(
        Run(days=group[first : first + longest]) for group in equal for first in range(0, len(group), longest)
    )


def _bounds(text: str) -> tuple[dt.date, dt.date]:
    """The first and the last day."""
    try:
        if found := _MONTH.fullmatch(text):
            return _months(int(found[1]), int(found[2]), 1)
        if found := _QUARTER.fullmatch(text):
            return _months(int(found[1]), 3 * int(found[2]) - 2, 3)
        if found := _DAYS.fullmatch(text):
            return dt.date.fromisoformat(found[1]), dt.date.fromisoformat(found[2])
    except ValueError as error:
        raise UsageError(f"{text!r} is not a period: {error}; {_CURE}") from None
    raise UsageError(f"{text!r} is not a period; {_CURE}")


def _months(year: int, month: int, count: int) -> tuple[dt.date, dt.date]:
    first = dt.date(year, month, 1)
    after = month - 1 + count
    return first, dt.date(year + after // 12, after % 12 + 1, 1) - _ONE_DAY
