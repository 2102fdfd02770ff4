from __future__ import annotations

import promql_parser
import pytest

from gridobs.slo.testing.labels import satisfying, selects


def selector(text: str) -> promql_parser.VectorSelector:
    parsed = promql_parser.parse(text)
    assert isinstance(parsed, promql_parser.VectorSelector)
    return parsed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m", {}),
        ('m{a="b"}', {"a": "b"}),
        ('m{le=~"5(\\\\.0)?"}', {"le": "5"}),
        ('m{code=~"5.."}', {"code": "500"}),
        ('m{code=~"[45]\\\\d{2}"}', {"code": "400"}),
        ('m{job=~"api|web"}', {"job": "api"}),
        ('m{job=~"(?:api|web)-.+"}', {"job": "api-0"}),
        ('m{job=~"a.*",job!="a"}', None),
        ('m{job=~".*"}', {}),
        ('m{job=~".+"}', {"job": "0"}),
        ('m{job!="api"}', {}),
        ('m{job!~"|a"}', {"job": "0"}),
        ('m{job="a",job!="a"}', None),
    ],
)
def test_a_series_gets_labels_that_its_selector_selects(text: str, expected: dict[str, str] | None) -> None:
    matchers = selector(text).matchers.matchers

    assert satisfying(matchers) == expected
    assert expected is None or selects(matchers, expected)


def test_a_label_that_a_series_has_not_is_empty() -> None:
    assert not selects(selector('m{a="b"}').matchers.matchers, {})
    assert selects(selector('m{a=~"b|"}').matchers.matchers, {})
