"""A month in a real Prometheus, of known truth: every figure of the report is exactly that."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from gridobs.cli.app import app
from gridobs.errors import UsageError
from gridobs.prometheus import Client
from gridobs.slo.report import csv as report_csv
from gridobs.slo.report.collect import Request, collect
from gridobs.slo.report.period import parse
from gridobs.slo.status import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gridobs.slo.report.model import Report

    Sample = tuple[str, Mapping[str, str], int, float]
    Serve = Callable[[Iterable[Sample]], str]

pytestmark = pytest.mark.e2e

BERLIN = ZoneInfo("Europe/Berlin")
INTERVAL = 300
OCTOBER = (dt.datetime(2025, 10, 1, tzinfo=BERLIN), dt.datetime(2025, 11, 1, tzinfo=BERLIN))
START, END = (round(moment.timestamp()) for moment in OCTOBER)  # 745 hours: clocks go back on the 26th
TARGETS = {"availability": 0.999, "latency-p99": 0.99}
SITES = {"sub-0001": "north", "sub-0002": "north", "sub-0003": "south"}
OFFSETS = {"sub-0001": 0, "sub-0002": 37, "sub-0003": 0}
"""Of evaluations from full minutes; those at 0 fall on every midnight."""
DOWN = ("sub-0003", START + 5 * 86_400, START + 8 * 86_400 + 7_000)
"""A gap: nothing was evaluated."""
WORK = ("sub-0001", START + 12 * 86_400 + 3_000, START + 12 * 86_400 + 16_200)
"""An exclusion, for all objectives."""
TUNING = ("sub-0001", START + 12 * 86_400 + 12_600, START + 12 * 86_400 + 20_400)
"""Another, for one objective, which overlaps it."""


def identity(slo: str, site: str, region: str) -> dict[str, str]:
    return {"slo": slo, "service": "power", "site": site, "region": region}


def within(span: tuple[str, int, int], site: str, at: int) -> bool:
    return site == span[0] and span[1] <= at < span[2]


def excluded(slo: str, site: str, at: int) -> bool:
    return within(WORK, site, at) or (slo == "latency-p99" and within(TUNING, site, at))


def ledger() -> Iterator[Sample]:
    """From a day before the month to a day after it."""
    chance = random.Random(20251001)  # noqa: S311 - a seeded truth, no secret
    for slo, target in TARGETS.items():
        for site, region in SITES.items():
            labels = identity(slo, site, region)
            weight = {"sub-0001": 400, "sub-0002": 40, "sub-0003": 90}[site]
            trouble = {"sub-0001": 0.5, "sub-0002": 3.0, "sub-0003": 0.9}[site]
            for at in range(START - 86_400 + OFFSETS[site], END + 86_400, INTERVAL):
                if within(DOWN, site, at):
                    continue
                total = chance.randrange(weight)
                bad = sum(chance.random() < trouble * (1 - target) for _ in range(total))
                if excluded(slo, site, at):
                    bad = total // 2
                    yield "slo:excluded_total:increase", labels, at, total
                    yield "slo:excluded_bad:increase", labels, at, bad
                yield "slo:raw_total:increase", labels, at, total
                yield "slo:raw_bad:increase", labels, at, bad
                yield "slo:objective:ratio", labels, at, target
        for at in range(START, END, INTERVAL):  # its rules run, and see nothing
            yield "slo:objective:ratio", identity(slo, "sub-0004", "south"), at, target
        for at in range(START - 7_200, START, INTERVAL):  # it was there, and fell silent
            yield "slo:objective:ratio", identity(slo, "sub-0005", "south"), at, target
            yield "slo:raw_total:increase", identity(slo, "sub-0005", "south"), at, 5
        info = identity(slo, "sub-0001", "north") | {"objective": str(target), "period": "30d", "owner": "grid-data"}
        yield "slo_info", info, START, 1


def active() -> Iterator[Sample]:
    for at in range(START, END, INTERVAL):
        place = {"site": "sub-0001", "region": "north"}
        if within(WORK, "sub-0001", at):
            yield "slo:exclusion:active", place | {"exclusion": "line-works"}, at, 1
        if within(TUNING, "sub-0001", at):
            yield "slo:exclusion:active", place | {"exclusion": "tuning", "slo": "latency-p99"}, at, 1


SAMPLES = [*ledger(), *active()]


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> str:
    return serve(SAMPLES)


def request(period: str = "2025-10", *, now: float = END + 900_000, **scope: str) -> Request:
    return Request(
        period=parse(period, "Europe/Berlin"),
        now=now,
        interval=INTERVAL,
        scope=Scope(**scope),
        site=scope.get("site"),
    )


@pytest.fixture(scope="module")
def report(prometheus: str) -> Report:
    return collect(Client(prometheus), request())


def rows(report: Report) -> dict[tuple[str, str], dict[str, str]]:
    """By objective and place."""
    found = csv.DictReader(io.StringIO(report_csv.render(report)))
    return {(row["slo"], row["site"] or row["region"] or "fleet"): row for row in found}


def events(series: str, slo: str, sites: Iterable[str], start: float = START, end: float = END) -> float:
    """The truth: what was recorded after the start, up to the end."""
    return sum(
        value
        for name, labels, at, value in SAMPLES
        if name == f"slo:{series}:increase" and labels["slo"] == slo and labels["site"] in sites and start < at <= end
    )


PLACES = {
    "sub-0001": ["sub-0001"],
    "sub-0002": ["sub-0002"],
    "sub-0003": ["sub-0003"],
    "north": ["sub-0001", "sub-0002"],
    "south": ["sub-0003"],
    "fleet": list(SITES),
}


@pytest.mark.parametrize("slo", TARGETS)
@pytest.mark.parametrize("place", PLACES)
def test_events_and_what_follows_from_them_are_exact(report: Report, slo: str, place: str) -> None:
    row = rows(report)[slo, place]
    raw_total, raw_bad, excluded_total, excluded_bad = (
        events(series, slo, PLACES[place]) for series in ("raw_total", "raw_bad", "excluded_total", "excluded_bad")
    )
    total, bad, budget = raw_total - excluded_total, raw_bad - excluded_bad, 1 - TARGETS[slo]

    assert (raw_total, raw_bad) == (float(row["raw_events"]), float(row["raw_bad_events"]))
    assert (excluded_total, excluded_bad) == (float(row["excluded_events"]), float(row["excluded_bad_events"]))
    assert (total, bad) == (float(row["events"]), float(row["bad_events"]))
    assert float(row["sli"]) == pytest.approx(1 - bad / total, rel=1e-12)
    assert float(row["raw_sli"]) == pytest.approx(1 - raw_bad / raw_total, rel=1e-12)
    assert float(row["budget_spent"]) == pytest.approx(bad / total / budget, rel=1e-9)
    assert float(row["raw_budget_spent"]) == pytest.approx(raw_bad / raw_total / budget, rel=1e-9)
    assert row["compliant"] == ("yes" if bad <= budget * total else "no")


def test_each_day_holds_the_events_of_its_own_midnights(report: Report) -> None:
    """Also the 26th, which has 25 hours."""
    (availability, _) = report.objectives
    site = next(one for one in availability.sites if one.site == "sub-0001")
    truth: dict[dt.date, float] = defaultdict(float)
    for name, labels, at, value in SAMPLES:
        if (name, labels.get("slo"), labels["site"]) == ("slo:raw_total:increase", "availability", "sub-0001"):
            truth[dt.datetime.fromtimestamp(at - 1, BERLIN).date()] += value

    assert {day.date: truth[day.date] for day in report.days} == {
        day.date: tally.raw_total for day, tally in zip(report.days, site.days, strict=True)
    }
    assert [day.seconds for day in report.days if day.seconds != 86_400] == [90_000]


@pytest.mark.parametrize(("place", "missing"), [("sub-0001", 0), ("sub-0003", DOWN[2] - DOWN[1]), ("fleet", None)])
def test_coverage_is_the_share_of_time_with_data(report: Report, place: str, missing: int | None) -> None:
    recorded = sum(
        name == "slo:raw_total:increase" and labels["slo"] == "availability" and START < at <= END
        for name, labels, at, _ in SAMPLES
        if labels["site"] in PLACES[place]
    )
    sites = 5 if place == "fleet" else 1
    coverage = float(rows(report)["availability", place]["coverage"])

    assert coverage == pytest.approx(recorded / (sites * (END - START) / INTERVAL), rel=1e-12)
    if missing is not None:
        assert coverage == pytest.approx(1 - missing / (END - START), abs=1e-3)


@pytest.mark.parametrize("site", ["sub-0004", "sub-0005"])
def test_a_site_without_data_is_unknown(report: Report, site: str) -> None:
    row = rows(report)["availability", site]

    assert ("unknown", "", "", "0.0") == tuple(row[name] for name in ("compliant", "sli", "budget_spent", "coverage"))


def test_the_fleet_counts_its_sites(report: Report) -> None:
    row = rows(report)["availability", "fleet"]
    verdicts = [one["compliant"] for (slo, _), one in rows(report).items() if slo == "availability" and one["site"]]

    assert ["5", *(str(verdicts.count(verdict)) for verdict in ("yes", "no", "unknown"))] == [
        row[name] for name in ("sites", "sites_compliant", "sites_not_compliant", "sites_unknown")
    ]
    assert (2, 1, 2) == tuple(verdicts.count(verdict) for verdict in ("yes", "no", "unknown"))


def test_overlapping_exclusions_count_once_and_are_all_named(report: Report) -> None:
    site = {slo: rows(report)[slo, "sub-0001"] for slo in TARGETS}

    assert ("line-works", WORK[2] - WORK[1]) == (
        site["availability"]["exclusions"],
        float(site["availability"]["excluded_seconds"]),
    )
    assert ("line-works;tuning", TUNING[2] - WORK[1]) == (
        site["latency-p99"]["exclusions"],
        float(site["latency-p99"]["excluded_seconds"]),
    )
    assert rows(report)["latency-p99", "sub-0002"]["exclusions"] == ""


def test_a_running_month_is_reported_up_to_now(prometheus: str) -> None:
    now = START + 10 * 86_400 + 40_000
    row = rows(collect(Client(prometheus), request(now=now + 0.7)))["availability", "fleet"]

    assert (
        events("raw_total", "availability", SITES, end=now),
        events("raw_bad", "availability", SITES, end=now),
    ) == (
        float(row["raw_events"]),
        float(row["raw_bad_events"]),
    )
    assert row["until"] == dt.datetime.fromtimestamp(now, BERLIN).isoformat()


def test_a_site_alone_is_asked_for_by_name(prometheus: str) -> None:
    found = rows(collect(Client(prometheus), request(site="sub-0002", slo="availability")))

    assert {("availability", "sub-0002"), ("availability", "north"), ("availability", "fleet")} == set(found)
    assert events("raw_bad", "availability", ["sub-0002"]) == float(
        found["availability", "sub-0002"]["raw_bad_events"]
    )


def test_at_a_site_there_is_one_row_named_after_the_site(serve: Serve) -> None:
    """Its own server does not name the site in its series, but knows it."""
    labels = {"slo": "availability", "service": "power"}
    samples: list[Sample] = [("site_info", {"site": "sub-0007", "region": "west"}, END, 1)]
    for at in range(START + INTERVAL, END + 1, INTERVAL):
        samples += [
            ("slo:raw_total:increase", labels, at, 10),
            ("slo:raw_bad:increase", labels, at, 0),
            ("slo:objective:ratio", labels, at, 0.999),
        ]
    client = Client(serve(samples))

    assert [("availability", "sub-0007")] == list(rows(collect(client, request())))
    assert [("availability", "gate 4")] == list(rows(collect(client, request(site="gate 4"))))
    (row,) = rows(collect(client, request())).values()
    assert ("yes", "1.0", "0.0") == (row["compliant"], row["coverage"], row["budget_spent"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--interval=0s"], "'0s' is not a duration"),
        (["--period=2025-14"], "write a month as 2026-10"),
        (["--time-zone=Mars"], "write its IANA name"),
        (["--period=2999-01"], "the period 2999-01 has not begun; it does at 2999-01-01 00:00 UTC"),
        (["--period=2025-10", "--slo=other"], "has no objectives for 2025-10; see whether it loads"),
        (["--out=a", "--out-dir=b"], "leave one of them out"),
        (["--period=2025-10", "--out=/dev/null/a"], "cannot be written: File exists; name another with --out"),
    ],
)
def test_what_cannot_be_reported_is_explained(prometheus: str, options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["slo", "report", f"--prometheus={prometheus}", *options])

    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


def test_the_command_writes_every_format(prometheus: str, tmp_path: Any) -> None:  # noqa: ANN401 - a Path
    asked = ["slo", "report", f"--prometheus={prometheus}", "--period=2025-10", "--time-zone=Europe/Berlin"]
    result = CliRunner().invoke(app, [*asked, "--interval=5m", f"--out-dir={tmp_path}"])

    assert result.exit_code == 0, result.output
    assert ["slo-2025-10.csv", "slo-2025-10.html", "slo-2025-10.json", "slo-2025-10.md"] == sorted(
        path.name for path in tmp_path.iterdir()
    )
    content = json.loads((tmp_path / "slo-2025-10.json").read_text())
    assert content["complete"] is True
    assert "2 of 3 sites met the objective (66.6 %); 2 without data." in (tmp_path / "slo-2025-10.md").read_text()
