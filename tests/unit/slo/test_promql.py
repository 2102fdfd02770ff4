from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from gridobs.slo.promql import Query, QueryError, number


@pytest.mark.parametrize(
    ("written", "compiled"),
    [
        ("sum(rate(a[{{.window}}]))", "sum(rate(a[1h]))"),
        ("rate(a[{{ .window }}])", "sum(rate(a[1h]))"),
        ("sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))", "sum(sum(rate(a[1h])) + sum(rate(b[1h])))"),
        ("sum by (job) (rate(a[{{.window}}]))", "sum(sum by (job) (rate(a[1h])))"),
        ("sum(\n  rate(a[{{.window}}]) # all\n)\n", "sum( rate(a[1h]) )"),
        ("sum(rate(a{x=\"# )  (\",y='\\''}[{{.window}}]))", "sum(rate(a{x=\"# )  (\",y='\\''}[1h]))"),
    ],
)
def test_a_query_becomes_one_sum_in_one_line(written: str, compiled: str) -> None:
    assert Query.parse(written).over("1h") == compiled


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("sum(rate(a[5m]))", "no window"),
        ("", "no window"),
        ("sum(rate(a[{{.window}}])", "unclosed left parenthesis"),
        ("rate(a[{{.window}}]))", "unexpected right parenthesis"),
        ('rate(a{b="}[{{.window}}])', "unterminated quoted string"),
        ("rate(a[{{.window}}], 1)", "expected 1 argument"),
        ("rate(a[{{.window}}]) # )", "no fault"),
    ],
)
def test_what_cannot_be_compiled_is_refused(written: str, why: str) -> None:
    if why == "no fault":
        assert Query.parse(written)
        return
    with pytest.raises(QueryError, match=why):
        Query.parse(written)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.0010"), "0.001"),
        (1 - Decimal("0.999"), "0.001"),
        (Decimal(30), "30"),
        (Fraction(72, 5000), "0.0144"),
        (Fraction(28, 30000), "0.000933333333333"),
        (Decimal("1E-9"), "0.000000001"),
        (120, "120"),
        (Fraction(86400), "86400"),
    ],
)
def test_a_number_is_its_digits(value: Decimal | Fraction | int, text: str) -> None:
    assert number(value) == text
