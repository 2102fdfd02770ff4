"""Where in its calendar period a moment of a test lies, by Python's own calendar."""

from __future__ import annotations

import datetime as dt
from typing import assert_never
from zoneinfo import ZoneInfo

from gridobs.slo.model import Calendar, CalendarUnit

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local time, whose zone the offset has already taken in
_FIRST_KNOWN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
"""Clock changes are compiled in from this year on; promtool lives in 1970, where the offset of this day holds."""

_REACHES_NEXT = {
    CalendarUnit.DAY: dt.timedelta(days=1),
    CalendarUnit.WEEK: dt.timedelta(days=7),
    CalendarUnit.MONTH: dt.timedelta(days=31),
    CalendarUnit.QUARTER: dt.timedelta(days=92),
}
"""From the first moment of a unit into the next one."""


def position(calendar: Calendar, at: int) -> tuple[int, int] | None:
    """Seconds of the period that have gone ``at`` seconds after the epoch, and all it has.

    None where what PromQL counts from is still to come: its remainder of a negative time is negative.
    """
    offset = _FIRST_KNOWN.astimezone(ZoneInfo(calendar.zone)).utcoffset() or dt.timedelta(0)
    local = _EPOCH + dt.timedelta(seconds=at) + offset
    week = dt.timedelta(days=_EPOCH.weekday() - calendar.first_weekday)
    if local + (week if calendar.unit is CalendarUnit.WEEK else dt.timedelta(0)) < _EPOCH:
        return None
    begin = _begin(calendar, local)
    end = _begin(calendar, begin + _REACHES_NEXT[calendar.unit])
    return int((local - begin).total_seconds()), int((end - begin).total_seconds())


def _begin(calendar: Calendar, local: dt.datetime) -> dt.datetime:
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match calendar.unit:
        case CalendarUnit.DAY:
            return day
        case CalendarUnit.WEEK:
            return day - dt.timedelta(days=(day.weekday() - calendar.first_weekday) % 7)
        case CalendarUnit.MONTH:
            return day.replace(day=1)
        case CalendarUnit.QUARTER:
            return day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1)
        case _:
            assert_never(calendar.unit)
