"""Counters need rate() or increase(), nothing else does, and sums come after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.lint.expression import function_of
from gridobs.slo.promql import WINDOW

if TYPE_CHECKING:
    from gridobs.slo.lint.expression import Expression, Node, Selector
    from gridobs.slo.lint.finding import Finding

_SUFFIXES = ("_total", "_count", "_sum", "_bucket")
_SUFFIXES_TEXT = "_total, _count, _sum or _bucket"
_OF_COUNTERS = frozenset({"increase", "irate", "rate"})
_OF_GAUGES = frozenset({"delta", "deriv", "holt_winters", "idelta", "predict_linear"})
_OF_NATIVE_HISTOGRAMS = frozenset({"histogram_count", "histogram_fraction", "histogram_quantile", "histogram_sum"})
_OF_PRESENCE = frozenset(
    {"absent", "absent_over_time", "changes", "count", "count_over_time", "group", "present_over_time", "resets"}
)


def check(expression: Expression) -> list[Finding]:
    """The functions of counters, each on a counter and before any aggregation."""
    findings = []
    for node, above in expression.nodes():
        if not isinstance(node.expr, promql.Call) or function_of(node.expr) not in _OF_COUNTERS:
            continue
        function, argument = function_of(node.expr), node.children[0].bare()
        if isinstance(argument.expr, promql.SubqueryExpr):
            findings += _of_subquery(expression, function, argument)
        elif isinstance(argument.expr, promql.MatrixSelector):
            around = [function_of(one.expr) for one in above if isinstance(one.expr, promql.Call)]
            selector = next(one for one in expression.selectors() if one.above[-1] is argument)
            findings += _of_selector(expression, function, selector, native=bool(_OF_NATIVE_HISTOGRAMS & set(around)))
    return findings


def check_raw(expression: Expression) -> list[Finding]:
    """Counters that are read as if they were not: their value is events since the process started."""
    findings = []
    for selector in expression.selectors():
        functions = selector.functions
        if not selector.name.endswith(_SUFFIXES) or ":" in selector.name:
            continue
        if functions[:1] and functions[0] in _OF_GAUGES:
            message = (
                f"{functions[0]}() is for gauges, and {selector.name} is a counter: a restart counts as negative"
            )
        elif _OF_COUNTERS & set(functions) or _OF_PRESENCE & set(functions[:1]):
            continue
        else:
            message = f"the counter {selector.name} is read without rate()"
        cure = f"write rate({selector.name}{WINDOW})"
        findings.append(expression.finding(Code.NOT_A_COUNTER, message, cure, at=selector))
    return findings


def _of_subquery(expression: Expression, function: str, argument: Node) -> list[Finding]:
    aggregated = [node for node, _ in argument.walk() if isinstance(node.expr, promql.AggregateExpr)]
    if not aggregated:
        return []
    message = (
        f"{function}() of {function_of(aggregated[0].expr)}(): the restart of one process looks like a burst of all"  # type: ignore[arg-type]  # only aggregations are in the list
    )
    cure = f"write {function}() first and sum what it gives: sum({function}(...{WINDOW}))"
    return [expression.finding(Code.SUM_BEFORE_RATE, message, cure, at=argument)]


def _of_selector(expression: Expression, function: str, selector: Selector, *, native: bool) -> list[Finding]:
    name = selector.name
    if ":" in name:
        message = f"{function}() of the recorded series {name}: aggregated counters hide which process restarted"
        cure = f"write {function}() of the counter that the rule reads, and sum what it gives"
        return [expression.finding(Code.SUM_BEFORE_RATE, message, cure, at=selector)]
    if not name or name.endswith(_SUFFIXES) or native:
        return []
    message = f"{function}() of {name}, whose name is not that of a counter"
    cure = f"count with a counter, whose name ends in {_SUFFIXES_TEXT}"
    return [expression.finding(Code.NOT_A_COUNTER, message, cure, at=selector)]
