"""Exact event counts: the events of a query since the evaluation before, without the extrapolation of ``rate``.

``rate`` guesses what lies between the last sample and the edge of its window, but never guesses a counter below zero.
So a counter that starts at zero, as after every restart, loses up to the share of the window that lies before its
first sample. The difference of two readings, one evaluation apart, guesses nothing, and the differences of all
evaluations add up to exactly what the counter has counted (ADR 0008).
"""

from __future__ import annotations

from datetime import timedelta

import promql_parser as ast

from gridobs.rules.durations import seconds
from gridobs.slo.promql import PARSED_SECONDS, Query, matcher_text

LOOKBACK = "5m"
"""How long a counter that is not scraped keeps its reading; a longer gap is time without data."""

_COUNTING = frozenset({"rate", "increase"})


class _NotLinearError(Exception):
    """The query is more than sums of counters."""


def exact_events(query: Query, interval: str) -> str | None:
    """PromQL for the events of ``query`` since the evaluation ``interval`` ago.

    None when the query is not made of ``rate`` or ``increase`` of plain selectors by sums, differences and constant
    factors: only those commute with taking differences of readings.
    """
    try:
        return _linear(query.tree(), interval)
    except _NotLinearError:
        return None


def estimated_events(query: Query, interval: str) -> str:
    """PromQL for about as many events: the mean of LOOKBACK for each evaluation. NaN is no value."""
    a_second = "increase(" not in query.template or "rate(" in query.template
    factor = f"* {seconds(interval)}" if a_second else f"* {seconds(interval)} / {seconds(LOOKBACK)}"
    return f"({query.over(LOOKBACK)}) {factor} > -Inf"


def _linear(node: ast.Expr, interval: str) -> str:
    match node:
        case ast.AggregateExpr() if str(node.op) == "sum":
            return f"sum{_grouping(node)}({_linear(node.expr, interval)})"
        case ast.ParenExpr():
            return f"({_linear(node.expr, interval)})"
        case ast.BinaryExpr() if str(node.op) in {"+", "-"} and node.modifier is None:
            return f"{_operand(node.lhs, interval)} {node.op} {_operand(node.rhs, interval)}"
        case ast.BinaryExpr() if str(node.op) in {"*", "/"} and isinstance(node.rhs, ast.NumberLiteral):
            return f"{_operand(node.lhs, interval)} {node.op} {node.rhs.val:.15g}"
        case ast.BinaryExpr() if str(node.op) == "*" and isinstance(node.lhs, ast.NumberLiteral):
            return f"{node.lhs.val:.15g} * {_operand(node.rhs, interval)}"
        case ast.Call() if node.func.name in _COUNTING and isinstance(node.args[0], ast.MatrixSelector):
            return _difference(node.args[0], interval)
        case _:
            raise _NotLinearError


def _operand(node: ast.Expr, interval: str) -> str:
    text = _linear(node, interval)
    return f"({text})" if isinstance(node, ast.Call) else text


def _grouping(node: ast.AggregateExpr) -> str:
    if node.modifier is None:
        return ""
    word = "by" if node.modifier.type == ast.AggModifierType.By else "without"
    return f" {word} ({', '.join(node.modifier.labels)}) "


def _difference(counter: ast.MatrixSelector, interval: str) -> str:
    """The reading now less that of the evaluation before; after a reset, the reading now."""
    selector = counter.vector_selector
    offset = selector.offset or timedelta(0)
    fixed_range = counter.range != timedelta(seconds=PARSED_SECONDS)
    if fixed_range or selector.at is not None or offset < timedelta(0) or selector.matchers.or_matchers:
        raise _NotLinearError
    own = int(offset.total_seconds())
    text = f"{_selector(selector)}[{LOOKBACK}]"
    now = f"last_over_time({text}{f' offset {own}s' if own else ''})"
    before = f"last_over_time({text} offset {own + seconds(interval)}s)"
    return f"({now} - {before} >= 0) or ({now} < {before})"


def _selector(selector: ast.VectorSelector) -> str:
    name, matchers = selector.name or "", ",".join(map(matcher_text, selector.matchers.matchers))
    return f"{name}{{{matchers}}}" if matchers else name
