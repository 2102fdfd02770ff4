"""A report as CSV, with every site, and as JSON, with every day."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

from gridobs.slo.report.model import Level, Verdict

if TYPE_CHECKING:
    from gridobs.slo.report.model import ObjectiveReport, Report, Result


def render(report: Report) -> str:
    """One row for each objective and place. Numbers are whole precision; empty is no data."""
    text = io.StringIO()
    rows = [_row(report, objective, one) for objective in report.objectives for one in objective.results]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def render_json(report: Report) -> str:
    """The same rows as objects, each with its days."""
    rows = [
        _row(report, objective, one)
        | {
            "compliant": None if one.verdict is Verdict.UNKNOWN else one.verdict is Verdict.YES,
            "exclusions": dict(one.exclusions),
            "days": _days(report, one),
        }
        for objective in report.objectives
        for one in objective.results
    ]
    notes = {one.slo: list(one.notes) for one in report.objectives if one.notes}
    content = {"source": report.source, "complete": report.complete, "notes": notes, "results": rows}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _row(report: Report, objective: ObjectiveReport, one: Result) -> dict[str, Any]:
    tally = one.tally
    of_sites = one.level is Level.FLEET
    return {
        "period": report.period.name,
        "from": _time(report, report.days[0].start),
        "until": _time(report, report.until),
        "level": one.level.value,
        "slo": objective.slo,
        "service": objective.service,
        "owner": objective.owner,
        "region": one.region,
        "site": one.site,
        "objective": None if one.target is None else float(one.target),
        "events": _number(tally.total),
        "bad_events": _number(tally.bad),
        "sli": one.sli,
        "budget_spent": one.budget_spent,
        "raw_events": _number(tally.raw_total),
        "raw_bad_events": _number(tally.raw_bad),
        "raw_sli": one.raw_sli,
        "raw_budget_spent": one.raw_budget_spent,
        "compliant": one.verdict.value,
        "coverage": one.coverage,
        "excluded_seconds": _number(one.excluded_seconds),
        "excluded_events": _number(tally.excluded_total),
        "excluded_bad_events": _number(tally.excluded_bad),
        "exclusions": ";".join(one.exclusions),
        "sites": one.sites,
        "sites_compliant": objective.count(Verdict.YES) if of_sites else None,
        "sites_not_compliant": objective.count(Verdict.NO) if of_sites else None,
        "sites_unknown": objective.count(Verdict.UNKNOWN) if of_sites else None,
    }


def _days(report: Report, one: Result) -> list[dict[str, Any]]:
    return [
        {
            "date": day.date.isoformat(),
            "seconds": day.seconds,
            "raw_events": _number(tally.raw_total),
            "raw_bad_events": _number(tally.raw_bad),
            "excluded_events": _number(tally.excluded_total),
            "excluded_bad_events": _number(tally.excluded_bad),
            "evaluations": _number(tally.evaluations),
        }
        for day, tally in zip(report.days, one.days, strict=True)
    ]


def _time(report: Report, at: int) -> str:
    return dt.datetime.fromtimestamp(at, report.period.zone).isoformat()


def _number(value: float) -> float | int:
    """Whole numbers as such."""
    return int(value) if value == int(value) else value
