"""Which labels a part of a query can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.slo.lint.expression import function_of, is_vector, operator_of

if TYPE_CHECKING:
    from gridobs.slo.lint.expression import Node

Labels = frozenset[str] | None
"""None is any: those of the series themselves."""

_NONE: frozenset[str] = frozenset()
_SELECTING = frozenset({"bottomk", "limitk", "limit_ratio", "topk"})
_RELABELLING = frozenset({"label_join", "label_replace"})


def kept_labels(node: Node) -> Labels:
    """The labels that series of ``node`` can have at most."""
    node = node.bare()
    expr = node.expr
    if isinstance(expr, promql.AggregateExpr):
        return _of_aggregation(expr, kept_labels(node.children[-1]))
    if isinstance(expr, promql.BinaryExpr):
        return _of_binary(expr, node)
    if isinstance(expr, promql.Call):
        return _of_call(expr, node)
    if isinstance(expr, promql.UnaryExpr | promql.SubqueryExpr):
        return kept_labels(node.children[0])
    return None if is_vector(node) else _NONE


def _of_aggregation(expr: promql.AggregateExpr, below: Labels) -> Labels:
    if str(expr.op) in _SELECTING:
        return below
    if str(expr.op) == "count_values":
        return None
    if expr.modifier is None:
        return _NONE
    named = frozenset(expr.modifier.labels)
    if expr.modifier.type == promql.AggModifierType.By:
        return named if below is None else named & below
    return None if below is None else below - named


def _of_call(expr: promql.Call, node: Node) -> Labels:
    below = next((child for child in node.children if is_vector(child)), None)
    if below is None:
        return _NONE
    labels = kept_labels(below)
    if labels is None or function_of(expr) in _RELABELLING:
        return None
    return labels - {"le"} if function_of(expr) == "histogram_quantile" else labels


def _of_binary(expr: promql.BinaryExpr, node: Node) -> Labels:
    left, right = node.children
    if not is_vector(left) or not is_vector(right):
        return kept_labels(left if is_vector(left) else right)
    lhs, rhs = kept_labels(left), kept_labels(right)
    if operator_of(expr) in {"and", "unless"}:
        return lhs
    if operator_of(expr) == "or":
        return None if lhs is None or rhs is None else lhs | rhs
    modifier = expr.modifier
    card = modifier.card if modifier else promql.VectorMatchCardinality.OneToOne
    if modifier and card != promql.VectorMatchCardinality.OneToOne:
        many = lhs if card == promql.VectorMatchCardinality.ManyToOne else rhs
        return None if many is None else many | frozenset(modifier.group_labels or ())
    if modifier and modifier.matching and modifier.matching.type == promql.LabelModifierType.Include:
        on = frozenset(modifier.matching.labels)
        return on if lhs is None else on & lhs
    return lhs if lhs is not None else rhs
