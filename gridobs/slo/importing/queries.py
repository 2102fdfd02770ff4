"""Queries of other tools, checked and in the form people read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import promql_parser

from gridobs.slo import le
from gridobs.slo.promql import WINDOW, PrometheusVersion, Query

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACEHOLDER = re.compile(r"\{\{\s*\.window\s*\}\}")
_WITHOUT_LABELS = frozenset({"pi", "scalar", "time", "vector"})
_RELABELS = frozenset({"label_join", "label_replace"})
_KEEPS_SERIES = frozenset({"bottomk", "count_values", "limit_ratio", "limitk", "topk"})


def written(text: str) -> str:
    """The query as it was written, its indents as spaces, its edges spelled for Prometheus 2 and 3.

    Raises QueryError when it is not PromQL with a window.
    """
    Query.parse(text)
    lines = (
        re.sub(r"^[ \t]+", _spaces, line).rstrip() for line in _PLACEHOLDER.sub("{{.window}}", text).splitlines()
    )
    return le.spelled("\n".join(lines).strip(), PrometheusVersion.V2_42)


def gives_one_series(text: str) -> bool:
    """Whether the query gives at most one series without labels, whatever the data. Raises QueryError."""
    return _is_single(Query.parse(text, window_required=False).tree())


def selector(text: str) -> promql_parser.VectorSelector | None:
    """The selector a text is, or None when it is anything else."""
    try:
        tree = promql_parser.parse(text)
    except ValueError:
        return None
    return tree if isinstance(tree, promql_parser.VectorSelector) and tree.name else None


def spelled(found: promql_parser.VectorSelector, *, wrap: Callable[[str], str] = str) -> str:
    """The selector in one line, put into what ``wrap`` makes of it."""
    signs = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    matchers = ",".join(
        f"{one.name}{signs[str(one.op).removeprefix('MatchOp.')]}{json.dumps(one.value, ensure_ascii=False)}"
        for one in found.matchers.matchers
    )
    return le.spelled(wrap(f"{found.name}{{{matchers}}}" if matchers else str(found.name)), PrometheusVersion.V2_42)


def rate(selected: str) -> str:
    """Events a second of every series that ``selected`` names, in one sum."""
    return f"sum(rate({selected}{WINDOW}))"


def _spaces(indent: re.Match[str]) -> str:
    return indent[0].expandtabs(2)


def _is_single(tree: promql_parser.Expr) -> bool:
    match tree:
        case promql_parser.NumberLiteral():
            return True
        case promql_parser.AggregateExpr():
            modifier = tree.modifier
            by_nothing = modifier is None or (str(modifier.type).endswith("By") and not modifier.labels)
            return by_nothing and str(tree.op) not in _KEEPS_SERIES
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _is_single(tree.expr)
        case promql_parser.BinaryExpr():
            return _is_single(tree.lhs) and _is_single(tree.rhs)
        case promql_parser.Call():
            name = tree.func.name
            return name in _WITHOUT_LABELS or (name not in _RELABELS and all(map(_is_single, tree.args)))
        case _:
            return False
