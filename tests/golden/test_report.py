"""The same report in each format: a small fleet with a gap, an exclusion, a silent site, and names that bite."""

from __future__ import annotations

import json
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gridobs.slo.report import csv, html, markdown
from gridobs.slo.report.model import Level, ObjectiveReport, Report, Tally, combine, site_result, worst_first
from gridobs.slo.report.period import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.slo.report.model import Result

GOLDEN = Path(__file__).parent / "report"
PERIOD = parse("2026-10-24..2026-10-30", "Europe/Berlin")
DAYS = PERIOD.days(PERIOD.start + 4 * 86_400 + 3_600 + 36_000)
"""Four days, of which one has 25 hours, and ten hours of the fifth."""
NASTY = 'a<b>|"&`*_=1+1'


def site(name: str | None, region: str | None, *bad: int | None, excluded: int = 0) -> Result:
    """With 1000 events a day, of which so many were bad; None is a day without data."""
    days = [
        Tally()
        if one is None
        else Tally(
            raw_total=1000,
            raw_bad=one,
            excluded_total=2 * excluded if number == 1 else 0,
            excluded_bad=excluded if number == 1 else 0,
            evaluations=day.seconds / 30,
        )
        for number, (one, day) in enumerate(zip(bad, DAYS, strict=True))
    ]
    return site_result(
        site=name,
        region=region,
        target=Decimal("0.999"),
        days=days,
        expected=(DAYS[-1].end - DAYS[0].start) / 30,
        excluded_seconds=5_400.0 if excluded else 0.0,
        exclusions={"line-works": 5_400.0} if excluded else {},
    )


def fleet() -> ObjectiveReport:
    sites = [
        site("sub-0001", "north", 0, 60, 1, 0, 0, excluded=60),
        site("sub-0002", "north", 0, 9, 1, 0, 2),
        site("sub-0003", "south", 0, None, None, 1, 0),
        site(NASTY, "south", None, None, None, None, None),
    ]
    regions = [
        combine(Level.REGION, [one for one in sites if one.region == region], region=region)
        for region in ("north", "south")
    ]
    return ObjectiveReport(
        slo="power-availability",
        service="power-data-processor",
        owner="grid <data>",
        fleet=combine(Level.FLEET, sites),
        regions=tuple(regions),
        sites=worst_first(sites),
        notes=("The objective was changed in this period; all of it is judged by the last.",),
    )


@pytest.fixture
def report() -> Report:
    one = ObjectiveReport(
        slo="mqtt-availability",
        service="mqtt",
        owner=None,
        fleet=None,
        regions=(),
        sites=(site(None, None, 0, 0, 0, 0, 0),),
    )
    return Report(period=PERIOD, days=DAYS, source="http://hub.example:9090", objectives=(one, fleet()))


RENDERERS: dict[str, Callable[[Report], str]] = {
    "report.md": lambda report: markdown.render(report, worst=3),
    "report.html": lambda report: html.render(report, worst=3),
    "report.csv": csv.render,
    "report.json": csv.render_json,
}


@pytest.mark.parametrize("name", RENDERERS)
def test_a_report_looks_like(name: str, report: Report, matches_golden: Callable[[Path, str], None]) -> None:
    matches_golden(GOLDEN / name, RENDERERS[name](report))


class Page(HTMLParser):
    """What a page names: its elements, ids, links, and everything it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.loads += [given[name] for name in ("src", "srcset", "data") if name in given]
        if tag in {"link", "script", "iframe", "img", "object"}:
            self.loads.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_loads_nothing_and_its_links_lead_somewhere(report: Report) -> None:
    text = html.render(report, worst=3)
    page = Page(text)

    assert page.loads == []
    assert "url(" not in text
    assert "@import" not in text
    assert {f"#{name}" for name in page.ids} >= set(page.links) > set()


def test_a_name_is_never_taken_for_markup(report: Report) -> None:
    page = Page(html.render(report, worst=10))

    assert "b" not in page.tags
    assert NASTY in page.text


def test_every_plot_says_what_it_shows_to_who_cannot_see_it(report: Report) -> None:
    text = html.render(report, worst=10)

    assert text.count("<svg") == text.count('role="img"') == text.count("<desc>") == 7
    assert 'aria-label="Budget left, power-availability, sub-0002: -140 % of the budget left at the end."' in text
    assert "Share of bad events by day, power-availability, fleet: 1 of 5 days above the objective" in text


def test_no_data_is_empty_or_null_and_never_zero(report: Report) -> None:
    rows = json.loads(csv.render_json(report))["results"]
    silent = next(row for row in rows if row["site"] == NASTY)

    assert [None] * 4 == [silent[name] for name in ("sli", "raw_sli", "budget_spent", "compliant")]
    assert silent["coverage"] == 0


def test_figures_do_not_flatter(report: Report) -> None:
    """1 bad of 3000 events is 99.96667 % good, and 33.3333 % of a budget of 3."""
    assert "| 99.9666 % | 33.4 % | 33.4 % | yes |" in markdown.render(report, worst=3)
