"""PromQL as text: the queries people write, and the small pieces that rules are put together from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from gridobs import conventions

if TYPE_CHECKING:
    from fractions import Fraction

WINDOW = "[{{.window}}]"
"""Sloth's placeholder: where the compiler puts each window."""

_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?P<comment>\#[^\n]*)|\s+|.""", re.DOTALL
)
_PLACEHOLDER = re.compile(r"\[\{\{\s*\.window\s*\}\}\]")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_SIGNIFICANT_DIGITS = 12


class QueryError(ValueError):
    """A query that cannot be compiled; says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query with the window left open, giving at most one series without labels."""

    template: str

    @classmethod
    def parse(cls, text: str) -> Query:
        """Drop comments and line breaks, and sum what is not yet one sum. Raises QueryError."""
        template = _tidy(_PLACEHOLDER.sub(WINDOW, text))
        if WINDOW not in template:
            raise QueryError(f"the query has no window {WINDOW}")
        if "{{" in template.replace(WINDOW, ""):
            raise QueryError(f"the query has a placeholder other than {WINDOW}")
        return cls(template if _is_sum(template) else f"sum({template})")

    def over(self, window: str) -> str:
        return self.template.replace(WINDOW, f"[{window}]")


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


def number(value: Decimal | Fraction | int) -> str:
    """Digits without exponent or trailing zeros; a fraction without end is cut at 12 significant digits."""
    with localcontext() as context:
        context.prec = _SIGNIFICANT_DIGITS
        exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / value.denominator
        text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tidy(text: str) -> str:
    """The query in one line without comments. Raises QueryError for brackets or quotes that do not match."""
    kept: list[str] = []
    open_brackets: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["text"]:
            kept.append(token[0])
            continue
        kept.append(" " if token["comment"] or token[0].isspace() else token[0])
        if token[0] in _CLOSES.values():
            open_brackets.append(token[0])
        elif token[0] in _CLOSES and (not open_brackets or open_brackets.pop() != _CLOSES[token[0]]):
            raise QueryError(f"the query has a '{token[0]}' that closes nothing")
        elif token[0] in {'"', "'", "`"}:
            raise QueryError(f"the query has a quote {token[0]} that is never closed")
    if open_brackets:
        raise QueryError(f"the query has a '{open_brackets[-1]}' that is never closed")
    return "".join(part for at, part in enumerate(kept) if part != " " or kept[at - 1 : at] != [" "]).strip()


def _is_sum(template: str) -> bool:
    """Whether the whole query is one ``sum(...)``, so that its brackets close with the last character only."""
    depth = 0
    if not template.startswith("sum("):
        return False
    for token in _TOKEN.finditer(template):
        if token["text"]:
            continue
        depth += (token[0] in _CLOSES.values()) - (token[0] in _CLOSES)
        if depth == 0 and token[0] in _CLOSES:
            return token.end() == len(template)
    return False
