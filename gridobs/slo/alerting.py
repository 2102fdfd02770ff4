"""The alerts of an objective: one for each severity of burn, and one for missing data."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs import conventions as names
from gridobs.rules.durations import seconds
from gridobs.rules.model import AlertRule
from gridobs.slo.ledger import observed, observed_step
from gridobs.slo.model import Calendar, MissingData, RatioTimeslices, RawRatio
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from gridobs.slo.model import CompileOptions, Objective
    from gridobs.slo.windows import Tier

_URGENCY = {
    names.SEVERITY_PAGE: "act now",
    names.SEVERITY_TICKET: "look into it within a working day",
}
_ON = f"on ({names.LABEL_SLO}, {names.LABEL_SERVICE})"

DEFAULT_MIN_BAD_EVENTS = 2
"""The fewest that one single failure cannot reach."""

_DATA_WINDOW = "1h"
_DATA_MISSING_SECONDS = 360


def burn_alerts(objective: Objective, options: CompileOptions) -> tuple[AlertRule, ...]:
    """The burn alerts, the most urgent first; a severity without a tier has none."""
    tiers = objective.table.reachable(objective.budget)
    return tuple(
        AlertRule(
            alert=names.burn_alert(objective.name),
            expr="\nor\n".join(_condition(objective, tier) for tier in chosen),
            hold=None if objective.hard else options.interval,
            labels=_labels(objective, severity),
            annotations={
                "summary": f"{objective.title} {_what(objective)}; {urgency}.",
                "description": _hard_description(objective) if objective.hard else _burn_description(objective),
                **_links(objective, options),
            },
        )
        for severity, urgency in _URGENCY.items()
        if (chosen := [tier for tier in tiers if _severity(objective, tier) == severity])
    )


def data_alert(objective: Objective, options: CompileOptions) -> tuple[AlertRule, ...]:
    """The alert for time without data while the rules themselves ran; none where missing data is ignored.

    The rules' own objective is recorded at every evaluation, so it tells how many could have had data. Time before
    the rules were there is not missing, so a site that starts within _DATA_MISSING_SECONDS fires nothing.
    """
    if objective.missing_data is MissingData.IGNORE:
        return ()
    series = objective.identity.series
    ran = series(names.SLO_OBJECTIVE)
    found = f"count_over_time({series(observed(objective))}[{_DATA_WINDOW}])"
    could = f"count_over_time({ran}[{_DATA_WINDOW}]) * {seconds(options.interval)}"
    missing = f"{could} - ({found} or 0 * {ran}) * {observed_step(objective, options.interval)}"
    policy = "counts as failed" if objective.missing_data is MissingData.BAD else "spends no budget: nobody knows"
    return (
        AlertRule(
            alert=names.data_alert(objective.name),
            expr=f"{missing} > {_DATA_MISSING_SECONDS}",
            hold=options.interval,
            labels=_labels(objective, names.SEVERITY_TICKET),
            annotations={
                "summary": f"{objective.title} is not being measured; look into it within a working day.",
                "description": (
                    f"{{{{ $value | humanizeDuration }}}} of the last {_DATA_WINDOW} have no data. Time without data"
                    f" {policy}. Are the targets that count its events up and scraped?"
                ),
                **_links(objective, options),
            },
        ),
    )


def min_bad_events(objective: Objective) -> int:
    """Below so many bad events in its long window a tier stays silent; 0 where events are not known."""
    if objective.hard:
        return 1
    if objective.min_bad_events is not None:
        return objective.min_bad_events
    return 0 if _events_unknown(objective) else DEFAULT_MIN_BAD_EVENTS


def _events_unknown(objective: Objective) -> bool:
    return isinstance(objective.indicator, RawRatio) and isinstance(objective.budgeting, RatioTimeslices)


def _severity(objective: Objective, tier: Tier) -> str:
    return names.SEVERITY_TICKET if objective.severity == names.SEVERITY_TICKET else tier.severity


def _condition(objective: Objective, tier: Tier) -> str:
    """Both windows over the pace, on enough bad events.

    Coverage weighs the long window: time without data has spent no budget (ADR 0003).
    """
    series, limit = objective.identity.series, number(tier.factor * Fraction(objective.budget))
    long = series(names.slo_error_ratio(tier.long))
    if objective.missing_data is not MissingData.IGNORE:
        long += f" * {_ON} {series(names.slo_window_coverage(tier.long))}"
    clauses = [f"{long} > {limit}", f"{series(names.slo_error_ratio(tier.short))} > {limit}"]
    if at_least := min_bad_events(objective):
        clauses.append(f"{_bad_events(objective, tier.long)} >= {at_least}")
    return "(\n  " + f"\n  and {_ON}\n  ".join(clauses) + "\n)"


def _bad_events(objective: Objective, window: str) -> str:
    """A slice that is a little bad is less than one event; what then counts are the events within the slices."""
    series = objective.identity.series
    if isinstance(objective.budgeting, RatioTimeslices) and not _events_unknown(objective):
        return f"sum_over_time({series(names.SLO_EVENT_BAD)}[{window}])"
    return series(names.slo_window_bad(window))


def _labels(objective: Objective, severity: str) -> dict[str, str]:
    return {
        **objective.identity.labels,
        names.LABEL_SEVERITY: severity,
        names.LABEL_SCOPE: names.SCOPE_SITE,
    }


def _what(objective: Objective) -> str:
    return "is broken: it allows no bad event" if objective.hard else "is spending its error budget too fast"


def _hard_description(objective: Objective) -> str:
    (tier,) = objective.table.tiers
    bad = objective.identity.series(names.slo_window_bad(tier.long))
    described = (
        f"Bad events within {tier.long}: {_value(bad, 'humanize')}, where none is allowed. {objective.description}"
    )
    return described.strip()


def _burn_description(objective: Objective) -> str:
    series = objective.identity.series
    burn, left = series(names.SLO_CURRENT_BURN_RATE), series(names.SLO_PERIOD_BUDGET_REMAINING)
    exhausted = f"clamp_min({left}, 0) * {seconds(objective.table.period)} / ({burn} > 0)"
    told, pace = _told(objective), _value(burn, 'printf "%.1f"')
    described = (
        f"Burn rate {pace}, where 1 spends the whole budget in {told}; budget left"
        f" {_value(left, 'humanizePercentage')}, gone in {_value(exhausted, 'humanizeDuration')} at this rate."
        f" Objective: {number(objective.target * 100)}% good events over {told}. {objective.description}"
    )
    return described.strip()


def _told(objective: Objective) -> str:
    if isinstance(objective.period, Calendar):
        return {"1d": "a day", "1w": "a week", "1M": "a month", "1Q": "a quarter"}[objective.period.unit]
    return objective.period_label


def _links(objective: Objective, options: CompileOptions) -> dict[str, str]:
    links = {
        "runbook_url": objective.runbook or options.runbooks,
        "dashboard_url": objective.dashboard or options.dashboards,
    }
    return {name: link.replace("{slo}", objective.name) for name, link in links.items() if link}


def _value(expression: str, form: str) -> str:
    """A template for the value of one series as it is when the alert is evaluated."""
    return (
        f"{{{{ with query `{expression}` }}}}{{{{ . | first | value | {form} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
    )
