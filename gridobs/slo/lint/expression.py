"""A query as a tree that knows where its selectors stand in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.lint.finding import Finding
from gridobs.slo.lint.versions import newer
from gridobs.slo.promql import LONGEST, PARSED_SECONDS, WINDOW, matcher_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 100
_STAND_IN = timedelta(seconds=PARSED_SECONDS)
_PLACEHOLDER = re.compile(r"\[\{\{\s*\.window\s*\}\}(?=\s*[\]:])")
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?P<number>[0-9][\w.]*)"""
)
_QUOTED_IN_MESSAGE = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A part of a query and its own parts. ``offset`` is where its first selector stands in the text."""

    expr: promql.Expr
    children: tuple[Node, ...]
    offset: int | None

    def walk(self, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """This node and all below it, each with what is above it, outermost first."""
        yield self, above
        for child in self.children:
            yield from child.walk((*above, self))

    def bare(self) -> Node:
        """Without the parentheses around it."""
        node = self
        while isinstance(node.expr, promql.ParenExpr):
            node = node.children[0]
        return node


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector and all around it, outermost first."""

    expr: promql.VectorSelector
    offset: int | None
    above: tuple[Node, ...]

    @property
    def name(self) -> str:
        """Of the metric; empty when the selector does not fix one."""
        fixed = (
            one.value
            for one in self.expr.matchers.matchers
            if one.name == "__name__" and one.op == promql.MatchOp.Equal
        )
        return self.expr.name or next(fixed, "")

    @property
    def matchers(self) -> list[promql.Matcher]:
        """All but that of the name."""
        return [one for one in self.expr.matchers.matchers if one.name != "__name__"]

    def text(self, *, without: str | None = None) -> str:
        """As PromQL, without range and offset, and without the matchers of one label."""
        matchers = ",".join(matcher_text(one) for one in self.matchers if one.name != without)
        return f"{self.name}{{{matchers}}}" if matchers else self.name

    @property
    def functions(self) -> list[str]:
        """Of the functions and aggregations around it, innermost first."""
        return [
            function_of(node.expr)
            for node in reversed(self.above)
            if isinstance(node.expr, promql.Call | promql.AggregateExpr)
        ]


@dataclass(frozen=True, slots=True)
class Expression:
    role: str
    root: Node

    def finding(
        self, code: Code, message: str, cure: str, *, at: Node | Selector | None = None, warning: bool = False
    ) -> Finding:
        offset = at.offset if at else None
        return Finding(role=self.role, code=code, message=message, cure=cure, warning=warning, offset=offset)

    def nodes(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        return self.root.walk()

    def selectors(self) -> list[Selector]:
        """In the order of the text."""
        return [
            Selector(node.expr, node.offset, above)
            for node, above in self.nodes()
            if isinstance(node.expr, promql.VectorSelector)
        ]


def function_of(expr: promql.Call | promql.AggregateExpr) -> str:
    return expr.func.name if isinstance(expr, promql.Call) else str(expr.op)


def operator_of(expr: promql.BinaryExpr) -> str:
    return str(expr.op)


def is_window(length: timedelta | None) -> bool:
    """Whether a range is the one the compiler fills in."""
    return length == _STAND_IN


def is_vector(node: Node) -> bool:
    """Whether it gives series rather than one number."""
    expr = node.bare().expr
    if isinstance(expr, promql.Call):
        return bool(expr.func.return_type == promql.ValueType.Vector)
    if isinstance(expr, promql.BinaryExpr | promql.UnaryExpr):
        return any(map(is_vector, node.bare().children))
    return not isinstance(expr, promql.NumberLiteral | promql.StringLiteral)


def parse(role: str, text: str, *, needs_window: bool) -> tuple[Expression | None, list[Finding]]:
    """The query as a tree, unless it cannot be read, and what keeps it from being compiled."""

    def invalid(message: str, cure: str, offset: int | None = None) -> tuple[None, list[Finding]]:
        return None, [Finding(role=role, code=Code.INVALID_PROMQL, message=message, cure=cure, offset=offset)]

    if len(text) > LONGEST:
        message = f"the query has {len(text)} characters, more than {LONGEST}"
        return invalid(message, "record parts of it by rules")
    filled = _PLACEHOLDER.sub(f"[{_STAND_IN.total_seconds():.0f}s", text)
    if "{{" in filled:
        cure = f"write {WINDOW}, and nothing else in double braces"
        message = f"the query has a placeholder other than {WINDOW}"
        return None, [Finding(role=role, code=Code.MISSING_WINDOW, message=message, cure=cure)]
    try:
        root = _tree(promql.parse(filled), _Places(text), _DEEPEST)
    except (ValueError, RecursionError) as error:
        cure = "mend the query; promtool and the expression browser of Prometheus understand the same language"
        return invalid(f"not valid PromQL: {error}", cure, _offset_of_message(str(error), text))
    expression = Expression(role, root)
    faults = _window_faults(expression, needs_window=needs_window)
    if new := newer(filled, [node.expr for node, _ in expression.nodes()]):
        cure = "edge sites may run 2.42; write it with what that knows"
        faults.append(expression.finding(Code.INVALID_PROMQL, new, cure))
    return expression, faults


class _Places:
    """Where each name stands in a text, in its order."""

    def __init__(self, text: str) -> None:
        self._found: dict[str, list[int]] = {}
        for token in _TOKEN.finditer(text):
            if token["name"]:
                self._found.setdefault(token["name"], []).append(token.start())

    def next(self, name: str | None) -> int | None:
        found = self._found.get(name or "")
        return found.pop(0) if found else None


def _tree(expr: promql.Expr, places: _Places, deepest: int) -> Node:
    """Children in the order of the text. Raises ValueError for a query that is nested too deeply."""
    if not deepest:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(expr, promql.VectorSelector):
        return Node(expr, (), places.next(expr.name))
    children = tuple(_tree(child, places, deepest - 1) for child in _children(expr))
    return Node(expr, children, next((one.offset for one in children if one.offset is not None), None))


def _children(expr: promql.Expr) -> list[promql.Expr]:
    if isinstance(expr, promql.BinaryExpr):
        return [expr.lhs, expr.rhs]
    if isinstance(expr, promql.Call):
        return list(expr.args)
    if isinstance(expr, promql.AggregateExpr):
        return [*([expr.param] if isinstance(expr.param, promql.Expr) else []), expr.expr]
    if isinstance(expr, promql.MatrixSelector):
        return [expr.vector_selector]
    if isinstance(expr, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return [expr.expr]
    return []


def _window_faults(expression: Expression, *, needs_window: bool) -> list[Finding]:
    ranges = [
        (node, node.expr.range)
        for node, _ in expression.nodes()
        if isinstance(node.expr, promql.MatrixSelector | promql.SubqueryExpr)
    ]
    if not needs_window:
        return []
    if not any(is_window(length) for _, length in ranges):
        cure = f"write {WINDOW} as its range, e.g. sum(rate(power_records_total{WINDOW}))"
        return [expression.finding(Code.MISSING_WINDOW, f"the query has no window {WINDOW}", cure)]
    return [
        expression.finding(
            Code.MISSING_WINDOW,
            f"a range is fixed at {promql.display_duration(length)}",
            f"write {WINDOW}: every part of a query must cover the same time",
            at=node,
        )
        for node, length in ranges
        if length and not is_window(length)
    ]


def _offset_of_message(message: str, text: str) -> int | None:
    """Where the word stands that the parser complains about, when it stands there once only."""
    quoted = _QUOTED_IN_MESSAGE.search(message)
    return text.find(quoted[1]) if quoted and text.count(quoted[1]) == 1 else None
