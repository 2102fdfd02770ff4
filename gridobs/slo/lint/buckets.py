"""Thresholds on classic histograms: the bucket must exist, spelled as every Prometheus stores it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import promql_parser as promql

from gridobs.codes import Code
from gridobs.slo.promql import matcher_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridobs.slo.lint.expression import Expression, Selector
    from gridobs.slo.lint.finding import Finding

_SUFFIX = "_bucket"
_LE = "le"
_SMALLEST_PLAIN, _SMALLEST_LARGE = -4, 6  # exponents of ten
_NEAR = 3
_PLAIN_WHOLE = re.compile(r"\d+(\.0)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Fault:
    code: Code
    message: str
    cure: str
    warning: bool = False


def check(expression: Expression, histograms: Mapping[str, Sequence[Decimal]]) -> list[Finding]:
    return [
        expression.finding(fault.code, fault.message, fault.cure, at=selector, warning=fault.warning)
        for selector in expression.selectors()
        if selector.name.endswith(_SUFFIX) and "histogram_quantile" not in selector.functions
        for fault in _faults(selector, histograms.get(selector.name.removesuffix(_SUFFIX)))
    ]


def spellings(edge: Decimal) -> frozenset[str]:
    """How a bucket edge can be stored: Prometheus 3 writes whole numbers with ``.0``, 2.x keeps what it is given.

    Clients and Prometheus 3 spell the rest alike: the shortest digits, an exponent below 0.0001 and from 1e+06 on.
    """
    sign, digits, exponent = edge.normalize().as_tuple()
    if not isinstance(exponent, int) or sign:
        return frozenset({str(edge)})
    scale = len(digits) + exponent - 1
    if edge and not _SMALLEST_PLAIN <= scale < _SMALLEST_LARGE:
        tail = "".join(map(str, digits[1:]))
        return frozenset({f"{digits[0]}{'.' if tail else ''}{tail}e{'-' if scale < 0 else '+'}{abs(scale):02d}"})
    text = f"{edge.normalize():f}"
    return frozenset({text} if "." in text else {text, f"{text}.0"})


def _faults(selector: Selector, edges: Sequence[Decimal] | None) -> list[_Fault]:
    matchers = [one for one in selector.matchers if one.name == _LE]
    histogram = selector.name.removesuffix(_SUFFIX)
    if len(matchers) != 1 or matchers[0].op not in (promql.MatchOp.Equal, promql.MatchOp.Re):
        message = (
            f"{selector.name} is not read at one bucket: buckets include one another, so events count more than once"
        )
        return [
            _Fault(
                Code.THRESHOLD_NOT_AN_EDGE, message, f'name one bucket, as le="0.02", or count with {histogram}_count'
            )
        ]
    matcher = matchers[0]
    if matcher.value.lstrip("+").lower() == "inf":
        message = "every event is in the bucket +Inf"
        return [_Fault(Code.THRESHOLD_NOT_AN_EDGE, message, f"count with {histogram}_count")]
    if edges is None:
        message = f"the bucket edges of {histogram} are not known"
        cure = f"declare them in settings.yaml: histograms: {{{histogram}: [0.01, 0.02, ...]}}"
        return [_Fault(Code.THRESHOLD_NOT_AN_EDGE, message, cure), *_spelling_alone(matcher)]
    return _of_declared(matcher, histogram, sorted(edges))


def _spelling_alone(matcher: promql.Matcher) -> list[_Fault]:
    value = _number(matcher.value)
    if value is None or matcher.op != promql.MatchOp.Equal:
        return []
    return _spelling(value, matcher)


def _of_declared(matcher: promql.Matcher, histogram: str, edges: list[Decimal]) -> list[_Fault]:
    if matcher.op == promql.MatchOp.Equal:
        value = _number(matcher.value)
        found = [value] if value is not None and value in edges else []
    else:
        found = [edge for edge in edges if any(_matches(matcher, text) for text in spellings(edge))]
    if not found:
        near = ", ".join(f"{edge.normalize():f}" for edge in _nearest(edges, matcher.value))
        message = f"{matcher_text(matcher)} is not a bucket edge of {histogram}"
        return [
            _Fault(Code.THRESHOLD_NOT_AN_EDGE, message, f"use an edge, such as {near}, or add one to the histogram")
        ]
    if len(found) > 1:
        message = (
            f"{matcher_text(matcher)} matches {len(found)} buckets, which include one another: events count twice"
        )
        return [_Fault(Code.THRESHOLD_NOT_AN_EDGE, message, "match one bucket edge only")]
    return _spelling(found[0], matcher)


def _spelling(edge: Decimal, matcher: promql.Matcher) -> list[_Fault]:
    stored = spellings(edge)
    missed = sorted(text for text in stored if not _matches(matcher, text))
    if not missed:
        return []
    shortest = min(stored, key=len)
    advice = f'le="{shortest}"' if len(stored) == 1 else f'le=~"{shortest}(\\\\.0)?"'
    why = "a label is compared as text" if len(stored) == 1 else "Prometheus 2 and 3 store whole numbers differently"
    message = f'{matcher_text(matcher)} misses the bucket where it is stored as le="{missed[0]}": {why}'
    return [_Fault(Code.LE_SPELLING, message, f"write {advice}", warning=_is_mended(matcher))]


def _is_mended(matcher: promql.Matcher) -> bool:
    """Whether the rules are right all the same: the compiler spells plain whole numbers for both versions."""
    return bool(matcher.op == promql.MatchOp.Equal and _PLAIN_WHOLE.fullmatch(matcher.value))


def _matches(matcher: promql.Matcher, text: str) -> bool:
    if matcher.op == promql.MatchOp.Equal:
        return bool(matcher.value == text)
    try:
        return re.fullmatch(matcher.value, text) is not None
    except re.error:  # Go knows patterns that Python does not
        return False


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _nearest(edges: list[Decimal], wanted: str) -> list[Decimal]:
    value = _number(wanted)
    if value is None:
        return edges[:_NEAR]
    return sorted(sorted(edges, key=lambda edge: abs(edge - value))[:_NEAR])
