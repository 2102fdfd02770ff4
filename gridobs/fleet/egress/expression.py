"""What series a PromQL expression can give, from its syntax tree alone.

As Prometheus' engine does it (promql/engine.go: aggregation, VectorBinop and resultMetric; promql/functions.go); a
test holds it against a real one.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.fleet.egress.shape import ABSENT, ANY, NOTHING, ONE, Shape, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = "__name__"
_LE = "le"
_SELECTING = frozenset({"bottomk", "limit_ratio", "limitk", "topk"})
_COUNTING = frozenset({"bottomk", "limitk", "topk"})
_LITERALS = re.compile(r"(?:[A-Za-z0-9_:/ -]|\\[.])*(?:\|(?:[A-Za-z0-9_:/ -]|\\[.])*)*")
_KEEPING = frozenset({
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "changes", "clamp", "clamp_max",
    "clamp_min", "cos", "cosh", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg", "delta",
    "deriv", "double_exponential_smoothing", "exp", "floor", "histogram_avg", "histogram_count",
    "histogram_fraction", "histogram_stddev", "histogram_stdvar", "histogram_sum", "holt_winters", "hour",
    "idelta", "increase", "irate", "ln", "log10", "log2", "minute", "month", "predict_linear", "rad", "rate",
    "resets", "round", "sgn", "sin", "sinh", "sort", "sort_by_label", "sort_by_label_desc", "sort_desc", "sqrt",
    "tan", "tanh", "timestamp", "year",
})  # fmt: skip
"""Functions whose result has the labels of their vector; so has that of every ``*_over_time``."""


def expression_shape(text: str, lookup: Callable[[str], Shape]) -> Shape:
    """The series that ``text`` gives at most, where ``lookup`` tells what series there are of a name.

    Raises:
        ValueError: it is no PromQL.
    """
    return shape_of(promql.parse(text), lookup)


def shape_of(expr: promql.Expr, lookup: Callable[[str], Shape]) -> Shape:
    """As ``expression_shape``, of a tree. A number is one series: it is recorded as one."""
    match expr:
        case promql.VectorSelector() | promql.MatrixSelector():
            return _selected(_selector(expr), lookup)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return shape_of(expr.expr, lookup)
        case promql.AggregateExpr():
            return _aggregated(expr, shape_of(expr.expr, lookup))
        case promql.BinaryExpr():
            return _joined(expr, lookup)
        case promql.Call():
            return _called(expr, lookup)
        case _:
            return ONE


def is_vector(expr: promql.Expr) -> bool:
    """Whether it gives series rather than one number."""
    match expr:
        case promql.Call():
            return bool(expr.func.return_type == promql.ValueType.Vector)
        case promql.BinaryExpr():
            return is_vector(expr.lhs) or is_vector(expr.rhs)
        case promql.ParenExpr() | promql.UnaryExpr():
            return is_vector(expr.expr)
        case _:
            return not isinstance(expr, promql.NumberLiteral | promql.StringLiteral)


def metric_name(selector: promql.VectorSelector) -> str | None:
    """The name that a selector asks for, if it is one."""
    return selector.name or next(
        (one.value for one in selector.matchers.matchers if one.name == _NAME and one.op == promql.MatchOp.Equal),
        None,
    )


def bare(expr: promql.Expr) -> promql.Expr:
    """Without the parentheses around it."""
    while isinstance(expr, promql.ParenExpr):
        expr = expr.expr
    return expr


# --- selectors ------------------------------------------------------------------------------------------------------
def _selected(selector: promql.VectorSelector, lookup: Callable[[str], Shape]) -> Shape:
    name = metric_name(selector)
    found = lookup(name) if name else ANY
    if selector.matchers.or_matchers:
        return found
    for matcher in selector.matchers.matchers:
        if matcher.name != _NAME:
            found = _matched(found, matcher)
    return found


def _selector(expr: promql.VectorSelector | promql.MatrixSelector) -> promql.VectorSelector:
    return expr.vector_selector if isinstance(expr, promql.MatrixSelector) else expr


def _matched(found: Shape, matcher: promql.Matcher) -> Shape:
    wanted = _literals(matcher)
    if wanted is None:
        return found
    if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re):
        return found.narrow(matcher.name, wanted)
    return found.filter(matcher.name, lambda value: value not in wanted)


def _literals(matcher: promql.Matcher) -> frozenset[str] | None:
    """The values a matcher names, if it names them one by one."""
    if matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual):
        return frozenset({matcher.value})
    if not _LITERALS.fullmatch(matcher.value):
        return None
    return frozenset(part.replace("\\", "") for part in matcher.value.split("|"))


# --- aggregations ---------------------------------------------------------------------------------------------------
def _aggregated(expr: promql.AggregateExpr, below: Shape) -> Shape:
    operator = str(expr.op)
    if operator in _SELECTING:
        few = expr.param.val if isinstance(expr.param, promql.NumberLiteral) else math.inf
        counted = operator in _COUNTING and expr.modifier is None and math.isfinite(few)
        return below.at_most(max(0, int(few))) if counted else below
    grouped = _grouped(expr.modifier, below)
    if isinstance(expr.param, promql.StringLiteral) and grouped != NOTHING:  # count_values
        return grouped.put(expr.param.val, None)
    return grouped


def _grouped(modifier: promql.AggModifier | None, below: Shape) -> Shape:
    if modifier is None:
        return below.keep(())
    named = [label for label in modifier.labels if label != _NAME]
    return below.keep(named) if modifier.type == promql.AggModifierType.By else below.drop(named)


# --- operators ------------------------------------------------------------------------------------------------------
def _joined(expr: promql.BinaryExpr, lookup: Callable[[str], Shape]) -> Shape:
    left, right = shape_of(expr.lhs, lookup), shape_of(expr.rhs, lookup)
    if not is_vector(expr.lhs) or not is_vector(expr.rhs):
        return right if is_vector(expr.rhs) else left
    operator = str(expr.op)
    if operator == "or":
        return left | right
    if operator == "unless":
        return left
    if NOTHING in (left, right) and not _fills(expr.modifier):
        return NOTHING
    return left if operator == "and" else _calculated(expr.modifier, left, right)


def _fills(modifier: promql.BinModifier | None) -> bool:
    """Whether a series without a partner is given one, as Prometheus 3 can."""
    return modifier is not None and (modifier.fill_values.lhs, modifier.fill_values.rhs) != (None, None)


def _calculated(modifier: promql.BinModifier | None, left: Shape, right: Shape) -> Shape:
    if modifier is None:
        return left
    if _fills(modifier):
        left = right = left | right
    if modifier.card == promql.VectorMatchCardinality.ManyToOne:
        return _included(modifier, left, right)
    if modifier.card == promql.VectorMatchCardinality.OneToMany:
        return _included(modifier, right, left)
    return _matching(modifier, left)


def _matching(modifier: promql.BinModifier, side: Shape) -> Shape:
    """The labels that a match of one to one leaves."""
    if modifier.matching is None:
        return side
    on = modifier.matching.type == promql.LabelModifierType.Include
    return side.keep(modifier.matching.labels) if on else side.drop(modifier.matching.labels)


def _included(modifier: promql.BinModifier, many: Shape, one: Shape) -> Shape:
    for label in modifier.group_labels or ():
        many = many.rename(label, one.values(label))
    return many


# --- functions ------------------------------------------------------------------------------------------------------
def _called(call: promql.Call, lookup: Callable[[str], Shape]) -> Shape:
    name = call.func.name
    if name in {"absent", "absent_over_time"}:
        return _absent(bare(call.args[0]))
    vector = next((argument for argument in call.args if is_vector(argument)), None)
    if vector is None or name in {"scalar", "vector"}:
        return ONE
    below = shape_of(vector, lookup)
    return NOTHING if below == NOTHING else _relabelled(call, below)


def _relabelled(call: promql.Call, below: Shape) -> Shape:
    """What a function makes of the labels of its vector."""
    name = call.func.name
    if name == "histogram_quantile":
        return below.drop([_LE])
    if name == "label_replace":
        target, values = _replaced(below, *(argument.val for argument in call.args[1:]))
        return below if target == _NAME else below.rename(target, values)
    if name == "label_join":
        return below.rename(call.args[1].val, None)
    return below if name in _KEEPING or name.endswith("_over_time") else ANY


def _absent(argument: promql.Expr) -> Shape:
    """One series, with what the selector asks for by ``=``."""
    found = ONE
    if isinstance(argument, promql.VectorSelector | promql.MatrixSelector):
        named = {_NAME}
        for matcher in _selector(argument).matchers.matchers:
            first = matcher.op == promql.MatchOp.Equal and matcher.name not in named
            if matcher.name != _NAME:
                found = found.put(matcher.name, frozenset({matcher.value}) if first else ABSENT)
            if matcher.op == promql.MatchOp.Equal:
                named.add(matcher.name)
    return found


def _replaced(below: Shape, target: str, replacement: str, source: str, pattern: str) -> tuple[str, Values]:
    """The target of a ``label_replace`` and its values; those it had where the pattern may not match."""
    old, read = below.values(target), below.values(source)
    if "$" not in replacement:
        new: Values = frozenset({replacement})
    else:
        new = read if replacement in {"$1", "${1}"} and pattern in {"(.*)", "(.+)"} else None
    always = not pattern and read == ABSENT
    return target, new if always else _either(new, old)


def _either(left: Values, right: Values) -> Values:
    return None if left is None or right is None else left | right


def walk(expr: promql.Expr) -> Iterator[promql.Expr]:
    """A tree and every expression in it."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def children(expr: promql.Expr) -> list[promql.Expr]:
    """The parts of a tree that are expressions, in the order of the text."""
    match expr:
        case promql.BinaryExpr():
            return [expr.lhs, expr.rhs]
        case promql.Call():
            return list(expr.args)
        case promql.AggregateExpr():
            return [*([expr.param] if isinstance(expr.param, promql.Expr) else []), expr.expr]
        case promql.MatrixSelector():
            return [expr.vector_selector]
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [expr.expr]
        case _:
            return []
