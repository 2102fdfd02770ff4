"""What is wrong with queries that Prometheus would accept.

Pure: text in, findings out. One module for each family of checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.slo.lint import buckets, counters, estimates, fallbacks, joins, pairs, selectors
from gridobs.slo.lint.expression import Expression, parse
from gridobs.slo.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

__all__ = ["EVENT_ROLES", "Finding", "check_queries"]

EVENT_ROLES = frozenset({"bad", "good", "total"})
"""Whose queries count events; those of other roles give a value."""


def check_queries(roles: Mapping[str, str], histograms: Mapping[str, Sequence[Decimal]]) -> list[Finding]:
    """What is wrong with the queries of one indicator.

    Args:
        roles: the text of each query by its role: ``bad``, ``good``, ``total``, or one that gives a value.
        histograms: the bucket edges of each declared histogram, by its name without ``_bucket``.
    """
    findings: list[Finding] = []
    events: list[Expression] = []
    for role, text in roles.items():
        counts = role in EVENT_ROLES
        expression, faults = parse(role, text, needs_window=counts)
        findings += faults
        if expression is None:
            continue
        findings += selectors.check(expression)
        findings += counters.check(expression)
        findings += joins.check(expression)
        if counts:
            findings += counters.check_raw(expression)
            findings += buckets.check(expression, histograms)
            events.append(expression)
    findings += fallbacks.check(events)
    if all(finding.warning for finding in findings):
        findings += pairs.check(events)
        findings += [one for expression in events for one in estimates.check(expression, roles[expression.role])]
    return findings
