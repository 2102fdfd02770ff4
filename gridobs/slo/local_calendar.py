"""Where in its calendar period a time is, by local clocks; ``calendar`` says it in PromQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridobs.slo.model import CalendarUnit

if TYPE_CHECKING:
    from gridobs.slo.model import Calendar

_MONTHS = {CalendarUnit.MONTH: 1, CalendarUnit.QUARTER: 3}
_DAYS = {CalendarUnit.DAY: 1, CalendarUnit.WEEK: 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """``begin`` is the unit's first moment by local clocks; the others are seconds by them, gone and of all of it."""

    begin: dt.datetime
    elapsed: int
    length: int


def position(calendar: Calendar, at: int) -> Position:
    """Where in its unit of ``calendar`` Unix second ``at`` is."""
    return position_of(calendar, dt.datetime.fromtimestamp(at, tz=ZoneInfo(calendar.zone)).replace(tzinfo=None))


def position_of(calendar: Calendar, local: dt.datetime) -> Position:
    """Where ``local``, what clocks show, is in its unit of ``calendar``."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if calendar.unit in _DAYS:
        days = _DAYS[calendar.unit]
        begin = midnight - dt.timedelta(days=(midnight.weekday() - calendar.first_weekday) % days)
        end = begin + dt.timedelta(days=days)
    else:
        months = _MONTHS[calendar.unit]
        begin = midnight.replace(month=(midnight.month - 1) // months * months + 1, day=1)
        end = (begin + dt.timedelta(days=31 * months)).replace(day=1)
    return Position(
        begin=begin,
        elapsed=int((local - begin).total_seconds()),
        length=int((end - begin).total_seconds()),
    )
