"""PromQL as text: the queries people write, and the small pieces that rules are put together from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING

import promql_parser

from gridobs import conventions
from gridobs.codes import Code
from gridobs.rules.durations import seconds, text

if TYPE_CHECKING:
    from fractions import Fraction

WINDOW = "[{{.window}}]"
"""Sloth's placeholder: where the compiler puts each window."""

PARSED_SECONDS = 7919
"""What a query is parsed with in place of its window; an unlikely one, so that it can be told from a fixed range."""

_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?P<comment>\#[^\n]*)|\s+|.""", re.DOTALL
)
_PLACEHOLDER = re.compile(r"\[\{\{\s*\.window\s*\}\}\]")
_SIGNIFICANT_DIGITS = 12
LONGEST = 4096
"""Characters of a query. The parser recurses, and overflows the stack at some 20 000 open brackets."""


class PrometheusVersion(StrEnum):
    """The oldest Prometheus the rules must be right for; those for 2.42 are right for 3.x too."""

    V2_42 = "2.42"
    V3 = "3"


class QueryError(ValueError):
    """A query that cannot be compiled; says why, with the code of the problem."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Query:
    """A query with the window left open."""

    template: str

    @classmethod
    def parse(cls, written: str, *, window_required: bool = True) -> Query:
        """Drop comments and line breaks; what counts events, and so needs a window, is summed unless it is one sum.

        Raises QueryError.
        """
        if len(written) > LONGEST:
            raise QueryError(Code.INVALID_PROMQL, f"the query has {len(written)} characters, more than {LONGEST}")
        template = _one_line(_PLACEHOLDER.sub(WINDOW, written))
        if window_required and WINDOW not in template:
            raise QueryError(Code.MISSING_WINDOW, f"the query has no window {WINDOW}")
        if "{{" in template.replace(WINDOW, ""):
            raise QueryError(Code.MISSING_WINDOW, f"the query has a placeholder other than {WINDOW}")
        query = cls(template)
        tree = query.tree()
        is_sum = isinstance(tree, promql_parser.AggregateExpr) and str(tree.op) == "sum" and not tree.modifier
        return query if is_sum or not window_required else cls(f"sum({template})")

    def over(self, window: str) -> str:
        return self.template.replace(WINDOW, f"[{window}]")

    def tree(self) -> promql_parser.Expr:
        """The parsed query, its window PARSED_SECONDS long. Raises QueryError."""
        try:
            return promql_parser.parse(self.over(f"{PARSED_SECONDS}s"))
        except ValueError as error:
            raise QueryError(Code.INVALID_PROMQL, f"the query is not PromQL: {error}") from None


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one objective's series from another's: the labels (slo, service)."""

    slo: str
    service: str

    @property
    def labels(self) -> dict[str, str]:
        return {conventions.LABEL_SERVICE: self.service, conventions.LABEL_SLO: self.slo}

    def series(self, name: str) -> str:
        """A selector for exactly one recorded series of this objective."""
        labels = ",".join(f'{label}="{value}"' for label, value in self.labels.items())
        return f"{name}{{{labels}}}"


def ending_now(window: str, version: PrometheusVersion) -> str:
    """The range that holds the samples of ``window`` and not, as well, the one at its very start.

    Prometheus 2 counts a sample at either end of a range, 3 only one at its end (migration guide, "range selectors").
    """
    return text(seconds(window) - 1) if version is PrometheusVersion.V2_42 else window


def number(value: Decimal | Fraction | int) -> str:
    """Digits without exponent or trailing zeros; a fraction without end is cut at 12 significant digits."""
    with localcontext() as context:
        context.prec = _SIGNIFICANT_DIGITS
        exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / value.denominator
        digits = f"{exact:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def quoted(plain: str) -> str:
    """``plain`` as a PromQL string."""
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def matcher_text(matcher: promql_parser.Matcher) -> str:
    """As PromQL; ``str`` of a matcher leaves out what must be escaped."""
    operators = (
        (promql_parser.MatchOp.Equal, "="),
        (promql_parser.MatchOp.NotEqual, "!="),
        (promql_parser.MatchOp.Re, "=~"),
        (promql_parser.MatchOp.NotRe, "!~"),
    )
    operator = next(text for one, text in operators if one == matcher.op)
    return f"{matcher.name}{operator}{quoted(matcher.value)}"


def _one_line(query: str) -> str:
    kept: list[str] = []
    for token in _TOKEN.finditer(query):
        space = token["comment"] or token[0].isspace()
        kept.append(" " if space else token[0])
    return "".join(part for at, part in enumerate(kept) if part != " " or kept[at - 1 : at] != [" "]).strip()
