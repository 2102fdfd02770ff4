"""Calendar periods as Prometheus computes them, against the time zone database."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from gridobs.prometheus import Client
from gridobs.slo import calendar
from gridobs.slo.model import Calendar, CalendarUnit

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.e2e

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
QUARTERS = (1, 4, 7, 10)


def bounds(unit: CalendarUnit, local: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The local start and end of the unit that holds ``local``, as wall clocks."""
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    match unit:
        case CalendarUnit.DAY:
            return day, day + dt.timedelta(days=1)
        case CalendarUnit.WEEK:
            monday = day - dt.timedelta(days=day.weekday())
            return monday, monday + dt.timedelta(days=7)
        case CalendarUnit.MONTH:
            first = day.replace(day=1)
            return first, (first + dt.timedelta(days=31)).replace(day=1)
        case CalendarUnit.QUARTER:
            first = day.replace(month=max(month for month in QUARTERS if month <= day.month), day=1)
            return first, (first + dt.timedelta(days=95)).replace(day=1)


@pytest.fixture(scope="module")
def client(serve: Callable[..., str]) -> Client:
    return Client(serve([("nothing", {}, 1_700_000_000, 1.0)]))


@pytest.mark.parametrize("zone", ZONES)
def test_a_period_begins_and_ends_when_local_clocks_say_so(client: Client, zone: str) -> None:
    chance = random.Random(zone)  # noqa: S311 - a repeatable choice, not a secret
    years = (dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp(), dt.datetime(2032, 1, 1, tzinfo=dt.UTC).timestamp())
    for unit in CalendarUnit:
        form = calendar.form(Calendar(unit=unit, zone=zone), f"({calendar.local_time(zone)})")
        for at in (chance.randint(*map(int, years)) for _ in range(12)):
            local = dt.datetime.fromtimestamp(at, tz=ZoneInfo(zone))
            start, end = bounds(unit, local)
            wall = local.replace(tzinfo=None)

            assert [one.value for one in client.query(form.elapsed, at)] == [(wall - start).total_seconds()]
            assert [one.value for one in client.query(form.length, at)] == [(end - start).total_seconds()]


@pytest.mark.parametrize("zone", ZONES)
def test_neighbouring_periods_differ_in_phase_and_the_phase_changes_at_the_boundary(
    client: Client, zone: str
) -> None:
    info = ZoneInfo(zone)
    for unit in CalendarUnit:
        form = calendar.form(Calendar(unit=unit, zone=zone), f"({calendar.local_time(zone)})")
        local = dt.datetime(2027, 12, 20, 12, tzinfo=info)
        for _ in range(8):
            _, end = bounds(unit, local)
            boundary = int(end.replace(tzinfo=info).timestamp())
            before, after = (client.query(form.phase, at)[0].value for at in (boundary - 1, boundary))
            assert (before + 1) % 3 == after
            local = dt.datetime.fromtimestamp(boundary + 3600, tz=info)
