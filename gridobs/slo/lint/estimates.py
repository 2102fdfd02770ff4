"""Queries whose events cannot be counted exactly, only estimated from their rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.codes import Code
from gridobs.slo.events import exact_events
from gridobs.slo.promql import Query

if TYPE_CHECKING:
    from gridobs.slo.lint.expression import Expression
    from gridobs.slo.lint.finding import Finding

_ANY_INTERVAL = "30s"


def check(expression: Expression, text: str) -> list[Finding]:
    if exact_events(Query.parse(text), _ANY_INTERVAL) is not None:
        return []
    message = "the events of this query can only be estimated from its rate, not counted"
    cure = "write sums, differences and multiples of rate() or increase() of plain counters"
    return [expression.finding(Code.ESTIMATED_EVENTS, message, cure, warning=True)]
