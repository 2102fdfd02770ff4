"""OpenSLO's time windows."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from functools import cache
from importlib.resources import files

from pydantic import Field, model_validator

from gridobs import sources
from gridobs.codes import Code
from gridobs.slo.model import Calendar, CalendarUnit, Period, Rolling

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"([1-9][0-9]{0,6})([mhdw])")
_START = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})", re.ASCII)
_LONGEST_DAYS = 90
_DAY = 86_400
_ROLLING_CURE = "write a whole number of days from 1d to 90d, e.g. 30d or 4w"
_UNITS_CURE = f"write one of {', '.join(CalendarUnit)}, or a rolling window such as 30d with isRolling: true"
_START_CURE = "write it as 2026-01-01 00:00:00"
_ZONE_CURE = "write a name of the IANA time zone database, e.g. Europe/Berlin or UTC"


@cache
def zones() -> frozenset[str]:
    """Every IANA name, from the database that ships with the package and so the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


class CalendarStart(sources.Schema):
    start_time: str = Field(description="startTime, e.g. 2026-01-01 00:00:00")
    time_zone: str = Field(description="timeZone, e.g. Europe/Berlin")

    @model_validator(mode="after")
    def _known(self) -> CalendarStart:
        self.date_and_time()
        if self.time_zone not in zones():
            near = difflib.get_close_matches(self.time_zone, sorted(zones()), n=1)
            cure = f"did you mean '{near[0]}'?" if near else _ZONE_CURE
            raise sources.fault(Code.INVALID_WINDOW, f"no time zone '{self.time_zone}'", cure, at=("timeZone",))
        return self

    def date_and_time(self) -> tuple[dt.date, dt.time]:
        found = _START.fullmatch(self.start_time)
        try:
            if found:
                return dt.date.fromisoformat(found[1]), dt.time.fromisoformat(found[2])
        except ValueError:
            pass
        message = f"'{self.start_time}' is not a date and time without a zone"
        raise sources.fault(Code.INVALID_WINDOW, message, _START_CURE, at=("startTime",))


class TimeWindow(sources.Schema):
    duration: str = Field(description="duration: 30d")
    is_rolling: bool | None = Field(None, description="isRolling: true, or calendar")
    calendar: CalendarStart | None = Field(None, description="calendar with startTime and timeZone")

    @model_validator(mode="after")
    def _whole(self) -> TimeWindow:
        self.period()
        return self

    def period(self) -> Period:
        if self.is_rolling and self.calendar:
            message = "the window is both rolling and aligned to the calendar"
            raise sources.fault(Code.INVALID_WINDOW, message, "remove isRolling or calendar", at=("isRolling",))
        if self.calendar:
            return _calendar(self.duration, self.calendar)
        if not self.is_rolling:
            message = "isRolling is missing" if self.is_rolling is None else "calendar is missing"
            cure = "write isRolling: true, or calendar with startTime and timeZone"
            raise sources.fault(Code.MISSING_KEY, message, cure, at=("isRolling",))
        return _rolling(self.duration)


def _rolling(text: str) -> Rolling:
    found = _SPAN.fullmatch(text)
    days, rest = divmod(int(found[1]) * _SECONDS[found[2]], _DAY) if found else (0, 0)
    if rest or not 1 <= days <= _LONGEST_DAYS:
        message = f"a rolling window cannot be '{text}' long"
        raise sources.fault(Code.INVALID_WINDOW, message, _ROLLING_CURE, at=("duration",))
    return Rolling(f"{days}d")


def _calendar(text: str, start: CalendarStart) -> Calendar:
    if text not in set(CalendarUnit):
        message = f"a window aligned to the calendar cannot be '{text}' long"
        raise sources.fault(Code.INVALID_WINDOW, message, _UNITS_CURE, at=("duration",))
    unit = CalendarUnit(text)
    date, time = start.date_and_time()
    first = _boundary(unit, date)
    if date != first or time != dt.time():
        message = f"{start.start_time} is not where a calendar window of {unit} begins"
        cure = f"write {first} 00:00:00; windows follow the calendar"
        raise sources.fault(Code.INVALID_WINDOW, message, cure, at=("calendar", "startTime"))
    return Calendar(
        unit=unit,
        zone=start.time_zone,
        first_weekday=date.weekday() if unit is CalendarUnit.WEEK else 0,
    )


def _boundary(unit: CalendarUnit, date: dt.date) -> dt.date:
    """The first day of the unit ``date`` is in; a week may begin on any."""
    match unit:
        case CalendarUnit.DAY | CalendarUnit.WEEK:
            return date
        case CalendarUnit.MONTH:
            return date.replace(day=1)
        case CalendarUnit.QUARTER:
            return date.replace(month=date.month - (date.month - 1) % 3, day=1)
