"""Burn-rate alerts: one rule per severity, firing when any of its tiers is exceeded over both windows."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gridobs import conventions
from gridobs.rules.model import AlertRule
from gridobs.slo.promql import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.model import Objective
    from gridobs.slo.windows import Tier

_URGENCY = {
    conventions.SEVERITY_PAGE: "act now",
    conventions.SEVERITY_TICKET: "look into it within a working day",
}
_JOIN = f"on ({conventions.LABEL_SLO}, {conventions.LABEL_SERVICE})"


def burn_alerts(objective: Objective, tiers: Sequence[Tier], *, hold: str) -> tuple[AlertRule, ...]:
    """The alerts of ``objective``, the most urgent first; a severity without a tier has none."""
    return tuple(
        AlertRule(
            alert=conventions.burn_alert(objective.name),
            expr="\nor\n".join(_condition(objective, tier) for tier in tiers if tier.severity == severity),
            hold=hold,
            labels={
                **objective.identity.labels,
                conventions.LABEL_SEVERITY: severity,
                conventions.LABEL_SCOPE: conventions.SCOPE_SITE,
            },
            annotations=_annotations(objective, urgency),
        )
        for severity, urgency in _URGENCY.items()
        if any(tier.severity == severity for tier in tiers)
    )


def _condition(objective: Objective, tier: Tier) -> str:
    """Coverage weighs the long window: time without data has spent no budget (ADR 0003)."""
    series, limit = objective.identity.series, number(tier.factor * Fraction(objective.budget))
    long = series(conventions.slo_error_ratio(tier.long))
    coverage = series(conventions.slo_window_coverage(tier.long))
    short = series(conventions.slo_error_ratio(tier.short))
    return f"(\n  {long} * {_JOIN} {coverage} > {limit}\n  and {_JOIN}\n  {short} > {limit}\n)"


def _annotations(objective: Objective, urgency: str) -> dict[str, str]:
    series = objective.identity.series
    burn = _value(series(conventions.SLO_CURRENT_BURN_RATE), 'printf "%.1f"')
    left = _value(series(conventions.SLO_PERIOD_BUDGET_REMAINING), "humanizePercentage")
    period = objective.table.period
    described = (
        f"Burn rate {burn}, where 1 spends the whole budget in {period}; budget left {left}. "
        f"Objective: {number(objective.target * 100)}% good events over {period}. {objective.description}"
    )
    return {
        "summary": f"{objective.title} is spending its error budget too fast; {urgency}.",
        "description": described.strip(),
        **({"runbook_url": objective.runbook} if objective.runbook else {}),
    }


def _value(selector: str, form: str) -> str:
    """A template for the value of one series as it is when the alert is evaluated."""
    return f"{{{{ with query `{selector}` }}}}{{{{ . | first | value | {form} }}}}{{{{ else }}}}unknown{{{{ end }}}}"
