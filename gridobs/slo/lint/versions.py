"""What the parser knows and Prometheus 2.42 does not, so that it would refuse the whole rule file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser as promql

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEW_FUNCTIONS = frozenset({
    "double_exponential_smoothing", "end", "first_over_time", "histogram_avg", "histogram_quantiles",
    "histogram_stddev", "histogram_stdvar", "info", "limit_ratio", "limitk", "mad_over_time", "max_of", "min_of",
    "range", "sort_by_label", "sort_by_label_desc", "start", "step", "ts_of_first_over_time", "ts_of_last_over_time",
    "ts_of_max_over_time", "ts_of_min_over_time",
})  # fmt: skip
"""Source: https://prometheus.io/docs/prometheus/latest/querying/functions/, and trying each."""

_TEXT = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|\#[^\n]*""")
_BRACES = re.compile(r"\{[^{}]*\}")
_QUOTED_NAME = re.compile(r'[{,]\s*"')
_WITHOUT_UNIT = re.compile(
    r"\[\s*[0-9.]+\s*[\]:]|:\s*[0-9.]+\s*\]|\boffset\s*-?\s*[0-9.]+(?![0-9.]*[a-z])", re.IGNORECASE
)
_DURATION_PLACES = re.compile(r"\[[^\]]*\]|\boffset\s*-?\s*[0-9a-z]+", re.IGNORECASE)
_DURATION = re.compile(r"(?<![\w:.])[0-9]+(?:ms|[smhdwy])")


def newer(text: str, parts: Sequence[promql.Expr]) -> str | None:
    """What is newer in a query, in words; ``parts`` are all of its expressions."""
    bare = _TEXT.sub(lambda found: '""' if found["text"] else " ", text)
    if any(_QUOTED_NAME.search(braces[0]) for braces in _BRACES.finditer(bare)):
        return "Prometheus 2.42 knows no names in quotes"
    if _WITHOUT_UNIT.search(bare):
        return "Prometheus 2.42 wants a unit after every duration, as in 300s"
    if _DURATION.search(_DURATION_PLACES.sub(" ", bare)):
        return "Prometheus 2.42 knows no durations as numbers"
    return next(filter(None, map(_newer_part, parts)), None)


def _newer_part(expr: promql.Expr) -> str | None:
    if isinstance(expr, promql.Call | promql.AggregateExpr):
        name = expr.func.name if isinstance(expr, promql.Call) else str(expr.op)
        return f"Prometheus 2.42 does not know {name}()" if name in _NEW_FUNCTIONS else None
    if isinstance(expr, promql.BinaryExpr) and expr.modifier:
        filled = expr.modifier.fill_values
        if filled.lhs is not None or filled.rhs is not None:
            return "Prometheus 2.42 does not know fill()"
    if isinstance(expr, promql.VectorSelector) and expr.matchers.or_matchers:
        return "Prometheus has no 'or' between matchers"
    return None
