"""Queries whose events cannot be counted exactly, only estimated from their rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.lint.expression import function_of, is_vector, is_window, operator_of

if TYPE_CHECKING:
    from gridobs.slo.lint.expression import Expression, Node
    from gridobs.slo.lint.finding import Finding


def check(expression: Expression) -> list[Finding]:
    if _is_linear(expression.root):
        return []
    message = "the events of this query can only be estimated from its rate, not counted"
    cure = "write sums, differences and multiples of rate() or increase() of plain counters"
    return [expression.finding(Code.ESTIMATED_EVENTS, message, cure, warning=True)]


def _is_linear(node: Node) -> bool:
    """Whether it adds up increases of counters, so that the parts of a window add up to the whole."""
    node = node.bare()
    expr = node.expr
    if isinstance(expr, promql.AggregateExpr):
        return function_of(expr) == "sum" and _is_linear(node.children[-1])
    if isinstance(expr, promql.Call):
        argument = node.children[0].bare().expr if node.children else None
        return (
            function_of(expr) in {"increase", "rate"}
            and isinstance(argument, promql.MatrixSelector)
            and is_window(argument.range)
            and argument.vector_selector.offset is None
            and argument.vector_selector.at is None
        )
    if isinstance(expr, promql.BinaryExpr):
        return _is_linear_operation(operator_of(expr), node.children)
    return False


def _is_linear_operation(operator: str, sides: tuple[Node, ...]) -> bool:
    vectors = [side for side in sides if is_vector(side)]
    if not all(map(_is_linear, vectors)):
        return False
    if len(vectors) == len(sides):
        return operator in {"+", "-"}
    return operator == "*" or (operator == "/" and vectors == [sides[0]])
