"""A report as one HTML file that needs no other: readable, printable, and by ear too."""

from __future__ import annotations

from importlib.resources import files
from itertools import zip_longest
from typing import TYPE_CHECKING

from gridobs.slo.report import figures, plots
from gridobs.slo.report.markup import document, el
from gridobs.slo.report.model import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

    from gridobs.slo.report.model import ObjectiveReport, Report, Result

_LEGEND = (
    "In the plots, a dashed red line is what the objective allows, a red bar is a day above it, a dotted line is the "
    "budget had nothing been excluded, and a grey column is a day without data."
)


def render(report: Report, *, worst: int) -> str:
    """The report, with at most ``worst`` sites of each objective."""
    title = f"Objectives, {report.period.name}"
    style = files(__package__).joinpath("report.css").read_text("utf-8")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", title),
        el("style", style),
    )
    body = el(
        "body",
        el(
            "main",
            el("h1", title),
            el("p", figures.span(report), class_="quiet" if report.complete else "note"),
            el("p", f"From {report.source}", class_="quiet"),
            _summary(report),
            el("p", _LEGEND, class_="quiet"),
            *(_objective(report, objective, worst) for objective in report.objectives),
        ),
    )
    return document(el("html", head, body, lang="en"))


def _summary(report: Report) -> Element:
    rows = [
        el(
            "tr",
            el("th", el("a", one.slo, href=f"#{one.slo}"), scope="row"),
            el("td", figures.target(one.summary.target)),
            *_cells(one.summary),
        )
        for one in report.objectives
    ]
    return _table(["objective", "target"], rows)


def _objective(report: Report, objective: ObjectiveReport, worst: int) -> Element:
    summary, shown = objective.summary, objective.sites[:worst]
    owner = f", owner {objective.owner}" if objective.owner else ""
    target = figures.target(summary.target)
    rest = f"The worst {len(shown)} of {len(objective.sites)} sites; all of them are in the CSV."
    excluded = figures.exclusions(summary)
    return el(
        "section",
        el("h2", objective.slo),
        el("p", f"Service {objective.service}{owner}. Target {target}.", class_="quiet"),
        el("p", figures.compliance(objective)) if objective.fleet else None,
        *(el("p", note, class_="note") for note in objective.notes),
        _figures(report, summary, f"{objective.slo}, {figures.place(summary)}"),
        _places(objective, shown),
        el("p", rest, class_="quiet") if len(shown) < len(objective.sites) else None,
        el("h3", "Excluded") if excluded else None,
        el("ul", *(el("li", one) for one in excluded)) if excluded else None,
        *(_worst(report, objective, shown) if objective.fleet else ()),
        _daily(report, summary),
        id=objective.slo,
    )


def _figures(report: Report, result: Result, name: str) -> Element:
    return el(
        "div",
        el("figure", el("figcaption", "Share of bad events by day"), plots.error_ratio(result, report.days, name)),
        el("figure", el("figcaption", "Budget left"), plots.budget_left(result, report.days, name)),
        class_="plots",
    )


def _worst(report: Report, objective: ObjectiveReport, shown: Sequence[Result]) -> Iterable[Element]:
    """The budget of each of the sites that have one."""
    drawn = [site for site in shown if site.verdict is not Verdict.UNKNOWN]
    if not drawn:
        return
    yield el("h3", "Budget left, the worst sites first")
    yield el(
        "div",
        *(
            el(
                "figure",
                el("figcaption", f"{figures.place(site)} ", _badge(site.verdict)),
                plots.budget_left(site, report.days, f"{objective.slo}, {figures.place(site)}", plots.NARROW),
            )
            for site in drawn
        ),
        class_="small plots",
    )


def _places(objective: ObjectiveReport, shown: Sequence[Result]) -> Element:
    above = [one for one in (objective.fleet, *objective.regions) if one]
    rows = [
        el(
            "tr",
            el("th", figures.place(one), scope="row"),
            *_cells(one),
            class_=None if one.level is Level.SITE else "above",
        )
        for one in (*above, *shown)
    ]
    return _table(["place"], rows)


def _daily(report: Report, result: Result) -> Element:
    """The plots as a table."""
    left = result.budget_left() or []
    rows = [
        el(
            "tr",
            el("th", str(day.date), scope="row"),
            el("td", figures.events(tally.total) if tally.evaluations else figures.NO_DATA),
            el("td", figures.events(tally.bad) if tally.evaluations else figures.NO_DATA),
            el("td", figures.bad(tally.error_ratio)),
            el("td", figures.covered(remaining)),
        )
        for day, tally, remaining in zip_longest(report.days, result.days, left)
    ]
    head = ("day", "events", "bad", "bad share", "budget left at its end")
    return el("details", el("summary", f"By day, {figures.place(result)}"), _grid(head, rows))


def _cells(result: Result) -> list[Element]:
    return [
        el("td", _badge(result.verdict) if title == "compliant" else text(result)) for title, text in figures.COLUMNS
    ]


def _badge(verdict: Verdict) -> Element:
    return el("span", verdict.value, class_=verdict.value)


def _table(first: Sequence[str], rows: Sequence[Element]) -> Element:
    return _grid([*first, *(title for title, _ in figures.COLUMNS)], rows)


def _grid(titles: Iterable[str], rows: Sequence[Element]) -> Element:
    head = el("thead", el("tr", *(el("th", title, scope="col") for title in titles)))
    return el("div", el("table", head, el("tbody", *rows)), class_="scroll")
