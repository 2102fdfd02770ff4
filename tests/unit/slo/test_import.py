from __future__ import annotations

import copy
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest
import yaml

from gridobs import conventions, sources
from gridobs.codes import Code
from gridobs.errors import SourceError
from gridobs.slo.catalogue import compile_catalogue
from gridobs.slo.importing.dispatch import import_documents
from gridobs.slo.importing.queries import gives_one_series

if TYPE_CHECKING:
    from collections.abc import Callable

ACCEPTED = Path(__file__).parents[2] / "golden/importing/accepted"
SLOTH: dict[str, Any] = {
    "version": "prometheus/v1",
    "service": "web",
    "slos": [
        {
            "name": "errors",
            "objective": 99.9,
            "sli": {
                "events": {
                    "error_query": "sum(rate(a_failed_total[{{.window}}]))",
                    "total_query": "sum(rate(a_total[{{.window}}]))",
                }
            },
            "alerting": {"name": "WebErrorsBudgetBurn"},
        }
    ],
}
PYRRA: dict[str, Any] = {
    "apiVersion": "pyrra.dev/v1alpha1",
    "kind": "ServiceLevelObjective",
    "metadata": {"name": "web"},
    "spec": {
        "target": "99.9",
        "window": "4w",
        "indicator": {"ratio": {"errors": {"metric": "a_failed_total"}, "total": {"metric": "a_total"}}},
    },
}


@pytest.fixture
def imported(tmp_path: Path) -> Callable[[str], str]:
    """What the text of a file becomes."""

    def convert(text: str) -> str:
        path = tmp_path / "in.yaml"
        path.write_text(text)
        return import_documents(sources.read(path))

    return convert


def changed(base: dict[str, Any], *path: str | int, value: object) -> str:
    """The document with one value set, as YAML."""
    document = copy.deepcopy(base)
    inner: Any = document
    for step in path[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
    inner[path[-1]] = value
    return yaml.safe_dump(document)


def codes(error: SourceError) -> set[Code]:
    return {problem.code for problem in error.problems}


@pytest.mark.parametrize(
    ("percent", "share"),
    [
        ("99.9", "0.999"),
        ("99", "0.99"),
        ("99.90000", "0.999"),
        ("50", "0.5"),
        ("99.9999999", "0.999999999"),
        ("0.1", "0.001"),
    ],
)
def test_a_percentage_becomes_the_share_with_its_digits(
    imported: Callable[[str], str], percent: str, share: str
) -> None:
    from_sloth = imported(yaml.safe_dump(SLOTH).replace("objective: 99.9", f"objective: {percent}"))
    from_pyrra = imported(changed(PYRRA, "spec", "target", value=percent))

    expected = f"    - target: {share}\n"
    assert from_sloth.endswith(expected)
    assert from_pyrra.endswith(expected)


@pytest.mark.parametrize("percent", ["0", "-1", "100.1", "NaN", "Infinity", "high"])
def test_what_is_no_percentage_is_refused(imported: Callable[[str], str], percent: str) -> None:
    with pytest.raises(SourceError) as caught:
        imported(changed(PYRRA, "spec", "target", value=percent))

    assert codes(caught.value) == {Code.TARGET_OUT_OF_RANGE}


@pytest.mark.parametrize(
    ("window", "days"), [("1d", 1), ("4w", 28), ("12w", 84), ("90d", 90), ("24h", 1), ("1w2d", 9)]
)
def test_a_window_is_written_in_days(imported: Callable[[str], str], window: str, days: int) -> None:
    assert f"    - duration: {days}d\n" in imported(changed(PYRRA, "spec", "window", value=window))


@pytest.mark.parametrize("window", ["12h", "25h", "91d", "13w"])
def test_a_window_that_is_not_1_to_90_days_is_refused(imported: Callable[[str], str], window: str) -> None:
    with pytest.raises(SourceError) as caught:
        imported(changed(PYRRA, "spec", "window", value=window))

    assert codes(caught.value) == {Code.NOT_EXPRESSIBLE}


@pytest.mark.parametrize("name", ["Web", "web_errors", "web.errors", "-web", "web-", "w" * 64, "wéb"])
def test_a_name_that_cannot_be_kept_is_refused_rather_than_changed(imported: Callable[[str], str], name: str) -> None:
    for text in (changed(PYRRA, "metadata", "name", value=name), changed(SLOTH, "slos", 0, "name", value=name)):
        with pytest.raises(SourceError) as caught:
            imported(text)

        assert codes(caught.value) == {Code.NOT_EXPRESSIBLE}
        assert re.search(r"e\.g\. [a-z0-9-]+$|; shorten it$", str(caught.value), re.MULTILINE)


def test_the_name_of_a_sloth_slo_is_unique_among_services(imported: Callable[[str], str]) -> None:
    text = yaml.safe_dump_all([SLOTH, SLOTH | {"service": "api"}])

    assert [one["metadata"]["name"] for one in yaml.safe_load_all(imported(text))] == ["web-errors", "api-errors"]


@pytest.mark.parametrize(
    ("query", "is_one"),
    [
        ("sum(rate(a[5m]))", True),
        ("sum by () (rate(a[5m]))", True),
        ("(sum(a) - sum(b)) / sum(c) or vector(0)", True),
        ("clamp_max(1 - sum(a), 1)", True),
        ("rate(a[5m])", False),
        ("sum by (cluster) (a)", False),
        ("sum without (pod) (a)", False),
        ("sum(a) / b", False),
        ("topk(1, a)", False),
        ('label_replace(sum(a), "x", "y", "z", "")', False),
        ('absent(a{job="b"})', False),
    ],
)
def test_a_query_of_one_series_is_told_from_one_of_many(query: str, is_one: bool) -> None:  # noqa: FBT001 - a column
    assert is_one == gives_one_series(query)


@pytest.mark.parametrize("value", ["5", "5.0"])
def test_a_whole_edge_is_spelled_for_both_prometheus_versions(imported: Callable[[str], str], value: str) -> None:
    indicator = {"latency": {"success": {"metric": f'a_bucket{{le="{value}"}}'}, "total": {"metric": "a_count"}}}

    text = imported(changed(PYRRA, "spec", "indicator", value=indicator))

    assert r'query: sum(rate(a_bucket{le=~"5(\\.0)?"}[{{.window}}]))' in text


@pytest.mark.parametrize("metric", ["a{x='é\"\\\\'}", 'a{x!="1",y!~"2|3"}', 'a{x=~"\\\\d+"} # digits', "a"])
def test_a_selector_keeps_its_meaning(imported: Callable[[str], str], metric: str) -> None:
    text = imported(changed(PYRRA, "spec", "indicator", value={"bool_gauge": {"metric": metric}}))

    query = yaml.safe_load(text)["spec"]["indicator"]["spec"]["thresholdMetric"]["metricSource"]["spec"]["query"]
    assert str(promql_parser.parse(metric)) == str(promql_parser.parse(query))


@pytest.mark.parametrize("metric", ["sum(a)", '{__name__="a"}', "a[5m]", "a{", "1"])
def test_pyrra_reads_only_selectors_of_a_named_metric(imported: Callable[[str], str], metric: str) -> None:
    with pytest.raises(SourceError) as caught:
        imported(changed(PYRRA, "spec", "indicator", value={"bool_gauge": {"metric": metric}}))

    assert codes(caught.value) == {Code.INVALID_PROMQL}


@pytest.mark.parametrize(
    ("page", "ticket", "windows"),
    [
        (False, False, None),
        (True, False, "ticket 1d/2h 10%, ticket 3d/6h 10%"),
        (False, True, "page 1h/5m 2%, page 6h/30m 5%"),
    ],
)
def test_an_alert_that_is_off_leaves_the_tiers_of_the_other(
    imported: Callable[[str], str], *, page: bool, ticket: bool, windows: str | None
) -> None:
    alerting = {"name": "WebErrorsBudgetBurn", "page_alert": {"disable": page}, "ticket_alert": {"disable": ticket}}

    document = yaml.safe_load(imported(changed(SLOTH, "slos", 0, "alerting", value=alerting)))

    assert windows == document["metadata"].get("annotations", {}).get("gridobs/alert-windows")


def test_the_labels_of_an_slo_win_over_those_of_its_service(imported: Callable[[str], str]) -> None:
    document = copy.deepcopy(SLOTH) | {"labels": {"team": "a", "tier": "1"}}
    document["slos"][0]["labels"] = {"team": "b", "service": "web"}

    assert yaml.safe_load(imported(yaml.safe_dump(document)))["metadata"]["labels"] == {"team": "b", "tier": "1"}


def test_a_label_of_alerts_that_the_slo_carries_too_is_nothing_new(imported: Callable[[str], str]) -> None:
    document = copy.deepcopy(SLOTH) | {"labels": {"team": "a"}}
    document["slos"][0]["alerting"]["labels"] = {"team": "a"}

    assert imported(yaml.safe_dump(document))
    document["slos"][0]["alerting"]["labels"] = {"team": "b"}
    with pytest.raises(SourceError, match="alerts cannot carry the label 'team: b'"):
        imported(yaml.safe_dump(document))


def test_a_severity_for_both_alerts_is_refused(imported: Callable[[str], str]) -> None:
    with pytest.raises(SourceError, match="alerts cannot carry the label 'severity: page'"):
        imported(changed(SLOTH, "slos", 0, "alerting", "labels", value={"severity": "page"}))


def test_a_name_of_several_lines_stays_in_the_line_of_its_comment(imported: Callable[[str], str]) -> None:
    text = imported(changed(SLOTH, "slos", 0, "alerting", "name", value="Web\nIsDown"))

    assert "# The alert Web IsDown is now WebErrorsBudgetBurn; see what routes or silences by name.\n" in text
    assert yaml.safe_load(text)["metadata"]["labels"] == {"imported_alert": "Web\nIsDown"}


def test_a_problem_is_one_line(imported: Callable[[str], str]) -> None:
    with pytest.raises(SourceError) as caught:
        imported(changed(PYRRA, "metadata", "name", value="two\nlines"))

    assert len(str(caught.value).splitlines()) == len(caught.value.problems) == 1


def test_long_and_awkward_queries_are_read_back_as_they_were(imported: Callable[[str], str]) -> None:
    query = 'sum(rate(a_failed_total{x="é: # y"}[{{.window}}]))  # why\n\t\t- sum(rate(b{x="' + "y" * 200
    query += '"}[{{.window}}]))'

    text = imported(changed(SLOTH, "slos", 0, "sli", "events", "error_query", value=query))

    bad = yaml.safe_load(text)["spec"]["indicator"]["spec"]["ratioMetric"]["bad"]["metricSource"]["spec"]["query"]
    assert bad == query.replace("\t", "  ")


@pytest.mark.parametrize("case", sorted(path.name for path in ACCEPTED.iterdir()))
def test_every_result_is_an_openslo_document_of_the_subset(case: str) -> None:
    documents = list(yaml.load_all((ACCEPTED / case / "out.yaml").read_text(), yaml.BaseLoader))

    assert documents
    for document in documents:
        assert (document["apiVersion"], document["kind"]) == ("openslo/v1", "SLO")
        spec = document["spec"]
        assert set(spec) - {"description"} == {
            "service", "indicator", "timeWindow", "budgetingMethod", "objectives",
        }  # fmt: skip
        (metric,) = spec["indicator"]["spec"].items()
        assert metric[0] in {"ratioMetric", "thresholdMetric"}
        (goal,) = spec["objectives"]
        assert 0 < Decimal(goal.pop("target")) < 1
        assert set(goal) == ({"op", "value"} if metric[0] == "thresholdMetric" else set()) | (
            {"timeSliceWindow"} if spec["budgetingMethod"] == "RatioTimeslices" else set()
        )


@pytest.mark.parametrize("case", sorted(path.name for path in ACCEPTED.iterdir()))
def test_every_result_compiles(tmp_path: Path, case: str) -> None:
    (tmp_path / "slos").mkdir()
    shutil.copy(ACCEPTED / case / "out.yaml", tmp_path / "slos/imported.yaml")

    compiled = compile_catalogue(tmp_path)

    assert len(compiled) == len(sources.read(ACCEPTED / case / "out.yaml"))
    for one in compiled:
        assert f"alert: {conventions.burn_alert(one.name)}" in one.text
