"""The series a Prometheus would have scraped, so that the queries of an objective count the events of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import promql_parser as ast

from gridobs import conventions as names
from gridobs.slo.events import exact_events
from gridobs.slo.le import spelled
from gridobs.slo.model import BadOfTotal, Comparison, Objective, RawRatio, Threshold
from gridobs.slo.promql import Query, number, quoted
from gridobs.slo.testing.labels import satisfying, selects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridobs.slo.model import CompileOptions
    from gridobs.slo.testing.cases import Case, Stretch

_EXCLUSION = f'{names.SLO_EXCLUSION_ACTIVE}{{{names.LABEL_EXCLUSION}="planned-work"}}'
_SINGLE = frozenset({"sum", "avg", "min", "max"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """``good`` and ``bad`` are what one such event adds."""

    series: str
    good: Fraction
    bad: Fraction
    optional: bool
    """Whether it may not exist: it counts only what is bad, or good where that is counted, and no total needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """``good`` and ``bad`` are its values when all events are so."""

    series: str
    good: Fraction
    bad: Fraction


Signal = Counter | Gauge


def signals(objective: Objective, options: CompileOptions) -> tuple[Signal, ...]:
    """Series that make the queries of ``objective`` count; none when no such series can be made up."""
    indicator = objective.indicator
    if isinstance(indicator, Threshold | RawRatio):
        return tuple(_gauge(indicator, options))
    numerator = indicator.bad if isinstance(indicator, BadOfTotal) else indicator.good
    queries = [Query(spelled(query.template, options.version)) for query in (numerator, indicator.total)]
    if any(exact_events(query, options.interval) is None for query in queries):
        return ()
    leaves = [list(_leaves(query.tree(), Fraction(1))) for query in queries]
    found = [_series(selector) for leaf in leaves for _, selector in leaf]
    if any(one is None for one in found):
        return ()
    series = sorted({(name, tuple(sorted(labels.items()))) for one in found if one for name, labels in [one]})
    columns = [tuple(_weight(leaf, name, dict(labels)) for leaf in leaves) for name, labels in series]
    bad_counted = isinstance(indicator, BadOfTotal)
    good = _solved(columns, (Fraction(0 if bad_counted else 1), Fraction(1)))
    bad = _solved(columns, (Fraction(1 if bad_counted else 0), Fraction(1)))
    if good is None or bad is None:
        return ()
    one_sided = [one for one, by_others in zip(series, good if bad_counted else bad, strict=True) if not by_others]
    others = [one for one in series if one not in one_sided]
    unneeded = all(any(_weight([leaf], name, dict(labels)) for name, labels in others) for leaf in leaves[1])
    return tuple(
        Counter(
            series=_written(one[0], dict(one[1])), good=good[at], bad=bad[at], optional=unneeded and one in one_sided
        )
        for at, one in enumerate(series)
    )


def input_series(case: Case, signals: Sequence[Signal]) -> Iterator[tuple[str, str]]:
    """Series and promtool's notation of its values, one for each evaluation."""
    for signal in () if case.unmeasured else signals:
        if not (case.missing_series and isinstance(signal, Counter) and signal.optional):
            yield signal.series, _counter(case, signal) if isinstance(signal, Counter) else _values(case, signal)
    if any(stretch.excluded for stretch in case.stretches):
        active = (_repeated("1" if one.excluded else "stale", one.evaluations) for one in case.stretches)
        yield _EXCLUSION, " ".join(["_", *active])


# --- queries --------------------------------------------------------------------------------------------------------
def _leaves(node: ast.Expr, factor: Fraction) -> Iterator[tuple[Fraction, ast.VectorSelector]]:
    """The counters of a query that is linear in them, each with its factor."""
    match node:
        case ast.AggregateExpr() | ast.ParenExpr():
            yield from _leaves(node.expr, factor)
        case ast.BinaryExpr() if isinstance(node.rhs, ast.NumberLiteral):
            by = Fraction(Decimal(f"{node.rhs.val:.15g}"))
            yield from _leaves(node.lhs, factor * by if str(node.op) == "*" else factor / by)
        case ast.BinaryExpr() if isinstance(node.lhs, ast.NumberLiteral):
            yield from _leaves(node.rhs, factor * Fraction(Decimal(f"{node.lhs.val:.15g}")))
        case ast.BinaryExpr():
            yield from _leaves(node.lhs, factor)
            yield from _leaves(node.rhs, -factor if str(node.op) == "-" else factor)
        case ast.Call():
            yield factor, node.args[0].vector_selector


def _series(selector: ast.VectorSelector) -> tuple[str, dict[str, str]] | None:
    """A series that ``selector`` selects; None for one that reads the past or names no metric."""
    labels = satisfying(selector.matchers.matchers)
    if labels is None or (selector.offset or timedelta(0)) != timedelta(0) or selector.matchers.or_matchers:
        return None
    name = selector.name or labels.pop("__name__", None)
    return (name, labels) if name else None


def _weight(leaves: Sequence[tuple[Fraction, ast.VectorSelector]], name: str, labels: dict[str, str]) -> Fraction:
    """How often a query counts one event of a series."""
    return sum(
        (
            factor
            for factor, selector in leaves
            if selector.name in {None, name} and selects(selector.matchers.matchers, {**labels, "__name__": name})
        ),
        Fraction(0),
    )


def _solved(columns: Sequence[tuple[Fraction, ...]], wanted: tuple[Fraction, Fraction]) -> list[Fraction] | None:
    """What each series must count for the two queries to count ``wanted``, with one series or with two."""
    for at, (first, second) in enumerate(columns):
        scale = wanted[1] / second if second else wanted[0] / first if first else Fraction(0)
        if scale > 0 and (first * scale, second * scale) == wanted:
            return [scale if one == at else Fraction(0) for one in range(len(columns))]
    for left, right in combinations(range(len(columns)), 2):
        (a, c), (b, d) = columns[left], columns[right]
        if determinant := a * d - b * c:
            x = (wanted[0] * d - b * wanted[1]) / determinant
            y = (a * wanted[1] - wanted[0] * c) / determinant
            if x >= 0 and y >= 0:
                return [x if one == left else y if one == right else Fraction(0) for one in range(len(columns))]
    return None


def _gauge(indicator: Threshold | RawRatio, options: CompileOptions) -> Iterator[Gauge]:
    node = Query(spelled(indicator.query.template, options.version)).tree()
    while isinstance(node, ast.ParenExpr) or (
        isinstance(node, ast.AggregateExpr) and str(node.op) in _SINGLE and node.modifier is None
    ):
        node = node.expr
    found = _series(node) if isinstance(node, ast.VectorSelector) and node.at is None else None
    if found is None:
        return
    if isinstance(indicator, RawRatio):
        yield Gauge(series=_written(*found), good=Fraction(indicator.success), bad=Fraction(not indicator.success))
        return
    at = Fraction(indicator.threshold)
    good, bad = {
        Comparison.LT: (at - 1, at),
        Comparison.LTE: (at, at + 1),
        Comparison.GT: (at + 1, at),
        Comparison.GTE: (at, at - 1),
    }[indicator.comparison]
    yield Gauge(series=_written(*found), good=good, bad=bad)


def _written(name: str, labels: dict[str, str]) -> str:
    inside = ",".join(f"{label}={quoted(value)}" for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}}" if inside else name


# --- values ---------------------------------------------------------------------------------------------------------
def _counter(case: Case, counter: Counter) -> str:
    """A reading at time 0 and one after each evaluation's events."""
    reading = Fraction(0)
    parts = ["_" if case.stretches[0].events is None else "0"]
    for stretch in case.stretches:
        if stretch.events is None:
            parts.append(_repeated("_", stretch.evaluations))
            continue
        more = counter.good * (stretch.events - stretch.bad) + counter.bad * stretch.bad
        first = more if stretch.restarts else reading + more
        reading = first + more * (stretch.evaluations - 1)
        parts.append(_rising(first, more, stretch.evaluations))
    return " ".join(parts)


def _values(case: Case, gauge: Gauge) -> str:
    """A gauge that is not scraped any more is stale at once."""
    begin = "_" if case.stretches[0].events is None else number(gauge.good)
    return " ".join([begin, *(_repeated(_value(gauge, one), one.evaluations) for one in case.stretches)])


def _value(gauge: Gauge, stretch: Stretch) -> str:
    if not stretch.events:
        return "stale"
    return number(gauge.good + (gauge.bad - gauge.good) * Fraction(stretch.bad, stretch.events))


def _rising(first: Fraction, more: Fraction, count: int) -> str:
    if count == 1 or not more:
        return _repeated(number(first), count)
    return f"{number(first)}+{number(more)}x{count - 1}"


def _repeated(value: str, count: int) -> str:
    """In promtool ``1x2`` is three numbers and ``_x2`` two gaps; a stale marker is not repeated."""
    if value == "_":
        return f"_x{count}"
    if value == "stale":
        return "stale" if count == 1 else f"stale _x{count - 1}"
    return value if count == 1 else f"{value}x{count - 1}"
