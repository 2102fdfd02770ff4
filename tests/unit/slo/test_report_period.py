"""Periods and their days."""

from __future__ import annotations

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridobs.errors import UsageError
from gridobs.slo.report.period import last_month, parse, runs

LATER = 4e9


def at(text: str, zone: str = "UTC") -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026-10-05..2026-10-18", "2026-10-05", "2026-10-18"),
        ("2026-10-05..2026-10-05", "2026-10-05", "2026-10-05"),
    ],
)
def test_a_period_is_its_first_and_last_day(text: str, first: str, last: str) -> None:
    period = parse(text, "UTC")

    assert (dt.date.fromisoformat(first), dt.date.fromisoformat(last)) == (period.first, period.last)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-13", "month must be in 1..12"),
        ("2026-Q5", "is not a period; write a month as 2026-10"),
        ("october", "is not a period"),
        ("2026-10-32..2026-11-01", "is not a period"),
        ("2026-10-05..2026-10-04", "ends before it begins"),
        ("2026-01-01..2027-01-02", "longer than 366 days"),
        ("0001-01", "name years from 1990"),
        ("9999-12-01..9999-12-31", "name years from 1990"),
    ],
)
def test_what_is_no_period_is_explained(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(text, "UTC")


@pytest.mark.parametrize("zone", ["Europe/Belrin", "", "../etc/passwd", "/etc/passwd", "Europe"])
def test_an_unknown_time_zone_is_explained(zone: str) -> None:
    with pytest.raises(UsageError, match="write its IANA name"):
        parse("2026-10", zone)


@pytest.mark.parametrize(
    ("month", "date", "hours"), [("2026-03", "2026-03-29", 23), ("2026-10", "2026-10-25", 25), ("2026-07", "", 24)]
)
def test_the_day_clocks_change_is_shorter_or_longer(month: str, date: str, hours: int) -> None:
    days = parse(month, "Europe/Berlin").days(LATER)
    odd = {str(day.date): day.seconds // 3600 for day in days if day.seconds != 86_400}

    assert odd == ({date: hours} if date else {})


@pytest.mark.parametrize(
    ("zone", "date", "begins"),
    [
        ("Africa/Cairo", "2025-04-25", "2025-04-24T22:00"),  # 24:00 is 1:00
        ("America/Havana", "2025-11-02", "2025-11-02T04:00"),  # 1:00 is 0:00
    ],
)
def test_a_midnight_that_is_skipped_or_comes_twice_begins_the_day_once(zone: str, date: str, begins: str) -> None:
    days = {str(day.date): day for day in parse(date[:7], zone).days(LATER)}

    assert at(begins) == days[date].start


@given(
    st.dates(dt.date(1995, 1, 1), dt.date(2060, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe"]),
    st.integers(1, 40),
)
def test_days_follow_each_other_and_runs_lose_none(first: dt.date, zone: str, longest: int) -> None:
    period = parse(f"{first}..{first + dt.timedelta(days=200)}", zone)
    days = period.days(LATER)
    grouped = runs(days, longest)

    assert (period.start, period.end) == (days[0].start, days[-1].end)
    assert all(one.end == after.start for one, after in itertools.pairwise(days))
    assert days == tuple(day for run in grouped for day in run.days)
    assert all(
        [day.end for day in run.days] == [run.days[0].end + number * run.step for number in range(len(run.days))]
        and len(run.days) <= longest
        for run in grouped
    )


def test_a_running_period_ends_now() -> None:
    now = at("2026-11-22T10:30")
    days = parse("2026-11", "UTC").days(now + 0.9)

    assert (22, now, 10.5 * 3600) == (len(days), days[-1].end, days[-1].seconds)


@pytest.mark.parametrize(("now", "days"), [("2026-10-31T23:59", 0), ("2026-11-01T00:00", 0), ("2026-11-01T00:01", 1)])
def test_a_period_has_no_day_before_it_begins(now: str, days: int) -> None:
    assert days == len(parse("2026-11", "UTC").days(at(now)))


def test_last_month_is_by_the_clocks_of_the_zone() -> None:
    new_year = at("2026-12-31T23:30")

    assert ("2026-11", "2026-12") == (last_month(new_year, "UTC").name, last_month(new_year, "Europe/Berlin").name)
