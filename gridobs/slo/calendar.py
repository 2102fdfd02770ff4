"""Calendar periods in PromQL: which one it is now by local clocks, how long it is, how much of it has gone.

PromQL ranges have a fixed length, a month has not. So every entry of the ledger is also recorded with the label
``phase``, the number of its period modulo 3: a range as long as the longest period then holds, of the current phase,
the entries of the current period alone, since that of three periods ago is out of reach.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gridobs.slo.model import Calendar, CalendarUnit

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_YEAR, _LAST_YEAR = 2025, 2037
"""The years whose clock changes are compiled in; from 2038 on the last known offset stays."""

_MONDAY = 3  # the Unix epoch began on a Thursday
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class CalendarForm:
    """PromQL over ``local``, the local time. ``range`` holds the longest period and an hour more."""

    range: str
    phase: str
    elapsed: str
    length: str


def local_time(zone: str) -> str:
    """PromQL for the Unix time shifted to the clocks of ``zone``: PromQL's date functions then tell local dates."""
    first, *changes = _offsets(zone)
    terms = "".join(
        f" {'+' if after > before else '-'} {abs(after - before)} * (time() >= bool {at})"
        for (at, after), (_, before) in zip(changes, [first, *changes], strict=False)
    )
    return f"vector(time() + {first[1]}{terms})"


def form(calendar: Calendar, local: str) -> CalendarForm:
    """How to count with ``calendar``; ``local`` is PromQL for the local time."""
    shift = (_MONDAY - calendar.first_weekday) * _DAY
    quarter = f"floor((month({local}) - 1) / 3)"
    leap = f"(year({local}) % 4 == bool 0)"
    forms = {
        CalendarUnit.DAY: CalendarForm(
            "25h", f"floor({local} / {_DAY}) % 3", f"{local} % {_DAY}", f"{local} * 0 + {_DAY}"
        ),
        CalendarUnit.WEEK: CalendarForm(
            "169h",
            f"floor(({local} + {shift}) / {7 * _DAY}) % 3",
            f"({local} + {shift}) % {7 * _DAY}",
            f"{local} * 0 + {7 * _DAY}",
        ),
        CalendarUnit.MONTH: CalendarForm(
            "745h",
            f"month({local}) % 3",
            f"(day_of_month({local}) - 1) * {_DAY} + {local} % {_DAY}",
            f"days_in_month({local}) * {_DAY}",
        ),
        CalendarUnit.QUARTER: CalendarForm(
            "2209h",
            f"(year({local}) * 4 + {quarter}) % 3",
            f"(day_of_year({local}) - 1 - 90 * ({quarter} >= bool 1) - 91 * ({quarter} >= bool 2)"
            f" - 92 * ({quarter} >= bool 3) - {leap} * ({quarter} >= bool 1)) * {_DAY} + {local} % {_DAY}",
            f"(90 + {leap} * ({quarter} == bool 0) + ({quarter} == bool 1) + 2 * ({quarter} >= bool 2)) * {_DAY}",
        ),
    }
    return forms[calendar.unit]


def _offsets(zone: str) -> Iterator[tuple[int, int]]:
    """The offset from UTC in seconds, and the Unix time from which on it holds, found day by day."""
    info = ZoneInfo(zone)

    def offset(at: int) -> int:
        found = dt.datetime.fromtimestamp(at, tz=info).utcoffset()
        return int(found.total_seconds()) if found else 0

    start = int(dt.datetime(_FIRST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp())
    end = int(dt.datetime(_LAST_YEAR + 1, 1, 1, tzinfo=dt.UTC).timestamp())
    yield start, offset(start)
    for day in range(start, end, _DAY):
        low, high = day, day + _DAY
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        yield high, offset(high)
