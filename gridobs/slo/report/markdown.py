"""A report as Markdown, for a ticket or a wiki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.slo.report import figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gridobs.slo.report.model import ObjectiveReport, Report, Result


def render(report: Report, *, worst: int) -> str:
    """The report, with at most ``worst`` sites of each objective."""
    return "\n".join(_lines(report, worst)) + "\n"


def _lines(report: Report, worst: int) -> Iterator[str]:
    yield f"# Objectives, {_plain(report.period.name)}"
    yield ""
    yield f"{figures.span(report)}. From {_plain(report.source)}."
    yield ""
    yield from _table(
        ["objective", "target"],
        (([one.slo, figures.target(one.summary.target)], one.summary) for one in report.objectives),
    )
    for objective in report.objectives:
        yield ""
        yield from _objective(objective, worst)


def _objective(objective: ObjectiveReport, worst: int) -> Iterator[str]:
    owner = f", owner {_plain(objective.owner)}" if objective.owner else ""
    yield f"## {_plain(objective.slo)}"
    yield ""
    yield f"Service {_plain(objective.service)}{owner}. Target {figures.target(objective.summary.target)}."
    if objective.fleet:
        yield figures.compliance(objective)
    for note in objective.notes:
        yield f"Note: {note}"
    yield ""
    shown = objective.sites[:worst]
    above = [one for one in (objective.fleet, *objective.regions) if one]
    yield from _table(["place"], (([figures.place(one)], one) for one in (*above, *shown)))
    if len(shown) < len(objective.sites):
        yield ""
        yield f"The worst {len(shown)} of {len(objective.sites)} sites; all of them are in the CSV."
    if excluded := figures.exclusions(objective.summary):
        yield ""
        yield from (f"- Excluded: {_plain(one)}" for one in excluded)


def _table(first: Sequence[str], rows: Iterable[tuple[Sequence[str], Result]]) -> Iterator[str]:
    yield _row([*first, *(title for title, _ in figures.COLUMNS)])
    yield _row([*("---" for _ in first), *("---:" for _ in figures.COLUMNS)])
    for cells, result in rows:
        yield _row([*(_plain(cell) for cell in cells), *(text(result) for _, text in figures.COLUMNS)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that Markdown does not take for markup."""
    for special in "\\|<*_`[":
        text = text.replace(special, f"\\{special}")
    return text.replace("\n", " ")
