"""Operations between two sets of series: each series must meet exactly one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.lint.expression import is_vector, operator_of
from gridobs.slo.lint.labels import kept_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridobs.slo.lint.expression import Expression, Node
    from gridobs.slo.lint.finding import Finding
    from gridobs.slo.lint.labels import Labels

_SET_OPERATORS = frozenset({"and", "or", "unless"})


def check(expression: Expression) -> list[Finding]:
    findings = []
    for node, _ in expression.nodes():
        if not isinstance(node.expr, promql.BinaryExpr) or not all(map(is_vector, node.children)):
            continue
        fault = _fault(node, node.expr)
        if fault:
            message, cure = fault
            findings.append(expression.finding(Code.JOIN_NOT_ONE_TO_ONE, message, cure, at=node))
    return findings


def _fault(node: Node, expr: promql.BinaryExpr) -> tuple[str, str] | None:
    """What is wrong with a join, and the cure."""
    operator, modifier = operator_of(expr), expr.modifier
    left, right = (kept_labels(child) for child in node.children)
    matching = modifier.matching if modifier else None
    named = frozenset(matching.labels) if matching else frozenset[str]()
    on = matching is not None and matching.type == promql.LabelModifierType.Include
    if operator == "or" or (operator in _SET_OPERATORS and None in {left, right} and not on):
        return None
    if on:
        return _lost(operator, named, left, right) or (
            None if operator in _SET_OPERATORS else _not_unique_on(operator, expr, named, (left, right))
        )
    if left is None or right is None:
        return (
            f"'{operator}' joins series that are not aggregated: those without a partner drop out",
            f"aggregate both sides by the same labels, as sum by (site) (...) {operator} sum by (site) (...)",
        )
    if left - named != right - named:
        return (
            f"'{operator}' joins series by ({_text(left)}) with series by ({_text(right)}): they never match",
            "aggregate both sides by the same labels",
        )
    if operator not in _SET_OPERATORS and (left | right) & named:
        ignored = _text((left | right) & named)
        return (
            f"'{operator} ignoring ({ignored})' joins series that differ in ({ignored}): several meet one",
            "aggregate both sides by the same labels and leave 'ignoring' out",
        )
    return None


def _lost(operator: str, named: frozenset[str], left: Labels, right: Labels) -> tuple[str, str] | None:
    gone = frozenset[str]().union(*(named - side for side in (left, right) if side is not None))
    if not gone:
        return None
    return (
        f"'{operator} on ({_text(named)})' needs ({_text(gone)}), which an aggregation beside it drops",
        f"write by ({_text(named)}) in the aggregations on both sides",
    )


def _not_unique_on(
    operator: str, expr: promql.BinaryExpr, named: frozenset[str], sides: tuple[Labels, Labels]
) -> tuple[str, str] | None:
    """Series of a side that must be one for each match, and may be several."""
    card = expr.modifier.card if expr.modifier else promql.VectorMatchCardinality.OneToOne
    left, right = sides
    single: Iterable[Labels] = sides
    if card == promql.VectorMatchCardinality.ManyToOne:
        single = (right,)
    elif card == promql.VectorMatchCardinality.OneToMany:
        single = (left,)
    if all(side is not None and side <= named for side in single):
        return None
    return (
        f"'{operator} on ({_text(named)})' may meet several series for each ({_text(named)})",
        f"aggregate by ({_text(named)}) what must be one",
    )


def _text(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels))
