from __future__ import annotations

import pytest

from gridobs.rules.model import RecordingRule
from gridobs.slo.inline import inline

A = RecordingRule(record="slo:a:increase", expr='sum(rate(a_total{x="slo:a:increase"}[5m]))')
B = RecordingRule(record="slo:b:ratio", expr="sum_over_time(slo:a:increase[1h]) / 2")
LABELLED = RecordingRule(record="slo:c:ratio", expr="vector(1)", labels={"slo": "one", "service": "s"})
OTHER = RecordingRule(record="slo:c:ratio", expr="vector(2)", labels={"slo": "two", "service": "s"})
ONE = 'label_replace(label_replace(vector(1), "service", "s", "", ""), "slo", "one", "", "")'
TWO = 'label_replace(label_replace(vector(2), "service", "s", "", ""), "slo", "two", "", "")'


@pytest.mark.parametrize(
    ("expr", "inlined"),
    [
        pytest.param("slo:a:increase > 0", f"({A.expr}) > 0", id="an instant selector"),
        pytest.param("sum_over_time(slo:a:increase[30d])", f"sum_over_time(({A.expr})[30d:30s])", id="a range"),
        pytest.param("slo:a:increase[1h] offset 1d", f"({A.expr})[1h:30s] offset 1d", id="a range with an offset"),
        pytest.param(
            "slo:a:increase offset 1d / 2", f"last_over_time(({A.expr})[30s:30s] offset 1d) / 2", id="an offset"
        ),
        pytest.param("slo:a:increase[1h:5m]", f"({A.expr})[1h:5m]", id="a subquery"),
        pytest.param("slo:b:ratio", f"(sum_over_time(({A.expr})[1h:30s]) / 2)", id="all the way down"),
        pytest.param("slo:a:increase_1h[5m]", "slo:a:increase_1h[5m]", id="a longer name"),
        pytest.param("absent(slo:exclusion:active)", "absent(slo:exclusion:active)", id="a series of others"),
        pytest.param("""f("slo:a:increase", 'slo:b:ratio')""", """f("slo:a:increase", 'slo:b:ratio')""", id="text"),
        pytest.param("1e3 + 0x1f + 5m", "1e3 + 0x1f + 5m", id="numbers"),
    ],
)
def test_a_recorded_series_becomes_what_records_it(expr: str, inlined: str) -> None:
    assert inlined == inline([A, B], expr, step="30s")


@pytest.mark.parametrize(
    ("matchers", "inlined"),
    [
        ('{slo="one"}', f"({ONE})"),
        ('{slo!="one"}', f"({TWO})"),
        ('{slo=~"|o.e", service="s"}', f"({ONE})"),
        ("{slo!~`o.*`}", f"({TWO})"),
        ("", f"({ONE} or {TWO})"),
        ('{slo="three"}', 'slo:c:ratio{slo="three"}'),
        ('{slo="one",site="x"}', 'slo:c:ratio{slo="one",site="x"}'),
    ],
)
def test_the_labels_of_a_rule_choose_and_stay(matchers: str, inlined: str) -> None:
    assert inlined == inline([LABELLED, OTHER], f"slo:c:ratio{matchers}", step="30s")


def test_label_values_are_quoted() -> None:
    rule = RecordingRule(record="slo:c:ratio", expr="vector(1)", labels={"slo": '$1 "\\'})

    assert '(label_replace(vector(1), "slo", "$$1 \\"\\\\", "", ""))' == inline([rule], "slo:c:ratio", step="30s")


def test_a_rule_that_reads_itself_is_refused_by_name() -> None:
    loop = RecordingRule(record="slo:loop:ratio", expr="slo:loop:ratio offset 1m or slo:a:increase")

    with pytest.raises(ValueError, match="slo:loop:ratio is recorded from itself"):
        inline([A, loop], "slo:loop:ratio", step="30s")
