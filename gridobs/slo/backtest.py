"""What a server holds of an objective's past, as a ledger; the rules need not have run then."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import promql_parser as ast

from gridobs import conventions as names
from gridobs.errors import UsageError
from gridobs.prometheus import matcher, matcher_of_any
from gridobs.rules.durations import text
from gridobs.rules.model import RecordingRule
from gridobs.slo.compile import compile_objective
from gridobs.slo.inline import inline
from gridobs.slo.model import (
    BadOfTotal,
    CompileOptions,
    GoodOfTotal,
    MissingData,
    Objective,
    RatioTimeslices,
    RawRatio,
    Threshold,
)
from gridobs.slo.simulation import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gridobs.prometheus import Client
    from gridobs.slo.promql import Query

Progress: TypeAlias = "Callable[[int, int], None]"
"""Told how many of all questions have been answered."""

_MOST_POINTS = 11_000
"""A server refuses to answer a range query with more for a series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Evaluations every ``step`` seconds from ``start`` to ``end``, both Unix seconds, multiples of it, included."""

    start: int
    end: int
    step: int

    @classmethod
    def of(cls, start: float, end: float, step: int) -> Span:
        """The evaluations between two times. Raises UsageError when there is none."""
        first, last = -(-start // step) * step, end // step * step
        if first >= last:
            raise UsageError("there is no time between --from and --to; give an earlier --from or a later --to")
        return cls(start=int(first), end=int(last), step=step)

    @property
    def size(self) -> int:
        return (self.end - self.start) // self.step + 1

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Spans of at most _MOST_POINTS evaluations, together this one."""
        for start in range(self.start, self.end + 1, _MOST_POINTS * self.step):
            yield start, min(start + (_MOST_POINTS - 1) * self.step, self.end)


def fetch(client: Client, objective: Objective, span: Span, *, recorded: bool, progress: Progress) -> Ledger:
    """The ledger of ``objective`` as its rules would record it; with ``recorded``, as they did.

    Raises ServerError, and UsageError when several sites recorded it.
    """
    expressions = _recorded(objective, span.step) if recorded else _computed(objective, span.step)
    chunks = list(span.chunks())
    asked = 0
    columns: list[list[float | None]] = []
    for expression in expressions:
        column: list[float | None] = [None] * span.size
        for start, end in chunks:
            progress(asked, len(expressions) * len(chunks))
            asked += 1
            found = client.query_range(expression, start, end, span.step)
            if len(found) > 1:
                raise UsageError(
                    f"{client.url} holds {len(found)} ledgers of {objective.name}; "
                    "ask the Prometheus of one site, or leave out --recorded"
                )
            for at, value in found[0].points if found else ():
                column[(int(at) - span.start) // span.step] = value if math.isfinite(value) else None
        columns.append(column)
    total, bad, excluded, *event_bad = columns
    return Ledger(
        start=span.start,
        interval=span.step,
        total=total,
        bad=bad,
        excluded=[one is not None for one in excluded],
        event_bad=event_bad[0] if event_bad else (),
    )


def from_first_data(ledger: Ledger) -> Ledger | None:
    """The ledger without the time before its first entry; None when it has none."""
    first = next((at for at, total in enumerate(ledger.total) if total is not None), None)
    if first is None:
        return None
    return replace(
        ledger,
        start=ledger.start + first * ledger.interval,
        total=ledger.total[first:],
        bad=ledger.bad[first:],
        excluded=ledger.excluded[first:],
        event_bad=ledger.event_bad[first:],
    )


def empty_selectors(client: Client, objective: Objective, span: Span) -> tuple[str, ...]:
    """Of the selectors the objective is measured with, those that select nothing within ``span``."""
    selectors = dict.fromkeys(one for query in _queries(objective) for one in _selectors(query.tree()))
    return tuple(one for one in selectors if not client.series([one], span.start, span.end))


# --- expressions ----------------------------------------------------------------------------------------------------
def _computed(objective: Objective, step: int) -> tuple[str, ...]:
    """From the counters themselves. The simulation has its own policy for missing data, so here there is none."""
    measured = replace(objective, missing_data=MissingData.UNKNOWN)
    compiled = compile_objective(measured, CompileOptions(interval=text(step), period_interval=text(step)))
    rules = [rule for group in compiled.groups for rule in group.rules if isinstance(rule, RecordingRule)]
    series = objective.identity.series
    total, bad, *more = (inline(rules, series(name), step=text(step)) for name in _ledger_names(objective))
    return (total, bad, _exclusions(objective), *more)


def _recorded(objective: Objective, step: int) -> tuple[str, ...]:
    """Whatever the rules' own offset from full steps was, each entry falls into one range."""
    span = f"{text(step - 1) if step > 1 else ''}999ms"
    total, bad, *more = (
        f"sum_over_time({objective.identity.series(name)}[{span}])" for name in _ledger_names(objective)
    )
    return (total, bad, _exclusions(objective), *more)


def _ledger_names(objective: Objective) -> tuple[str, ...]:
    in_part = isinstance(objective.budgeting, RatioTimeslices) and not isinstance(objective.indicator, RawRatio)
    return (names.SLO_RAW_TOTAL, names.SLO_RAW_BAD, *([names.SLO_EVENT_BAD] if in_part else []))


def _exclusions(objective: Objective) -> str:
    for_this = matcher_of_any(names.LABEL_SLO, "", objective.name)
    return f"count({names.SLO_EXCLUSION_ACTIVE}{{{for_this}}})"


# --- selectors ------------------------------------------------------------------------------------------------------
def _queries(objective: Objective) -> tuple[Query, ...]:
    match objective.indicator:
        case BadOfTotal(bad=bad, total=total):
            return total, bad
        case GoodOfTotal(good=good, total=total):
            return total, good
        case Threshold(query=query) | RawRatio(query=query):
            return (query,)


def _selectors(node: ast.Expr) -> Iterator[str]:
    """The selectors within an expression, without their windows."""
    match node:
        case ast.VectorSelector():
            yield _bare(node)
        case ast.MatrixSelector():
            yield _bare(node.vector_selector)
        case ast.AggregateExpr() | ast.ParenExpr() | ast.UnaryExpr() | ast.SubqueryExpr():
            yield from _selectors(node.expr)
        case ast.BinaryExpr():
            yield from _selectors(node.lhs)
            yield from _selectors(node.rhs)
        case ast.Call():
            for argument in node.args:
                yield from _selectors(argument)


def _bare(selector: ast.VectorSelector) -> str:
    operators = (
        (ast.MatchOp.Equal, "="),
        (ast.MatchOp.NotEqual, "!="),
        (ast.MatchOp.Re, "=~"),
        (ast.MatchOp.NotRe, "!~"),
    )
    matchers = [
        matcher(one.name, one.value).replace("=", next(sign for op, sign in operators if op == one.op), 1)
        for one in selector.matchers.matchers
    ]
    return f"{selector.name or ''}{{{','.join(matchers)}}}" if matchers else str(selector.name)
