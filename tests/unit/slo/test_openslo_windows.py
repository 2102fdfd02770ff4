from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from gridobs import sources as yaml_sources
from gridobs.errors import SourceError
from gridobs.slo import openslo
from gridobs.slo.model import Calendar, CalendarUnit, Objective, Occurrences, RatioTimeslices, Rolling, Timeslices
from gridobs.slo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ROLLING = "    - duration: 30d\n      isRolling: true\n"
NOTE = "name: power-availability\n  annotations:\n    gridobs/alert-windows: "


def objective(folder: Path, text: str, settings: Settings | None = None) -> Objective:
    (folder / "x.yaml").write_text(text)
    (loaded,) = openslo.load(yaml_sources.read(folder / "x.yaml"), settings or Settings(retention="95d"))
    return loaded.objective


def problem(folder: Path, text: str, settings: Settings | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        objective(folder, text, settings)
    (only,) = caught.value.problems
    return str(only).removeprefix(f"{folder}/x.yaml:")


def calendar(duration: str, start: str, zone: str = "America/New_York", more: str = "") -> str:
    return (
        f"    - duration: {duration}\n      calendar:\n        startTime: {start}\n        timeZone: {zone}\n{more}"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [("30d", "30d"), ("4w", "28d"), ("720h", "30d"), ("43200m", "30d"), ("1d", "1d"), ("90d", "90d"), ("1w", "7d")],
)
def test_a_rolling_window_is_read_in_any_spelling(tmp_path: Path, good: str, written: str, read: str) -> None:
    found = objective(tmp_path, good.replace("30d", written))

    assert found.period == Rolling(read)
    assert found.period_label == read == found.table.period


@pytest.mark.parametrize(
    "written", ["0d", "91d", "25h", "1441m", "1M", "1Y", "1y", "1d12h", "30", "-1d", "٣d", "30 d", "9999999999d"]
)
def test_any_other_rolling_window_is_refused(tmp_path: Path, good: str, written: str) -> None:
    found = problem(tmp_path, good.replace("30d", f"'{written}'"))

    assert found == (
        f"22:17 GO102 a rolling window cannot be '{written}' long; write a whole number of days from 1d to 90d, "
        "e.g. 30d or 4w"
    )


@pytest.mark.parametrize(
    ("duration", "start", "period", "nominal"),
    [
        ("1d", "2026-03-04 00:00:00", Calendar(unit=CalendarUnit.DAY, zone="UTC"), "1d"),
        ("1w", "2026-03-02 00:00:00", Calendar(unit=CalendarUnit.WEEK, zone="UTC", first_weekday=0), "7d"),
        ("1w", "2022-01-02T00:00:00", Calendar(unit=CalendarUnit.WEEK, zone="UTC", first_weekday=6), "7d"),
        ("1M", "2022-02-01 00:00:00", Calendar(unit=CalendarUnit.MONTH, zone="UTC"), "30d"),
        ("1Q", "'2022-10-01 00:00:00'", Calendar(unit=CalendarUnit.QUARTER, zone="UTC"), "91d"),
    ],
)
def test_a_calendar_window_is_read(
    tmp_path: Path, good: str, *, duration: str, start: str, period: Calendar, nominal: str
) -> None:
    found = objective(tmp_path, good.replace(ROLLING, calendar(duration, start, "UTC", "      isRolling: false\n")))

    assert found.period == period
    assert (found.period_label, found.table.period) == (duration, nominal)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (
            calendar("1M", "2022-01-01 12:00:00"),
            "24:20 GO102 2022-01-01 12:00:00 is not where a calendar window of 1M begins; write 2022-01-01 00:00:00;",
        ),
        (
            calendar("1M", "2022-01-15 00:00:00"),
            "24:20 GO102 2022-01-15 00:00:00 is not where a calendar window of 1M begins; write 2022-01-01 00:00:00;",
        ),
        (
            calendar("1Q", "2022-03-01 00:00:00"),
            "24:20 GO102 2022-03-01 00:00:00 is not where a calendar window of 1Q begins; write 2022-01-01 00:00:00;",
        ),
        (
            calendar("1w", "2022-01-01 00:00:01"),
            "24:20 GO102 2022-01-01 00:00:01 is not where a calendar window of 1w begins; write 2022-01-01 00:00:00;",
        ),
        (
            calendar("1d", "2022-01-01"),
            "24:20 GO102 '2022-01-01' is not a date and time without a zone; write it as 2026-01-01",
        ),
        (
            calendar("1d", "2022-01-01T00:00:00Z"),
            "24:20 GO102 '2022-01-01T00:00:00Z' is not a date and time without a zone",
        ),
        (
            calendar("1d", "2022-02-30 00:00:00"),
            "24:20 GO102 '2022-02-30 00:00:00' is not a date and time without a zone",
        ),
        (
            calendar("1Y", "2022-01-01 00:00:00"),
            "22:17 GO102 a window aligned to the calendar cannot be '1Y' long; write one of 1d, 1w, 1M, 1Q,",
        ),
        (
            calendar("2M", "2022-01-01 00:00:00"),
            "22:17 GO102 a window aligned to the calendar cannot be '2M' long; write one of",
        ),
        (
            calendar("1d", "2022-01-01 00:00:00", "Europe/Berln"),
            "25:19 GO102 no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            calendar("1d", "2022-01-01 00:00:00", "../../etc/passwd"),
            "25:19 GO102 no time zone '../../etc/passwd'; write a name of the IANA",
        ),
        (
            calendar("1d", "2022-01-01 00:00:00", more="      isRolling: true\n"),
            "26:18 GO102 the window is both rolling and aligned to",
        ),
        (
            "    - duration: 30d\n",
            "22:7 GO005 isRolling is missing; write isRolling: true, or calendar with startTime and timeZone",
        ),
        (
            "    - duration: 30d\n      isRolling: false\n",
            "23:18 GO005 calendar is missing; write isRolling: true, or calendar",
        ),
    ],
)
def test_a_window_with_a_fault_is_named_with_its_place_and_cure(
    tmp_path: Path, good: str, window: str, expected: str
) -> None:
    assert problem(tmp_path, good.replace(ROLLING, window)).startswith(expected)


@pytest.mark.parametrize(
    ("window", "retention", "says"),
    [
        ("    - duration: 32d\n      isRolling: true\n", "31d", "32d"),
        (calendar("1M", "2022-01-01 00:00:00"), "31d", "31d1h"),
        (calendar("1Q", "2022-01-01 00:00:00"), "92d", "92d1h"),
        (calendar("1d", "2022-01-01 00:00:00"), "1d", "1d1h"),
    ],
)
def test_a_period_longer_than_the_retention_is_refused(
    tmp_path: Path, good: str, window: str, retention: str, says: str
) -> None:
    found = problem(tmp_path, good.replace(ROLLING, window), Settings(retention=retention))

    assert found.startswith(
        f"22:17 GO103 the period is up to {says}, but Prometheus keeps {retention}; write a shorter"
    )


def test_slices_are_read(tmp_path: Path, good: str) -> None:
    slices = good.replace("Occurrences", "Timeslices") + "      timeSliceTarget: 0.950\n      timeSliceWindow: 60s\n"
    minutes = slices.replace("0.950", "1").replace("60s", "5")

    assert objective(tmp_path, good).budgeting == Occurrences()
    assert objective(tmp_path, slices).budgeting == Timeslices(window="1m", target=Decimal("0.950"))
    assert objective(tmp_path, minutes).budgeting == Timeslices(window="5m", target=Decimal(1))
    ratio = good.replace("Occurrences", "RatioTimeslices") + "      timeSliceWindow: 30s\n"
    assert objective(tmp_path, ratio).budgeting == RatioTimeslices(window="30s")


@pytest.mark.parametrize(
    ("method", "lines", "expected"),
    [
        (
            "Timeslices",
            "timeSliceWindow: 1m",
            "26:7 GO106 timeSliceTarget is missing, which Timeslices needs; write timeSliceTarget:",
        ),
        (
            "Timeslices",
            "timeSliceTarget: 0.9",
            "26:7 GO106 timeSliceWindow is missing, which Timeslices needs; write timeSliceWindow:",
        ),
        (
            "RatioTimeslices",
            "timeSliceWindow: 1m\n      timeSliceTarget: 0.9",
            "28:24 GO106 RatioTimeslices has no timeSliceTarget; remove",
        ),
        (
            "Occurrences",
            "timeSliceWindow: 1m",
            "27:24 GO106 Occurrences has no timeSliceWindow; remove it or change budgetingMethod",
        ),
        (
            "RatioTimeslices",
            "timeSliceWindow: 45s",
            "27:24 GO106 timeSliceWindow 45s is not a multiple of the evaluation interval 30s; write a multiple",
        ),
        (
            "RatioTimeslices",
            "timeSliceWindow: 10m",
            "27:24 GO106 timeSliceWindow 10m is longer than the shortest alert window 5m; write",
        ),
        (
            "RatioTimeslices",
            "timeSliceWindow: soon",
            "27:24 GO106 timeSliceWindow 'soon' is not a duration; write a multiple of 30s",
        ),
        (
            "RatioTimeslices",
            "timeSliceWindow: -1",
            "27:24 GO106 timeSliceWindow '-1m' is not a duration; write a multiple of 30s",
        ),
        (
            "Timeslices",
            "timeSliceWindow: 1m\n      timeSliceTarget: 0",
            "28:24 GO101 a slice target of 0 is not above 0 and at most 1; write",
        ),
    ],
)
def test_a_slice_with_a_fault_is_named_with_its_place_and_cure(
    tmp_path: Path, good: str, method: str, lines: str, expected: str
) -> None:
    assert problem(tmp_path, good.replace("Occurrences", method) + f"      {lines}\n").startswith(expected)


def test_an_author_s_alert_tiers_replace_the_table(tmp_path: Path, good: str) -> None:
    tiers = objective(
        tmp_path, good.replace("name: power-availability", NOTE + "page 60m/5m 2%,ticket 3d / 6h 12.5 %")
    ).table

    assert [(one.severity, one.long, one.short, one.factor) for one in tiers.tiers] == [
        ("page", "1h", "5m", Fraction(72, 5)),
        ("ticket", "3d", "6h", Fraction(5, 4)),
    ]
    assert tiers.low_objective_tiers == tiers.tiers


@pytest.mark.parametrize(
    ("written", "settings", "expected"),
    [
        (
            "page 1h 2%",
            {},
            "6:28 GO102 'page 1h 2%' is not an alert tier; write tiers as severity, long/short window and share",
        ),
        ("info 1h/5m 2%", {}, "6:28 GO102 'info 1h/5m 2%' is not an alert tier; write tiers as severity"),
        ("page 5m/1h 2%", {}, "6:28 GO102 the alert tier 'page 5m/1h 2%' makes no sense; write tiers"),
        ("page 1h/1h 2%", {}, "6:28 GO102 the alert tier 'page 1h/1h 2%' makes no sense; write tiers"),
        ("page 1h/5m 101%", {}, "6:28 GO102 the alert tier 'page 1h/5m 101%' makes no sense; write tiers"),
        ("page 1h/5m 0%", {}, "6:28 GO102 the alert tier 'page 1h/5m 0%' makes no sense; write tiers"),
        ("page 1h/5x 2%", {}, "6:28 GO102 '5x' is not a duration; write it like 30s, 5m, 1h or 30d"),
        ("page 1h/5m 2%,", {}, "6:28 GO102 '' is not an alert tier; write tiers"),
        (
            "page 30d/6h 2%",
            {},
            "6:28 GO102 the alert window 30d is not shorter than the period 30d; write a shorter alert window",
        ),
        (
            "page 1h/1m 2%",
            {},
            "6:28 GO105 the alert window 1m is shorter than 4 scrapes or 2 evaluations",
        ),
        (
            "page 1h/5m 2%",
            {"scrape_interval": "2m"},
            "6:28 GO105 the alert window 5m is shorter than 4 scrapes or 2 evaluations",
        ),
        (
            "page 1h/5m 2%",
            {"interval": "3m", "period_interval": "3m"},
            "6:28 GO105 the alert window 5m is shorter than",
        ),
    ],
)
def test_alert_tiers_with_a_fault_are_named_with_their_place_and_cure(
    tmp_path: Path, good: str, written: str, settings: dict[str, Any], expected: str
) -> None:
    text = good.replace("name: power-availability", NOTE + f"'{written}'")

    assert problem(tmp_path, text, replace(Settings(), **settings)).startswith(expected)


def test_the_tiers_that_ship_need_enough_scrapes_too(tmp_path: Path, good: str) -> None:
    found = problem(tmp_path, good, Settings(scrape_interval="90s"))

    assert found.startswith("22:17 GO105 the alert window 5m is shorter than 4 scrapes or 2 evaluations; write")
    assert objective(tmp_path, good, Settings(scrape_interval="75s"))


def test_a_tier_of_an_author_s_that_can_never_fire_is_refused(tmp_path: Path, good: str) -> None:
    text = good.replace("name: power-availability", NOTE + "page 1h/5m 2%, ticket 3d/6h 10%").replace("0.999", "0.9")

    assert problem(tmp_path, text) == (
        "6:28 GO104 the alert tier page 1h/5m can never fire: at a target of 0.9 more than all events would have to "
        "fail; write a smaller share of the budget or a longer window"
    )


def test_an_objective_that_no_tier_can_reach_is_told_one_that_can(tmp_path: Path, good: str) -> None:
    low = good.replace("30d", "90d").replace("0.999", "0.5")
    found = problem(tmp_path, low)

    assert found == (
        "26:15 GO104 no alert tier for a period of 90d can fire at a target of 0.5; "
        "write gridobs/alert-windows: 'ticket 9d/18h 10%'"
    )
    assert objective(tmp_path, low.replace("name: power-availability", NOTE + "ticket 9d/18h 10%"))
