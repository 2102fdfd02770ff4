from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gridobs.codes import Code
from gridobs.slo.validation import validate

if TYPE_CHECKING:
    from pathlib import Path

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: NAME
spec:
  service: shop
  indicatorRef: errors
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
"""
SLI = """\
apiVersion: openslo/v1
kind: SLI
metadata: {name: errors}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {type: Prometheus, spec: {query: "sum(rate(errors_total[{{.window}}]))"}}}
    total: {metricSource: {type: Prometheus, spec: {query: "sum(rate(requests_total[{{.window}}]))"}}}
"""
RULES = """\
groups:
  - name: shop
    rules:
      - record: site:requests:rate5m
        expr: sum by (site) (rate(requests_total[5m]))
"""
EXCLUSION = (
    "{name: work, fleet: true, from: 2026-03-01T22:00:00Z, to: 2026-03-02T22:00:00Z, reason: W., approver: ops"
)
DURING, AFTER = 1_772_410_000.0, 1_780_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue in which an SLO names the SLI of another file."""
    for name in ("slos", "rules", "exclusions", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "slos/checkout.yaml").write_text(SLO.replace("NAME", "checkout"))
    (tmp_path / "slos/sli.yaml").write_text(SLI)
    (tmp_path / "rules/shop.yaml").write_text(RULES)
    (tmp_path / "exclusions/work.yaml").write_text(EXCLUSION + "}")
    (tmp_path / "tests/shop.yaml").write_text("not: ours\n")
    return tmp_path


def found(*paths: Path, now: float = DURING) -> list[tuple[str, str]]:
    return [(problem.path.name, problem.code.value) for problem in validate(paths, [], now).problems]


def test_a_catalogue_is_its_slos_rules_exclusions_and_settings(folder: Path) -> None:
    result = validate([folder], [], DURING)

    assert result.problems == ()
    assert (result.files, len(result.objectives), result.alert_rules, result.exclusions) == (4, 1, 0, 1)


def test_references_are_resolved_across_everything_that_is_given(folder: Path) -> None:
    slo, sli = folder / "slos/checkout.yaml", folder / "slos/sli.yaml"

    assert found(slo, sli) == []
    assert found(slo) == [("checkout.yaml", "GO010")]


def test_a_file_that_cannot_be_read_is_blamed_and_not_those_that_refer_to_it(folder: Path) -> None:
    (folder / "slos/sli.yaml").write_text("a: [\n")

    assert found(folder) == [("sli.yaml", "GO002")]


def test_what_a_file_is_its_keys_tell_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    for name in ("slos/sli.yaml", "slos/checkout.yaml", "rules/shop.yaml", "exclusions/work.yaml"):
        (folder / name).rename(loose / name.replace("/", "-"))
    (folder / "slos").rmdir()

    result = validate([loose], [], DURING)

    assert result.problems == ()
    assert (len(result.objectives), result.exclusions) == (1, 1)


def test_what_a_broken_file_is_its_folder_tells(folder: Path) -> None:
    (folder / "rules/shop.yaml").write_text("group: []\n")
    (folder / "exclusions/work.yaml").write_text("name: work\n")

    problems = validate([folder], [], DURING).problems

    assert {problem.path.name for problem in problems} == {"shop.yaml", "work.yaml"}
    assert not [problem for problem in problems if "apiVersion" in problem.message + problem.cure]


def test_faults_of_the_document_and_of_its_query_are_found_together(folder: Path) -> None:
    (folder / "slos/sli.yaml").write_text(
        SLI.replace("counter: true", "counted: true").replace("rate(err", "rte(err")
    )

    assert found(folder) == [("sli.yaml", "GO006"), ("sli.yaml", "GO201")]


def test_a_fault_of_a_shared_query_is_told_once(folder: Path) -> None:
    (folder / "slos/second.yaml").write_text(SLO.replace("NAME", "second"))
    (folder / "slos/sli.yaml").write_text(SLI.replace("errors_total", "errors"))

    assert found(folder) == [("sli.yaml", "GO203")]


def test_a_rule_file_may_not_be_called_like_an_objective(folder: Path) -> None:
    (folder / "rules/shop.yaml").rename(folder / "rules/checkout.yaml")

    assert found(folder) == [("checkout.yaml", "GO009")]


def test_an_expression_of_a_rule_is_parsed(folder: Path) -> None:
    (folder / "rules/shop.yaml").write_text(RULES.replace("by (site)", "by (site"))

    assert found(folder) == [("shop.yaml", "GO201")]


def test_an_exclusion_names_an_objective_there_is(folder: Path) -> None:
    (folder / "exclusions/work.yaml").write_text(EXCLUSION + ", slos: [chekout]}")

    assert found(folder) == [("work.yaml", "GO010")]
    assert found(folder / "exclusions/work.yaml") == []


def test_an_exclusion_expires(folder: Path) -> None:
    (problem,) = validate([folder], [], AFTER).problems

    assert (problem.code, problem.warning) == (Code.EXCLUSION_EXPIRED, True)


def test_a_period_longer_than_prometheus_remembers_is_refused(folder: Path) -> None:
    (folder / "settings.yaml").write_text("retention: 15d\n")

    assert found(folder) == [("checkout.yaml", "GO103")]


def test_a_tier_that_more_than_all_events_must_fail_for_is_refused(folder: Path) -> None:
    annotation = "  annotations: {gridobs/alert-windows: page 1h/5m 2%}\nspec:\n"
    text = (folder / "slos/checkout.yaml").read_text().replace("spec:\n", annotation).replace("0.999", "0.5")
    (folder / "slos/checkout.yaml").write_text(text)

    assert found(folder) == [("checkout.yaml", "GO104")]


def test_edges_declared_in_the_settings_are_known_also_whole_ones(folder: Path) -> None:
    query = 'bad: {metricSource: {type: Prometheus, spec: {query: "sum(rate(errors_total[{{.window}}]))"}}}'
    latency = query.replace("bad", "good").replace("errors_total", "shop_seconds_bucket{le=~'2(\\\\\\\\.0)?'}")
    (folder / "slos/sli.yaml").write_text(SLI.replace(query, latency))
    assert found(folder) == [("sli.yaml", "GO205")]

    (folder / "settings.yaml").write_text("histograms: {shop_seconds: [0.5, 1, 2]}\n")
    assert found(folder) == []


def test_without_readable_settings_no_edge_is_called_unknown(folder: Path) -> None:
    (folder / "slos/sli.yaml").write_text(SLI.replace("errors_total", "shop_seconds_bucket{le='0.5'}"))
    (folder / "settings.yaml").write_text("histogram: {}\n")

    assert found(folder) == [("settings.yaml", "GO006")]


def test_a_name_that_is_not_read_is_a_problem(folder: Path) -> None:
    (folder / "slos/late.yml").write_text(SLI)

    assert ("late.yml", "GO001") in found(folder)


def test_a_query_that_would_overflow_the_parser_is_refused(folder: Path) -> None:
    deep = "(" * 100_000 + "rate(errors_total[{{.window}}])" + ")" * 100_000
    (folder / "slos/sli.yaml").write_text(SLI.replace("sum(rate(errors_total[{{.window}}]))", deep))

    assert found(folder) == [("sli.yaml", "GO201")]


@pytest.mark.parametrize(
    ("declared", "codes"),
    [
        ("job_seconds 0.5 60, other_seconds 1", []),
        ("job_seconds 0.25", ["GO205"]),
        ("other_seconds 0.5", ["GO205"]),
        ("job_seconds half", ["GO004", "GO205"]),
    ],
)
def test_a_document_can_declare_the_edges_it_reads(tmp_path: Path, declared: str, codes: list[str]) -> None:
    metric = "%s: {metricSource: {type: Prometheus, spec: {query: 'sum(rate(job_seconds_%s[{{.window}}]))'}}}"
    good, total = metric % ("good", 'bucket{le="0.5"}'), metric % ("total", "count")
    indicator = f"indicator:\n    spec:\n      ratioMetric:\n        counter: true\n        {good}\n        {total}"
    name = f"NAME\n  annotations: {{gridobs/bucket-edges: '{declared}'}}"
    path = tmp_path / "slo.yaml"
    path.write_text(SLO.replace("NAME", name.replace("NAME", "job")).replace("indicatorRef: errors", indicator))

    assert sorted(code for _, code in found(path)) == codes
