"""Whether an expression says something of a few devices.

A figure of devices, meters or feeders may leave only while enough of them are behind it. A rule shows that in one of
two ways, and the syntax tree tells which:

- the figure is itself the number of devices, and is compared: ``sum(clients) >= 5``;
- it is there only with such a number: ``sum(x) and on () count(count by (meter) (y)) >= 5``.

A maximum over devices is the reading of one of them, however many there are; no number makes it more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import promql_parser as promql
from gridobs_exporters.names import all_metrics, mqtt

from gridobs import conventions
from gridobs.fleet.egress.expression import bare, children, metric_name, shape_of, walk
from gridobs.fleet.egress.shape import ABSENT, ANY
from gridobs.instrument.catalogue import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridobs.fleet.egress.shape import Shape

_COUNTS = frozenset(
    metric.name
    for metric in (
        mqtt.CLIENTS_CONNECTED, mqtt.CLIENTS_DISCONNECTED, mqtt.SESSIONS, mqtt.SUBSCRIPTIONS, mqtt.TOPICS,
    )
)  # fmt: skip
"""Metrics whose value is a number of devices, or one for each of them."""

_LABELS = frozenset(conventions.DEVICE_LABELS)
_SUMS = frozenset({"max", "min", "sum"})
_SINGLING = frozenset({"bottomk", "limit_ratio", "limitk", "max", "min", "quantile", "topk"})
"""Aggregations that give what one series has, or nearly."""
_SUFFIXES = ("_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True)
class Devices:
    """What is known while the rules of a site are looked at.

    Attributes:
        least: devices that a figure must stand for.
        rules: the expressions that record each name.
        known: the series there are of each recorded name.
    """

    least: int
    rules: Mapping[str, tuple[promql.Expr, ...]]
    known: Mapping[str, Shape]
    _seen: dict[str, bool] = field(default_factory=dict)

    def tells_of_few(self, expr: promql.Expr) -> bool:
        """Whether ``expr`` can say something of fewer devices than must be behind a figure."""
        return self._exposes(expr, mentioned=bool(_LABELS & set(_mentioned(expr))))

    def tells_of_one(self, expr: promql.Expr) -> bool:
        """Whether ``expr`` picks the value of one device out of many, so that no number of them helps."""
        mentioned = bool(_LABELS & set(_mentioned(expr)))
        return any(
            isinstance(node, promql.AggregateExpr)
            and str(node.op) in _SINGLING
            and not _keeps_devices(node)
            and self._is_of_each(node.expr, mentioned=mentioned)
            for node in walk(expr)
        )

    def _is_of_each(self, expr: promql.Expr, *, mentioned: bool) -> bool:
        """Whether each series is that of one device."""
        match expr:
            case promql.VectorSelector():
                name = metric_name(expr)
                known = name in self.rules or name in _COUNTS
                return not known and self._reads(expr, mentioned=mentioned)
            case promql.AggregateExpr() if str(expr.op) not in _SINGLING and not _keeps_devices(expr):
                return False
            case _:
                return any(self._is_of_each(child, mentioned=mentioned) for child in children(expr))

    def _exposes(self, expr: promql.Expr, *, mentioned: bool) -> bool:
        expr = bare(expr)
        if isinstance(expr, promql.VectorSelector):
            return self._reads(expr, mentioned=mentioned)
        if isinstance(expr, promql.BinaryExpr):
            if self._is_enough(expr):
                return False
            if str(expr.op) == "and" and self._covers(expr):
                return False
        return any(self._exposes(child, mentioned=mentioned) for child in children(expr))

    def _reads(self, selector: promql.VectorSelector, *, mentioned: bool) -> bool:
        name = metric_name(selector)
        if name is None:
            return True
        if name in self.rules:
            return self._recorded(name)
        labels = _labels(name)
        return name in _COUNTS or (mentioned if labels is None else bool(_LABELS & labels))

    def _recorded(self, name: str) -> bool:
        if name not in self._seen:
            self._seen[name] = False  # a rule that reads what it records says no more by that
            self._seen[name] = any(self.tells_of_few(expr) for expr in self.rules[name])
        return self._seen[name]

    def _is_enough(self, expr: promql.BinaryExpr) -> bool:
        """Whether it is a number of devices that is at least as large as it must be."""
        if expr.modifier is not None and expr.modifier.return_bool:
            return False
        number, limit, operator = bare(expr.lhs), bare(expr.rhs), str(expr.op)
        if isinstance(number, promql.NumberLiteral):
            number, limit, operator = limit, number, {"<=": ">=", "<": ">"}.get(operator, "")
        if not isinstance(limit, promql.NumberLiteral):
            return False
        least: float = {">=": limit.val, ">": limit.val + 1}.get(operator, 0.0)
        return least >= self.least and self._counts(number)

    def _counts(self, expr: promql.Expr) -> bool:
        """Whether its value is a number of devices, or less."""
        expr = bare(expr)
        match expr:
            case promql.VectorSelector():
                return metric_name(expr) in _COUNTS
            case promql.BinaryExpr() if str(expr.op) == "-":
                return self._counts(expr.lhs)
            case promql.BinaryExpr() if str(expr.op) == "+":
                return self._counts(expr.lhs) and self._counts(expr.rhs)
            case promql.AggregateExpr() if str(expr.op) in _SUMS:
                return self._counts(expr.expr)
            case promql.AggregateExpr() if str(expr.op) == "count":
                return _is_one_for_each(bare(expr.expr), _grouped_by(expr) or frozenset())
            case _:
                return False

    def _covers(self, expr: promql.BinaryExpr) -> bool:
        """Whether what an ``and`` demands is a number of devices for each series of its left side."""
        demanded = bare(expr.rhs)
        if not isinstance(demanded, promql.BinaryExpr) or not self._is_enough(demanded):
            return False
        left, right = (shape_of(side, lambda name: self.known.get(name, ANY)) for side in (expr.lhs, expr.rhs))
        varying = {label for label, values in left.labels.items() if values is None or len(values) > 1}
        joined = {label for label in varying if right.values(label) != ABSENT and _joins_on(expr, label)}
        return not left.others and varying == joined


def _joins_on(expr: promql.BinaryExpr, label: str) -> bool:
    matching = expr.modifier.matching if expr.modifier else None
    if matching is None:
        return True
    on: bool = matching.type == promql.LabelModifierType.Include
    return (label in matching.labels) == on


def _grouped_by(expr: promql.AggregateExpr) -> frozenset[str] | None:
    """The labels an aggregation keeps, None if it says only which it drops."""
    if expr.modifier is None:
        return frozenset()
    return frozenset(expr.modifier.labels) if expr.modifier.type == promql.AggModifierType.By else None


def _keeps_devices(expr: promql.AggregateExpr) -> bool:
    """Whether devices stay apart in an aggregation."""
    if expr.modifier is None:
        return False
    named = bool(_LABELS & set(expr.modifier.labels))
    return named if expr.modifier.type == promql.AggModifierType.By else not named


def _is_one_for_each(expr: promql.Expr, kept: frozenset[str]) -> bool:
    """Whether there is one series for each device, within each group of the labels ``kept``."""
    by = _grouped_by(expr) if isinstance(expr, promql.AggregateExpr) else None
    return by is not None and len(by - kept) == 1 and by - kept <= _LABELS


def _labels(name: str) -> frozenset[str] | None:
    """The labels of a metric of ours; None is one of others."""
    plain = next((name.removesuffix(end) for end in _SUFFIXES if name.endswith(end)), name)
    ours = [(one.name, one.labels) for one in all_metrics()] + [(one.name, one.labels) for one in METRICS]
    return next((frozenset(labels) for metric, labels in ours if metric in {name, plain}), None)


def _mentioned(expr: promql.Expr) -> Iterator[str]:
    """Every label that an expression names."""
    for node in walk(expr):
        match node:
            case promql.VectorSelector():
                yield from (matcher.name for matcher in node.matchers.matchers)
                yield from (matcher.name for either in node.matchers.or_matchers for matcher in either)
            case promql.AggregateExpr() if node.modifier is not None:
                yield from node.modifier.labels
            case promql.BinaryExpr() if node.modifier is not None:
                yield from node.modifier.matching.labels if node.modifier.matching else ()
                yield from node.modifier.group_labels or ()
            case promql.StringLiteral():
                yield node.val
