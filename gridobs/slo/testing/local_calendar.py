"""Where in its calendar period a moment of a test lies; promtool lives in 1970, before the clock changes it knows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridobs.slo import local_calendar
from gridobs.slo.model import CalendarUnit

if TYPE_CHECKING:
    from gridobs.slo.model import Calendar

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local time, whose zone the offset has already taken in
_FIRST_KNOWN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
"""Clock changes are compiled in from this year on; before it the offset of this day holds."""


def position(calendar: Calendar, at: int) -> tuple[int, int] | None:
    """Seconds of the period that have gone ``at`` seconds after the epoch, and all it has.

    None where what PromQL counts from is still to come: its remainder of a negative time is negative.
    """
    offset = _FIRST_KNOWN.astimezone(ZoneInfo(calendar.zone)).utcoffset() or dt.timedelta(0)
    local = _EPOCH + dt.timedelta(seconds=at) + offset
    week = dt.timedelta(days=_EPOCH.weekday() - calendar.first_weekday)
    if local + (week if calendar.unit is CalendarUnit.WEEK else dt.timedelta(0)) < _EPOCH:
        return None
    found = local_calendar.position_of(calendar, local)
    return found.elapsed, found.length
