"""Queries that Prometheus accepts and that would measure something else than meant, and their right forms."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gridobs.slo.lint import check_queries
from gridobs.slo.lint.buckets import spellings

if TYPE_CHECKING:
    from gridobs.slo.lint import Finding

HISTOGRAMS = {"lat_seconds": [Decimal(edge) for edge in ("0.00001", "0.02", "0.03", "1", "5", "2000000")]}
W = "[{{.window}}]"
TOTAL = f"sum(rate(lat_seconds_count{W}))"


def findings(part: str, total: str = TOTAL, role: str = "good") -> list[Finding]:
    return check_queries({role: part, "total": total}, HISTOGRAMS)


def codes(part: str, total: str = TOTAL, role: str = "good") -> list[str]:
    return [str(finding.code) for finding in findings(part, total, role)]


@pytest.mark.parametrize(
    "query",
    [
        f"sum(rate(x_total{W}))",
        "sum(increase(x_total[{{ .window }}]))",
        f"# why\nsum(\n  rate(x_total{W})\n)",
        f"sum(rate(x_total{W})) - sum(rate(y_total{W}))",
        f"""sum(rate(x_total{{a="{{,'[300]",b='offset 300'}}{W}))  # {{"x"}} [300]""",
        f"2 * sum(rate(x_total{W})) / 60",
        f"sum(sum by (site) (rate(x_total{W})) + sum by (site) (rate(y_total{W})))",
        f'sum(rate(lat_seconds_bucket{{le="0.02"}}{W}))',
        f'sum(rate(lat_seconds_bucket{{le=~"5(\\\\.0)?"}}{W}))',
        f'sum(rate(lat_seconds_bucket{{le=~"5|5.0"}}{W}))',
        f'sum(rate(lat_seconds_bucket{{le="2e+06"}}{W}))',
        f'sum(rate({{__name__="x_total"}}{W}))',
    ],
)
def test_a_query_that_counts_events_is_clean(query: str) -> None:
    assert codes(query) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (f"sum(rate(x_total{W})", "not valid PromQL: unclosed left parenthesis"),
        (f"sum(rte(x_total{W}))", "not valid PromQL: unknown function with name 'rte'"),
        ("", "not valid PromQL: no expression found in input"),
        (f"sum(mad_over_time(x_total{W}))", "Prometheus 2.42 does not know mad_over_time()"),
        (f"sum(start() * rate(x_total{W}))", "Prometheus 2.42 does not know start()"),
        (f'sum(rate({{"x_total"}}{W}))', "Prometheus 2.42 knows no names in quotes"),
        (f"sum(rate(x_total{{'a.b'='c'}}{W}))", "Prometheus 2.42 knows no names in quotes"),
        (f"sum(rate(x_total{W} offset 300))", "Prometheus 2.42 wants a unit after every duration, as in 300s"),
        (
            f"sum(avg_over_time(rate(x_total{W})[300:30]))",
            "Prometheus 2.42 wants a unit after every duration, as in 300s",
        ),
        (f"sum(rate(x_total{W})) + fill(0) sum(rate(y_total{W}))", "Prometheus 2.42 does not know fill()"),
        (f'sum(rate(x_total{{a="b" or c="d"}}{W}))', "Prometheus has no 'or' between matchers"),
        ("(" * 200 + f"rate(x_total{W})" + ")" * 200, "not valid PromQL: nested more than 100 levels deep"),
        ("(" * 100_000, "the query has 100000 characters, more than 4096"),
    ],
)
def test_a_query_that_prometheus_would_refuse_is_told_why(query: str, message: str) -> None:
    assert [one.message for one in findings(query) if one.code == "GO201"] == [message]


def test_a_count_without_the_window_is_refused_and_a_value_is_not() -> None:
    assert codes("sum(rate(x_total[5m]))") == ["GO202"]
    assert codes(f"sum(rate(x_total{W})) * {{{{ x }}}}") == ["GO202"]
    assert check_queries({"threshold": "avg(queue_length)"}, {}) == []


def test_a_range_that_is_fixed_beside_the_window_is_refused() -> None:
    assert codes(f"sum(rate(x_total{W})) - sum(rate(y_total[5m]))") == ["GO202"]


@pytest.mark.parametrize(
    "query",
    [
        f"sum(rate(queue_length{W}))",
        f"sum(increase(queue_length{W}))",
        f"sum(x_total) - 0 * sum(rate(y_total{W}))",
        f"sum(sum_over_time(x_total{W}))",
        f"sum(delta(x_total{W}))",
        f"sum(last_over_time(lat_seconds_count{W}))",
    ],
)
def test_rate_is_for_counters_and_counters_are_for_rate(query: str) -> None:
    assert codes(query) == ["GO203"]


def test_a_function_of_gauges_is_told_apart_from_a_missing_rate() -> None:
    assert findings(f"sum(delta(x_total{W}))")[0].message.startswith(
        "delta() is for gauges, and x_total is a counter"
    )
    assert findings(f"sum(last_over_time(x_total{W}))")[0].message == "the counter x_total is read without rate()"


def test_native_histograms_and_presence_need_no_counter_name() -> None:
    assert codes(f"sum(histogram_count(rate(lat_seconds{W})))") == ["GO210"]
    assert codes(f"sum(count_over_time(x_total{W}))") == ["GO210"]


@pytest.mark.parametrize(
    "query",
    [
        f"sum(rate(x_total{W}) / rate(y_total{W}))",
        f"sum by (site) (rate(x_total{W})) - sum(rate(y_total{W}))",
        f"sum by (site) (rate(x_total{W})) - on (region) sum by (region) (rate(y_total{W}))",
        f"sum by (site, pod) (rate(x_total{W})) - on (site) sum by (site) (rate(y_total{W}))",
        f"sum by (site, pod) (rate(x_total{W})) - ignoring (pod) sum by (site, pod) (rate(y_total{W}))",
        f"sum(rate(x_total{W}) * on (site) group_left () site_weight)",
        f"sum(rate(x_total{W}) * on (site) rate(y_total{W}))",
        f"sum by (site) (rate(x_total{W})) unless sum(rate(y_total{W}))",
    ],
)
def test_a_join_that_may_not_be_one_to_one_is_refused(query: str) -> None:
    assert codes(query) == ["GO204"]


@pytest.mark.parametrize(
    "query",
    [
        f"sum(sum by (site) (rate(x_total{W})) / sum by (site) (rate(y_total{W})))",
        f"sum(sum by (site) (rate(x_total{W})) / on (site) sum by (site) (rate(y_total{W})))",
        f"sum(rate(x_total{W}) * on (site) group_left () max by (site) (site_weight))",
        f"sum(rate(x_total{W}) unless on (site) (site_drained == 1))",
        f"sum(sum by (site) (rate(x_total{W})) or sum(rate(y_total{W})))",
    ],
)
def test_a_join_that_is_one_to_one_or_only_filters_is_accepted(query: str) -> None:
    assert codes(query) == ["GO210"]


def test_a_label_that_an_aggregation_drops_is_named() -> None:
    (finding,) = findings(f"sum by (site) (rate(x_total{W})) - on (region) sum by (region) (rate(y_total{W}))")

    assert finding.message == "'- on (region)' needs (region), which an aggregation beside it drops"
    assert finding.cure == "write by (region) in the aggregations on both sides"


def test_good_and_total_by_different_labels_is_a_warning() -> None:
    (finding,) = findings(f"sum by (site) (rate(x_total{W}))")

    assert (finding.code, finding.warning) == ("GO204", True)
    assert codes(f"sum by (site) (rate(x_total{W}))", f"sum by (site) (rate(y_total{W}))") == []


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ('lat_seconds_bucket{le="0.025"}', 'le="0.025" is not a bucket edge of lat_seconds'),
        ('lat_seconds_bucket{le="fast"}', 'le="fast" is not a bucket edge of lat_seconds'),
        ('lat_seconds_bucket{le=~"0.025"}', 'le=~"0.025" is not a bucket edge of lat_seconds'),
        ('lat_seconds_bucket{le=~"0.0.*"}', 'le=~"0.0.*" matches 2 buckets, which include one another'),
        (r'lat_seconds_bucket{le=~"7(\\.0)?"}', r'le=~"7(\\.0)?" is not a bucket edge of lat_seconds'),
        ('lat_seconds_bucket{le!="0.02"}', "lat_seconds_bucket is not read at one bucket"),
        ("lat_seconds_bucket", "lat_seconds_bucket is not read at one bucket"),
        ('lat_seconds_bucket{le="+Inf"}', "every event is in the bucket +Inf"),
        ('other_seconds_bucket{le="0.02"}', "the bucket edges of other_seconds are not known"),
    ],
)
def test_a_latency_threshold_is_a_declared_bucket_edge(selector: str, message: str) -> None:
    (finding,) = findings(f"sum(rate({selector}{W}))")

    assert finding.code == "GO205"
    assert finding.message.startswith(message)


def test_the_nearest_edges_are_offered() -> None:
    (finding,) = findings(f'sum(rate(lat_seconds_bucket{{le="0.025"}}{W}))')

    assert finding.cure == "use an edge, such as 0.00001, 0.02, 0.03, or add one to the histogram"


@pytest.mark.parametrize(
    ("matcher", "cure", "warning"),
    [
        ('le="5"', r'write le=~"5(\\.0)?"', True),
        ('le="5.0"', r'write le=~"5(\\.0)?"', True),
        ('le="5.00"', r'write le=~"5(\\.0)?"', False),
        ('le=~"5.0"', r'write le=~"5(\\.0)?"', False),
        ('le="0.020"', 'write le="0.02"', False),
        ('le=".02"', 'write le="0.02"', False),
        ('le="2e-2"', 'write le="0.02"', False),
        ('le="0.00001"', 'write le="1e-05"', False),
        ('le="2000000"', 'write le="2e+06"', True),
    ],
)
def test_a_bucket_is_spelled_as_prometheus_2_and_3_store_it(matcher: str, cure: str, warning: bool) -> None:  # noqa: FBT001 - a parameter of the case
    (finding,) = findings(f"sum(rate(lat_seconds_bucket{{{matcher}}}{W}))")

    assert (finding.code, finding.cure, finding.warning) == ("GO206", cure, warning)


@pytest.mark.parametrize(
    ("edge", "stored"),
    [
        ("0.0001", {"0.0001"}),
        ("0.00001", {"1e-05"}),
        ("0.0000125", {"1.25e-05"}),
        ("2.50", {"2.5"}),
        ("100", {"100", "100.0"}),
        ("999999", {"999999", "999999.0"}),
        ("1000000", {"1e+06"}),
        ("12345678", {"1.2345678e+07"}),
        ("0", {"0", "0.0"}),
    ],
)
def test_edges_are_stored_as_go_prints_floats(edge: str, stored: set[str]) -> None:
    assert spellings(Decimal(edge)) == stored


@pytest.mark.parametrize(
    "query",
    [
        "rate(sum(x_total)[{{.window}}:30s])",
        "increase(sum by (site) (x_total)[{{.window}}:])",
        f"sum(rate(site:requests:sum{W}))",
    ],
)
def test_rate_comes_before_sum(query: str) -> None:
    assert codes(query) == ["GO207"]


@pytest.mark.parametrize(
    ("part", "total", "expected"),
    [
        (f"sum(rate(x_total{W})) or vector(0)", TOTAL, [("good", False)]),
        (f"sum(rate(x_total{W}) or vector(0))", TOTAL, [("good", False)]),
        (f"sum(rate(x_total{W})) or on () vector(0)", TOTAL, [("good", False)]),
        (f"sum(rate(x_total{W}))", f"{TOTAL} or vector(0)", [("total", False)]),
        (f"sum(rate(x_total{W}) or vector(0))", f"{TOTAL} or vector(0)", [("good", False), ("total", True)]),
    ],
)
def test_no_data_is_not_turned_into_a_number(part: str, total: str, expected: list[tuple[str, bool]]) -> None:
    found = [one for one in findings(part, total) if one.code == "GO208"]

    assert [(one.role, one.warning) for one in found] == expected


def test_the_query_without_a_fallback_is_named() -> None:
    (finding,) = findings(f"sum(rate(x_total{W})) or vector(0)")

    assert finding.message == "good falls back on a number and total does not: no data is taken for events"


def test_zero_events_of_a_total_that_is_there_are_no_fallback() -> None:
    assert codes(f"sum(rate(x_total{W})) or 0 * {TOTAL}") == ["GO210"]


@pytest.mark.parametrize(
    "query",
    [
        f"sum(rate(x_total{W})) ^ 2",
        f"max(rate(x_total{W}))",
        f"sum(irate(x_total{W}))",
        f"sum(rate(x_total{W} @ end()))",
        f"1 / sum(rate(x_total{W}))",
        f"sum(rate(x_total{W})) > 5",
    ],
)
def test_events_that_can_only_be_estimated_are_a_warning(query: str) -> None:
    (finding,) = findings(query)

    assert (finding.code, finding.warning) == ("GO210", True)


def test_events_that_total_leaves_out_are_a_warning() -> None:
    def found(good: str, total: str) -> list[tuple[str, bool]]:
        ours, theirs = (f"sum(rate({one}{W}))" for one in (good, total))
        return [(str(one.code), one.warning) for one in findings(ours, theirs)]

    assert found('lat_seconds_bucket{le="0.02"}', 'lat_seconds_count{job="a"}') == [("GO211", True)]
    assert found('lat_seconds_bucket{job="a",le="0.02"}', 'lat_seconds_count{job="a"}') == []
    assert found('x_total{code="200"}', "x_total") == []
    assert codes(f"sum(rate(x_total{W})) + sum(rate(y_total{W}))", f'sum(rate(z_total{{job="a"}}{W}))') == []


@pytest.mark.parametrize("selector", ['{__name__=~"x_.*_total"}', '{job="a"}', '{__name__!="x",job="a"}'])
def test_a_selector_names_its_metric(selector: str) -> None:
    assert codes(f"sum(rate({selector}{W}))") == ["GO212"]


def test_a_finding_knows_where_in_the_query_it_is() -> None:
    query = f'sum(\n  rate(x_total{W})\n) + sum(rate(lat_seconds_bucket{{le="0.04"}}{W}))'

    (finding,) = findings(query)

    assert finding.offset == query.index("lat_seconds_bucket")


def test_the_same_name_twice_is_told_apart() -> None:
    one, two = (f'sum(rate(lat_seconds_bucket{{le="{le}"}}{W}))' for le in ("0.02", "0.04"))

    (finding,) = findings(f"{one} + {two}")

    assert finding.offset == len(one) + 3 + two.index("lat")


def test_every_fault_of_every_query_is_found_at_once() -> None:
    found = findings(
        f'sum(rate(queue_length{W})) + sum(rate(lat_seconds_bucket{{le="0.04"}}{W}))', f"sum(rte(x_total{W}))"
    )

    assert sorted((one.role, str(one.code)) for one in found) == [
        ("good", "GO203"),
        ("good", "GO205"),
        ("total", "GO201"),
    ]
