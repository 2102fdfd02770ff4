from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs import sources as yaml_sources
from gridobs.errors import SourceError
from gridobs.slo import openslo
from gridobs.slo.model import GoodOfTotal, Objective
from gridobs.slo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

TARGET_CURE = "write the share of good events as a decimal above 0 and below 1, e.g. 0.999"


def objective(folder: Path, text: str) -> Objective:
    path = folder / "x.yaml"
    path.write_text(text)
    (loaded,) = openslo.load(yaml_sources.read(path), Settings())
    return loaded.objective


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("0.999", "1", f"26:15 GO101 a target of 1 leaves no error budget; {TARGET_CURE}"),
        ("0.999", "1.000", f"26:15 GO101 a target of 1 leaves no error budget; {TARGET_CURE}"),
        ("0.999", "0", f"26:15 GO101 a target of 0 is not between 0 and 1; {TARGET_CURE}"),
        ("0.999", "99.9", "26:15 GO101 a target of 99.9 is a percentage; write 0.999"),
        ("0.999", "-0.5", f"26:15 GO101 a target of -0.5 is not between 0 and 1; {TARGET_CURE}"),
        ("0.999", "100", f"26:15 GO101 a target of 100 is not between 0 and 1; {TARGET_CURE}"),
        ("0.999", "'0.999'", f"26:15 GO101 the target is not a decimal number; {TARGET_CURE}"),
        ("0.999", "yes", f"26:15 GO101 the target is not a decimal number; {TARGET_CURE}"),
        ("0.999", ".nan", f"26:15 GO101 the target is not a decimal number; {TARGET_CURE}"),
        ("0.999", "0.9999999999", f"26:15 GO101 the target has more than 9 decimals; {TARGET_CURE}"),
        (
            "target: 0.999",
            "op: gt\n      target: 0.999",
            "26:11 GO007 'op' is for a thresholdMetric; remove it: a ratio has no threshold",
        ),
        (
            "target: 0.999",
            "value: 1\n      target: 0.999",
            "26:14 GO007 'value' is for a thresholdMetric; remove it: a ratio",
        ),
        (
            "- target: 0.999",
            "- target: 0.999\n    - target: 0.9",
            "26:7 GO005 one of several objectives has no displayName; write displayName",
        ),
        ("    - target: 0.999", "    []", "25:3 GO004 spec.objectives has 0 items"),
        (
            "budgetingMethod: Occurrences",
            "budgetingMethod: Timeslices",
            "26:7 GO106 timeSliceTarget is missing, which Timeslices needs; write timeSliceTarget",
        ),
        ("kind: SLO", "kind: SLA", "2:7 GO011 kind 'SLA' is not supported; did you mean 'SLO'?"),
        (
            "openslo/v1",
            "openslo/v2alpha",
            "1:13 GO011 apiVersion 'openslo/v2alpha' is not supported; write apiVersion: openslo/v1 or",
        ),
        ("apiVersion: openslo/v1\n", "", "1:1 GO005 apiVersion is missing; write apiVersion: openslo/v1"),
        ("  service: processor\n", "", "5:1 GO005 spec.service is missing; write a name of at most 63 a-z"),
        ("service:", "servise:", "6:3 GO006 unknown key 'servise'; did you mean 'service'?"),
        (
            "name: power-availability",
            "name: Power_Availability",
            "4:9 GO008 'Power_Availability' is not a name; use a name of at most 63",
        ),
        ("name: power-availability", "name: power-", "4:9 GO008 'power-' is not a name"),
        ("name: power-availability", f"name: {'a' * 64}", f"4:9 GO008 '{'a' * 64}' is not a name"),
        (
            "duration: 30d",
            "duration: 90d",
            "22:17 GO103 the period is up to 90d, but Prometheus keeps 32d; write a shorter one, or raise retention",
        ),
        (
            "isRolling: true",
            "isRolling: false",
            "23:18 GO005 calendar is missing; write isRolling: true, or calendar with",
        ),
        (
            "isRolling: true",
            "calendar: {}\n      isRolling: true",
            "23:7 GO005 spec.timeWindow.0.calendar.startTime is missing; write startTime, e.g.",
        ),
        (
            "counter: true",
            "counter: false",
            "10:18 GO203 the metrics of a ratio must be counters; count with counters and write counter: true",
        ),
        (
            "type: Prometheus",
            "type: Datadog",
            "13:19 GO004 spec.indicator.spec.ratioMetric.bad.metricSource.type should be",
        ),
        ("ratioMetric:", "thresholdMetric:", "11:9 GO006 unknown key 'bad'; known here: metricSource"),
        (
            "  indicator:\n",
            "  indicatorRef: x\n  indicator:\n",
            "7:17 GO004 the SLO has both indicator and indicatorRef; keep one of the two",
        ),
        (
            "  indicator:\n",
            "  alertPolicies: []\n  indicator:\n",
            "7:3 GO007 'alertPolicies' is not supported; remove it: alerts",
        ),
        ("bad:", "goood:", "11:9 GO006 unknown key 'goood'; did you mean 'good'?"),
        (
            "        bad:",
            "        good: {metricSource: {type: Prometheus, spec: {query: 'rate(a[{{.window}}])'}}}\n        bad:",
            "9:7 GO004 a ratioMetric needs exactly one of bad and good",
        ),
        ("failed_total", "all_total", "16:9 GO209 total is the same query as bad or good; count all events in total"),
        (
            "failed_total[{{.window}}]",
            "failed_total[5m]",
            "15:22 GO202 the query has no window [{{.window}}]; write PromQL with",
        ),
        (
            "failed_total[{{.window}}]",
            "failed_total{a='{{.x}}'}[{{.window}}]",
            "15:22 GO202 the query has a placeholder other than",
        ),
        (
            "failed_total[{{.window}}]))",
            "failed_total[{{.window}}])",
            "15:22 GO201 the query is not PromQL: unclosed left parenthesis",
        ),
        (
            "name: power-availability",
            "name: a\n  displayName: '{{ x }}'",
            "5:16 GO004 the text is empty or holds {{; write plain text",
        ),
        ("name: power-availability", "name: a\n  labels: {site: x}", "5:3 GO008 'site' cannot be a label here"),
        (
            "name: power-availability",
            "name: a\n  annotations: {gridobs/ownr: x}",
            "5:17 GO006 unknown key 'gridobs/ownr'; did you mean 'gridobs/owner'?",
        ),
        (
            "name: power-availability",
            "name: a\n  annotations: {gridobs/runbook: wiki}",
            "5:34 GO004 'wiki' is not a web address",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_cure(
    tmp_path: Path, good: str, old: str, new: str, expected: str
) -> None:
    assert old in good

    with pytest.raises(SourceError) as caught:
        objective(tmp_path, good.replace(old, new))
    assert any(str(one).startswith(f"{tmp_path}/x.yaml:{expected}") for one in caught.value.problems), caught.value


def test_all_faults_of_a_file_come_together(tmp_path: Path, good: str) -> None:
    broken = good.replace("0.999", "2").replace("service:", "servise:").replace("30d", "1y")

    with pytest.raises(SourceError) as caught:
        objective(tmp_path, broken)
    assert [one.line for one in caught.value.problems] == [5, 6, 22, 26]


def test_the_budget_is_exact(tmp_path: Path, good: str) -> None:
    assert str(objective(tmp_path, good).budget) == "0.001"
    assert str(objective(tmp_path, good.replace("0.999", "0.99995")).budget) == "0.00005"


def test_good_events_are_read_as_such(tmp_path: Path, good: str) -> None:
    indicator = objective(tmp_path, good.replace("bad:", "good:")).indicator

    assert isinstance(indicator, GoodOfTotal)
    assert indicator.good.over("1h") == "sum(rate(failed_total[1h]))"


def test_the_title_is_the_display_name_or_else_the_name(tmp_path: Path, good: str) -> None:
    assert objective(tmp_path, good).title == "power-availability"
    assert (
        objective(tmp_path, good.replace("name: power", "displayName: Power works\n  name: power")).title
        == "Power works"
    )
