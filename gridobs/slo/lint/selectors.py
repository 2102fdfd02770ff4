"""Selectors that do not say which metric they read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridobs.codes import Code

if TYPE_CHECKING:
    from gridobs.slo.lint.expression import Expression
    from gridobs.slo.lint.finding import Finding


def check(expression: Expression) -> list[Finding]:
    cure = "write the name of the metric before the braces; add selectors up when there are several"
    return [
        expression.finding(Code.NO_METRIC_NAME, "a selector does not name its metric", cure, at=selector)
        for selector in expression.selectors()
        if not selector.name
    ]
