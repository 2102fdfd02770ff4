"""``or vector(0)``: no data turned into a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.lint.expression import function_of, operator_of
from gridobs.slo.lint.labels import kept_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridobs.slo.lint.expression import Expression, Node
    from gridobs.slo.lint.finding import Finding

_CURE = "remove 'or vector(...)'; a bad or good series that is missing counts as 0 events anyway"


def check(expressions: Sequence[Expression]) -> list[Finding]:
    """An error when only some of the queries of an indicator have it, or when it loses labels; else a warning."""
    found = {expression.role: _fallbacks(expression) for expression in expressions}
    lacking = [role for role, fallbacks in found.items() if not fallbacks]
    findings = []
    for expression in expressions:
        for fallback in found[expression.role]:
            guarded, _ = fallback.children
            labels = kept_labels(guarded)
            if lacking:
                without = " and ".join(lacking)
                message = (
                    f"{expression.role} falls back on a number and {without} does not: no data is taken for events"
                )
            elif labels != frozenset():
                message = "the number that is fallen back on has none of the labels of what it stands for"
            else:
                message = "no data becomes no events: what has gone looks idle"
            findings.append(
                expression.finding(
                    Code.ONE_SIDED_FALLBACK,
                    message,
                    _CURE,
                    at=fallback,
                    warning=not lacking and labels == frozenset(),
                )
            )
    return findings


def _is_fallback(node: Node) -> bool:
    """Whether it is ``... or vector(...)``."""
    if not isinstance(node.expr, promql.BinaryExpr) or operator_of(node.expr) != "or":
        return False
    last = node.children[1].bare().expr
    return isinstance(last, promql.Call) and function_of(last) == "vector"


def _fallbacks(expression: Expression) -> list[Node]:
    return [node for node, _ in expression.nodes() if _is_fallback(node)]
