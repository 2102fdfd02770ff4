from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from gridobs_exporters.names import all_metrics

from gridobs import conventions

ALERTS = Path(__file__).parents[3] / "alerts"
OURS = re.compile(r"\b(?:power|gridobs)_[a-z0-9_]+")
KNOWN = {value for value in vars(conventions).values() if isinstance(value, str)} | {
    metric.name for metric in all_metrics()
}


def hand_written() -> list[str]:
    return [
        rule["alert"]
        for path in ALERTS.glob("rules/*.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


def expressions(node: object) -> list[str]:
    if isinstance(node, dict):
        return [
            expression
            for key, value in node.items()
            for expression in ([value] if key in {"query", "expr"} else expressions(value))
        ]
    return [expression for item in node for expression in expressions(item)] if isinstance(node, list) else []


def test_every_series_that_is_read_is_one_that_is_exposed() -> None:
    used = {
        name
        for path in ALERTS.glob("[sr]*s/*.yaml")
        for expression in expressions(yaml.safe_load(path.read_text()))
        for name in OURS.findall(expression)
    }

    assert len(used) > 10
    assert {
        name for name in used if name not in KNOWN and re.sub("_(bucket|count|sum)$", "", name) not in KNOWN
    } == set()


def test_every_latency_threshold_is_an_edge_of_the_histogram() -> None:
    for path in ALERTS.glob("slos/power-latency-*.yaml"):
        (edge,) = re.findall(r'le="([0-9.]+)"', path.read_text())
        assert float(edge) in conventions.LATENCY_EDGES
    assert 5.0 in conventions.AGE_EDGES


def test_the_hand_written_alerts_have_the_names_of_the_conventions() -> None:
    known = {value for name, value in vars(conventions).items() if name.startswith("ALERT_")}

    assert known == set(hand_written())


@pytest.mark.parametrize("alert", sorted(hand_written()))
def test_every_hand_written_alert_has_its_runbook(alert: str) -> None:
    page = (ALERTS.parent / "docs/runbooks" / f"{alert}.md").read_text()

    assert re.findall("^#+ .*", page, re.MULTILINE) == [
        f"# {alert}",
        "## Meaning",
        "## Impact",
        "## Diagnosis",
        "## Mitigation",
    ]


def fires(check: dict[str, object]) -> bool:
    return bool(check.get("exp_alerts") or check.get("exp_samples"))


def test_every_alert_that_ships_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent() -> None:
    shipped = {
        rule["alert"]
        for path in (ALERTS.parent / "helm/gridobs-edge/files/generated/rules").glob("*.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    tests = [test for path in ALERTS.glob("tests/**/*.yaml") for test in yaml.safe_load(path.read_text())["tests"]]
    by_hand = [(check["alertname"], fires(check)) for test in tests for check in test.get("alert_rule_test", [])]
    by_expression = [
        (match[1], fires(check))
        for test in tests
        for check in test.get("promql_expr_test", [])
        if (match := re.search(r'^count_over_time\(ALERTS{alertname="(\w+)",alertstate="firing"', check["expr"]))
    ]

    assert {name for name, firing in by_hand + by_expression if firing} == shipped
    assert {name for name, firing in by_hand + by_expression if not firing} == shipped
