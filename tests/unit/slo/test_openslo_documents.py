from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gridobs import sources as yaml_sources
from gridobs.errors import SourceError
from gridobs.slo import openslo
from gridobs.slo.model import BadOfTotal, Comparison, GoodOfTotal, MissingData, RawRatio, Threshold
from gridobs.slo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from gridobs.slo.openslo import Loaded

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency}
spec:
  service: processor
  indicatorRef: quick
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: quick}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {metricSourceRef: edge, spec: {query: 'sum(rate(quick_total[{{.window}}]))'}}}
    total: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(all_total[{{.window}}]))'}}}
"""
DATA_SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: edge}
spec: {type: Prometheus, connectionDetails: {password: s3cret, urls: [a, {b: c}]}}
"""
SERVICE = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: processor, labels: {tags: [a, b]}}
spec: {description: Reads records.}
"""
INLINE = "indicator: {spec: {%s}}"
THRESHOLD = INLINE % "thresholdMetric: {metricSource: {type: Prometheus, spec: {query: backlog}}}"
RAW = INLINE % "ratioMetric: {rawType: success, raw: {metricSource: {type: Prometheus, spec: {query: share}}}}"


def load(folder: Path, *texts: str) -> tuple[Loaded, ...]:
    documents: list[yaml_sources.Document] = []
    for index, text in enumerate(texts):
        (folder / f"{index}.yaml").write_text(text)
        documents += yaml_sources.read(folder / f"{index}.yaml")
    return openslo.load(documents, Settings())


def problems(folder: Path, *texts: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        load(folder, *texts)
    return [str(one).removeprefix(f"{folder}/") for one in caught.value.problems]


def test_references_are_resolved_across_files_and_queries_keep_their_places(tmp_path: Path) -> None:
    (one,) = load(tmp_path, SLO, SLI, DATA_SOURCE + "---\n" + SERVICE)

    assert isinstance(one.objective.indicator, GoodOfTotal)
    assert one.objective.indicator.good.over("1h") == "sum(rate(quick_total[1h]))"
    assert (one.document.path.name, one.document.position(one.loc)) == ("0.yaml", (9, 16))
    places = {role: (where.path.name, where.position(loc)) for role, (where, loc) in one.queries.items()}
    assert places == {"good": ("1.yaml", (7, 64)), "total": ("1.yaml", (8, 60))}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((SLO,), "0.yaml:6:17 GO010 no SLI is named 'quick'; write a document of kind SLI with that name"),
        (
            (SLO, SLI.replace("name: quick", "name: quik")),
            "0.yaml:6:17 GO010 no SLI is named 'quick'; did you mean 'quik'?",
        ),
        ((SLO, SLI), "1.yaml:7:44 GO010 no DataSource is named 'edge'; write a document of kind DataSource"),
        (
            (SLO, SLI, DATA_SOURCE, SERVICE.replace("processor", "procesor")),
            "0.yaml:5:12 GO010 no Service is named 'processor'; did you mean 'procesor'?",
        ),
        ((SLO, SLI, DATA_SOURCE, SLI), "3.yaml:3:18 GO009 the name 'quick' is taken by "),
        (
            (SLO, SLI, DATA_SOURCE.replace("Prometheus", "Datadog")),
            "2.yaml:4:14 GO004 spec.type should be 'Prometheus'; write",
        ),
        (
            (SLO, SLI, DATA_SOURCE + "x: 1\n"),
            "2.yaml:5:1 GO006 unknown key 'x'; known here: apiVersion, kind, metadata, spec",
        ),
        (
            (SLO, SLI.replace("{name: quick}", "{name: quick, annotations: {gridobs/owner: x}}"), DATA_SOURCE),
            "1.yaml:3:54 GO007 'gridobs/owner' has no effect here; move it to the SLO",
        ),
        (
            (SLO.replace("kind: SLO", "kind: AlertPolicy"),),
            "0.yaml:2:7 GO011 kind 'AlertPolicy' is not supported; remove the doc",
        ),
        (
            (SLO.replace("kind: SLO", "kind: AlertCondition"),),
            "0.yaml:2:7 GO011 kind 'AlertCondition' is not supported; remove",
        ),
        ((SLO.replace("kind: SLO", "kind: [SLO]"),), "0.yaml:2:1 GO011 kind is not text; write one of"),
        (("- SLO\n",), "0.yaml:1:1 GO004 the document should be a mapping; write apiVersion"),
    ],
)
def test_a_fault_of_the_set_is_named_with_its_place_and_cure(
    tmp_path: Path, texts: tuple[str, ...], expected: str
) -> None:
    assert any(one.startswith(expected) for one in problems(tmp_path, *texts)), problems(tmp_path, *texts)


def test_who_refers_to_a_document_with_faults_is_not_to_blame(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SLO, SLI.replace("counter: true", "counter: maybe"), DATA_SOURCE)

    assert problem.startswith("1.yaml:6:14 GO004 spec.ratioMetric.counter should be a valid boolean")


def test_a_gauge_is_compared_as_each_objective_says(tmp_path: Path) -> None:
    text = SLO.replace("indicatorRef: quick", THRESHOLD).replace(
        "[{target: 0.99}]",
        "[{displayName: Some, op: lte, value: 10, target: 0.99}, "
        "{displayName: Few, op: lt, value: 2.5, target: 0.9}]",
    )

    some, few = (one.objective for one in load(tmp_path, text))
    assert isinstance(some.indicator, Threshold)
    assert (some.indicator.comparison, some.indicator.threshold) == (Comparison.LTE, Decimal(10))
    assert isinstance(few.indicator, Threshold)
    assert (few.indicator.comparison, few.indicator.threshold) == (Comparison.LT, Decimal("2.5"))


@pytest.mark.parametrize(
    ("indicator", "objective", "expected"),
    [
        (
            THRESHOLD,
            "{target: 0.9}",
            "0.yaml:9:16 GO005 op is missing, which a thresholdMetric needs; write op: lt, lte, gt or",
        ),
        (
            THRESHOLD,
            "{op: lt, target: 0.9}",
            "0.yaml:9:16 GO005 value is missing, which a thresholdMetric needs; write value:",
        ),
        (
            THRESHOLD,
            "{op: eq, value: 1, target: 0.9}",
            "0.yaml:9:21 GO004 spec.objectives.0.op should be 'lt', 'lte', 'gt' or 'gte'",
        ),
        (
            THRESHOLD,
            "{op: lt, value: x, target: 0.9}",
            "0.yaml:9:32 GO004 the value is not a decimal number; write the number",
        ),
        (
            THRESHOLD,
            "{op: lt, value: 1.0e+99, target: 0.9}",
            "0.yaml:9:32 GO004 the value has more than 15 digits before or 9",
        ),
        (
            THRESHOLD.replace("backlog", "'backlog[5m]'"),
            "{op: lt, value: 1, target: 0.9}",
            "0.yaml:6:87 GO201 the query is not PromQL",
        ),
        (
            THRESHOLD.replace("backlog", "'1'"),
            "{op: lt, value: 1, target: 0.9}",
            "0.yaml:6:87 GO201 the query is not PromQL",
        ),
        (
            RAW,
            "{target: 0.9}",
            "0.yaml:8:20 GO007 a raw ratio does not tell how many events there were; write budgetingMethod",
        ),
        (
            RAW.replace("rawType: success, ", ""),
            "{target: 0.9}",
            "0.yaml:6:22 GO005 rawType is missing; write success for",
        ),
        (
            RAW.replace("raw:", "counter: true, total:").replace("share", "'rate(a[{{.window}}])'"),
            "{target: 0.9}",
            "0.yaml:6:45 GO004 rawType is for a raw ratio; remove it",
        ),
        (
            RAW.replace(
                "raw:", "good: {metricSource: {type: Prometheus, spec: {query: 'rate(a[{{.window}}])'}}}, raw:"
            ),
            "{target: 0.9}",
            "0.yaml:6:54 GO004 a raw ratio cannot have 'good' too; remove raw or good",
        ),
        (
            "",
            "{target: 0.9}",
            "0.yaml:4:1 GO005 the SLO has no indicator; write indicator with its spec, or the name",
        ),
        (
            INLINE % "",
            "{target: 0.9}",
            "0.yaml:6:15 GO004 an indicator needs exactly one of ratioMetric and thresholdMetric",
        ),
        (
            THRESHOLD.replace("type: Prometheus, ", ""),
            "{target: 0.9}",
            "0.yaml:6:40 GO005 the metric source has no type; write",
        ),
        (
            RAW,
            "{target: 0.9, targetPercent: 90}",
            "0.yaml:9:45 GO004 the objective has both target and targetPercent; keep one",
        ),
        (
            RAW,
            "{displayName: A}",
            "0.yaml:9:16 GO005 the objective has no target; write target: the share of good events",
        ),
        (
            RAW,
            "{targetPercent: 100}",
            "0.yaml:9:32 GO101 a percentage of 100 is not between 0 and 100; write the percentage",
        ),
        (RAW, "{targetPercent: 99.99999999}", "0.yaml:9:32 GO101 the percentage has more than 7 decimals; write"),
        (RAW, "{target: 0.9, compositeWeight: 1}", "0.yaml:9:30 GO007 'compositeWeight' is not supported; remove it"),
        (RAW, "{target: 0.9, indicatorRef: x}", "0.yaml:9:30 GO007 'indicatorRef' is not supported; remove it"),
        (
            RAW,
            "{displayName: '%', target: 0.9}, {displayName: B, target: 0.8}",
            "0.yaml:9:30 GO008 'latency-', made of metadata.name and displayName, is not a name; write a displayName",
        ),
        (
            RAW,
            f"{{displayName: {'a' * 60}, target: 0.9}}, {{displayName: B, target: 0.8}}",
            "0.yaml:9:30 GO008 'latency-aaaa",
        ),
    ],
)
def test_a_fault_of_an_indicator_or_objective_is_named_with_its_place_and_cure(
    tmp_path: Path, indicator: str, objective: str, expected: str
) -> None:
    text = SLO.replace("indicatorRef: quick", indicator).replace("{target: 0.99}", objective)

    found = problems(tmp_path, text)
    assert any(one.startswith(expected) for one in found), found


@pytest.mark.parametrize(("kind", "success"), [("success", True), ("failure", False)])
def test_a_ratio_from_elsewhere_can_be_budgeted_by_slices(tmp_path: Path, kind: str, *, success: bool) -> None:
    text = SLO.replace("indicatorRef: quick", RAW.replace("success", kind))
    text = text.replace("Occurrences", "RatioTimeslices").replace(
        "{target: 0.99}", "{target: 0.99, timeSliceWindow: 1m}"
    )

    (one,) = load(tmp_path, text)
    assert isinstance(one.objective.indicator, RawRatio)
    assert one.objective.indicator.success is success


def test_several_objectives_take_their_names_from_what_people_call_them(tmp_path: Path) -> None:
    text = SLO.replace("{name: latency}", "{name: latency, displayName: Latency}").replace(
        "[{target: 0.99}]", "[{displayName: P99.9, target: 0.999}, {displayName: Médian!, targetPercent: 50}]"
    )

    first, second = (one.objective for one in load(tmp_path, text, SLI, DATA_SOURCE))
    assert (first.name, first.title, first.target) == ("latency-p99-9", "Latency: P99.9", Decimal("0.999"))
    assert (second.name, second.title, second.target) == ("latency-median", "Latency: Médian!", Decimal("0.5"))


def test_a_name_made_of_two_that_is_another_s_is_a_problem(tmp_path: Path) -> None:
    several = SLO.replace("[{target: 0.99}]", "[{displayName: P99, target: 0.99}, {displayName: p99, target: 0.9}]")
    other = SLO.replace("{name: latency}", "{name: latency-p99}")

    found = problems(tmp_path, several, other, SLI, DATA_SOURCE)
    assert [one.partition(" is taken")[0] for one in found] == [
        "0.yaml:9:64 GO009 the name 'latency-p99'",
        "1.yaml:9:16 GO009 the name 'latency-p99'",
    ]


def test_annotations_say_what_openslo_has_no_field_for(tmp_path: Path) -> None:
    notes = """{name: latency, annotations: {gridobs/owner: grid, gridobs/runbook: "https://r",
      gridobs/dashboard: "https://d", gridobs/severity: ticket, gridobs/min-bad-events: "3",
      gridobs/missing-data: bad,      other.example/key: [1]}}"""

    (one,) = load(tmp_path, SLO.replace("{name: latency}", notes), SLI, DATA_SOURCE)
    objective = one.objective
    assert (objective.owner, objective.runbook, objective.dashboard) == ("grid", "https://r", "https://d")
    assert (objective.severity, objective.min_bad_events, objective.missing_data) == ("ticket", 3, MissingData.BAD)


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (
            "gridobs/severity: info",
            "GO004 metadata.annotations.gridobs/severity should be 'page' or 'ticket'; write page or ticket",
        ),
        (
            "gridobs/missing-data: good",
            "GO004 metadata.annotations.gridobs/missing-data should be 'unknown', 'bad' or 'ignore'",
        ),
        (
            "gridobs/min-bad-events: -1",
            "GO004 gridobs/min-bad-events is not a whole number from 0 to 999999999; write a count",
        ),
        ("gridobs/min-bad-events: two", "GO004 gridobs/min-bad-events is not a whole number"),
        ("gridobs/min-bad-events: yes", "GO004 gridobs/min-bad-events is not a whole number"),
        ("gridobs/min-bad-events: 1.5", "GO004 gridobs/min-bad-events is not a whole number"),
        (
            "gridobs/dashboard: grafana",
            "GO004 'grafana' is not a web address; write a web address that starts with https://",
        ),
        (
            "gridobs/alert-window: x",
            "GO006 unknown key 'gridobs/alert-window'; did you mean 'gridobs/alert-windows'?",
        ),
    ],
)
def test_an_annotation_with_a_fault_is_named(tmp_path: Path, note: str, expected: str) -> None:
    (found,) = problems(tmp_path, SLO.replace("latency}", f"latency, annotations: {{{note}}}}}"), SLI, DATA_SOURCE)

    assert expected in found


def test_bad_events_are_read_as_such(tmp_path: Path) -> None:
    (one,) = load(tmp_path, SLO, SLI.replace("good:", "bad:"), DATA_SOURCE)

    assert isinstance(one.objective.indicator, BadOfTotal)
