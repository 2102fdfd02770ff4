"""What a real Prometheus answers is what was said of an expression: its labels, their values, and how many."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import promql_parser as promql
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from gridobs.errors import ServerError
from gridobs.fleet.egress.expression import expression_shape, is_vector
from gridobs.fleet.egress.shape import NOTHING, Shape
from gridobs.prometheus import Client
from gridobs.testbed.history import Series, serving, write_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.e2e

END = 1_700_006_400
TIMES = tuple(END - 1200 + 30 * step for step in range(41))


def series(name: str, value: float = 1.0, /, **labels: str) -> Series:
    """A counter that grows by ``value`` every 30 s."""
    return Series(name=name, labels=labels, times=TIMES, values=[value * (step + 1) for step in range(len(TIMES))])


STORED = (
    series("a", 1, x="1", y="1"),
    series("a", 2, x="1", y="2"),
    series("a", 3, x="2", y="1"),
    series("b", 4, x="1"),
    series("b", 5, x="2"),
    series("c", 6, x="1", z="p"),
    series("c", 7, x="2", z="q"),
    series("d", 8),
    series("e", 9, job="j", x="1", y="1"),
    series("h_bucket", 1, x="1", le="0.1"),
    series("h_bucket", 2, x="1", le="+Inf"),
    series("mixed", 1, x="1"),
    series("mixed", 2, y="2"),
)

EXACT = (
    # selectors
    "a",
    'a{x="1"}',
    'a{x="3"}',
    'a{y!="1"}',
    'a{x=~"1|3"}',
    'a{x!~"2|3"}',
    'mixed{y=""}',
    'mixed{x=~"|1"}',
    '{__name__="b"}',
    # numbers
    "1",
    "time()",
    "vector(time())",
    "scalar(d)",
    "-(1 + 2)",
    "hour()",
    # functions
    "rate(a[5m])",
    "-a",
    "abs(a - 10)",
    "clamp_min(a, 3)",
    "sum_over_time(a[5m])",
    "quantile_over_time(0.5, a[5m])",
    "max_over_time(sum by (x) (a)[5m:1m])",
    "last_over_time(b[5m] offset 1m)",
    "histogram_quantile(0.5, h_bucket)",
    "timestamp(a)",
    "sort_desc(a)",
    'absent(nothing{x="1",y=~"2|3",z="4"})',
    'absent(nothing{x="1",x="2"})',
    'absent(nothing{x!="1",x="2"})',
    'absent_over_time(nothing{x="1"}[5m])',
    'absent(sum(nothing{x="1"}))',
    "absent(a)",
    'label_replace(vector(0), "severity", "page", "", "")',
    'label_replace(b, "w", "v", "x", ".*")',
    'label_replace(b, "w", "$1", "x", "(.*)")',
    'label_replace(topk(1, a), "y", "", "", "")',
    'label_join(a, "w", "-", "x", "y")',
    # aggregations
    "sum(a)",
    "sum by (x) (a)",
    "sum by (x, absent) (a)",
    "sum without (y) (a)",
    "sum without (y, z) (c)",
    "count by (y) (mixed)",
    "topk(2, a)",
    "topk by (x) (1, a)",
    "bottomk(1, a)",
    "quantile(0.9, a)",
    'count_values("v", b)',
    'count_values by (x) ("v", a)',
    "group by (x) (a)",
    "sum by (__name__, x) (a)",
    "stddev by (x) (a)",
    # one to one
    "a + 1",
    "1 < b",
    "b / b",
    "b / on (x) c",
    "b / ignoring (z) c",
    "c * ignoring (z) b",
    "sum by (x) (a) / b",
    "b < on (x) c",
    "c > ignoring (z) b",
    "b == bool on (x) c",
    "sum(a) / on () sum(b)",
    "d / scalar(d)",
    "b ^ b",
    "b atan2 b",
    # one to many
    "a * on (x) group_left b",
    "a * on (x) group_left (z) c",
    "c * on (x) group_right (z) a",
    "e * on (x) group_left (job) b",
    "a / ignoring (y) group_left b",
    "a < on (x) group_left (z) c",
    "a * on () group_left d",
    # sets
    "a and on (x) b",
    "a and ignoring (y) b",
    "a unless on (x) (b > 1000)",
    "a or b",
    "c or vector(1)",
    "sum by (x) (a) or sum by (y) (a)",
    "a and on () nothing",
    "a unless on () nothing",
    "nothing or b",
    "nothing * on (x) a",
    "sum(nothing)",
)
"""Of these nothing is too many: there are series with every label and every value that was said to be possible."""

LOOSE = (
    'mixed{y!=""}',
    "b > bool c",
    "a and b",
    "a or on (x) c",
    "a > 1e9",
    "a and b > 1e9",
    "e unless e",
    "a == b",
    "topk(1, c)",
    "bottomk by (y) (1, a)",
    "b > on (x) c",
    'label_replace(b, "x", "$1-$2", "x", "(.)(.*)")',
    'label_replace(a, "x", "new", "y", "2")',
    'a{x=~"1.*"}',
    'a{x!~"[2-9]"}',
    'absent(a{x="1"})',
    '{x="1"}',
    '{__name__=~"a|b"}',
    'sum by (x) ({__name__=~"a|b"})',
    "a or sum without (x) (a)",
    "sum(a) or on (x) b",
    'sum without (x) ({__name__="a"})',
)
"""Of these there are fewer than was said to be possible, as nobody can tell from the text."""


def known(name: str) -> Shape:
    """As a rule that reads what these record sees it."""
    found = NOTHING
    for one in STORED:
        if one.name == name:
            labels = {label: frozenset({value}) for label, value in one.labels.items()}
            found |= Shape(labels=labels)
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    if not (shutil.which("prometheus") and shutil.which("promtool")) and os.environ.get("CI") != "true":
        pytest.skip("prometheus is not installed; make setup installs it")
    folder = tmp_path_factory.mktemp("prometheus")
    write_blocks(STORED, folder / "data")
    with serving(folder / "data", folder=folder) as url:
        yield Client(url, timeout=60)


def answered(client: Client, expr: str) -> list[Mapping[str, str]]:
    asked = expr if is_vector(promql.parse(expr)) else f"vector({expr})"
    labels = [
        {label: value for label, value in sample.labels.items() if label != "__name__"}
        for sample in client.query(asked, END)
    ]
    return [dict(pairs) for pairs in {tuple(sorted(one.items())) for one in labels}]


def expressions() -> st.SearchStrategy[str]:
    """Vectors put together from all that has a say in labels."""
    labels = st.lists(st.sampled_from(["x", "y", "z", "job"]), max_size=2, unique=True).map(", ".join)
    leaves = st.sampled_from(
        [
            "a",
            "b",
            "c",
            "d",
            "e",
            "mixed",
            'a{x="1"}',
            'a{y=~"1|2"}',
            'mixed{y=""}',
            "h_bucket",
            "vector(1)",
            "nothing",
        ]
    )
    grouping = st.one_of(st.just(""), labels.map("by ({})".format), labels.map("without ({})".format))
    matching = st.one_of(st.just(""), labels.map("on ({})".format), labels.map("ignoring ({})".format))
    sides = st.one_of(st.just(""), labels.map("group_left ({})".format), labels.map("group_right ({})".format))
    functions = st.sampled_from(
        [
            "abs({})", "-({})", "({}) * 2", "1 + ({})", "absent({})", "max_over_time(({})[5m:1m])",
            'label_replace({}, "y", "new", "x", "1")', 'label_replace({}, "z", "$1", "x", "(.*)")',
            'label_join({}, "w", "-", "x", "z")', "histogram_quantile(0.5, {})", "vector(scalar({}))", "topk(2, {})",
            'count_values("v", {})', "({}) > 3",
        ]
    )  # fmt: skip

    def within(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        aggregations = st.sampled_from(["sum", "count", "topk {} (1, {{}})", "group", 'count_values {} ("y", {{}})'])
        sets, numbers = st.sampled_from(["and", "or", "unless"]), st.sampled_from(["+", "/", "<", "== bool", ">="])
        return st.one_of(
            st.builds(lambda function, one: function.format(one), functions, inner),
            st.builds(
                lambda operator, by, one: (
                    (operator if "{" in operator else operator + " {} ({{}})").format(by).format(one)
                ),
                aggregations,
                grouping,
                inner,
            ),
            st.builds(
                lambda one, operator, on, other: f"({one}) {operator} {on} ({other})", inner, sets, matching, inner
            ),
            st.builds(
                lambda one, operator, on, side, other: f"({one}) {operator} {on} {side if on else ''} ({other})",
                *(inner, numbers, matching, sides, inner),
            ),
        )

    return st.recursive(leaves, within, max_leaves=4)


@pytest.mark.parametrize("expr", [*EXACT, *LOOSE])
def test_no_series_is_there_that_was_not_said_to_be_possible(client: Client, expr: str) -> None:
    assert_possible(expression_shape(expr, known), answered(client, expr))


@settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(expr=expressions())
def test_no_series_of_any_expression_is_there_that_was_not_said_to_be_possible(client: Client, expr: str) -> None:
    try:
        shape = expression_shape(expr, known)
        found = answered(client, expr)
    except (ServerError, ValueError):  # a label both joined on and included, or many series that meet many
        reject()

    assert_possible(shape, found)


def assert_possible(shape: Shape, found: list[Mapping[str, str]]) -> None:
    assert [labels for labels in found for label in labels if shape.values(label) == frozenset({""})] == []
    for labels in found:
        for label in labels.keys() | shape.labels.keys():
            values = shape.values(label)
            assert values is None or labels.get(label, "") in values
    assert shape.bound is None or len(found) <= shape.bound


@pytest.mark.parametrize("expr", EXACT)
def test_every_label_that_was_said_to_be_possible_is_there(client: Client, expr: str) -> None:
    shape = expression_shape(expr, known)

    assert not shape.others
    assert set(shape.carried) == {label for labels in answered(client, expr) for label in labels}
