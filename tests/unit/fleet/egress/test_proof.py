from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

from gridobs import conventions
from gridobs.cli.app import app
from gridobs.codes import Code
from gridobs.errors import Findings, SourceError, UsageError
from gridobs.explanations import explain
from gridobs.fleet.egress import derive, prove

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridobs.explanations import Example
    from gridobs.fleet.egress.model import ExportedSeries
    from tests.unit.fleet.egress.conftest import Plant

ALERTS = Path(__file__).parents[4] / "alerts"
MOST_SAMPLES = 1000  # of one answer of /federate, as OpenShift's guide has it


def of(folder: Path, name: str) -> ExportedSeries:
    (one,) = (series for series in derive(folder).series if series.name == name)
    return one


def planted(folder: Path) -> list[tuple[str, int, Code]]:
    return [(one.path.name, one.line, one.code) for one in prove(folder).problems]


def test_nothing_that_ships_must_not_leave() -> None:
    proof = prove(ALERTS)

    assert proof.problems == ()
    assert set(proof.egress.labels) <= set(conventions.EGRESS_LABELS)
    assert proof.egress.bound < MOST_SAMPLES
    assert {one.source for one in proof.egress.series} >= {"alerts/rules/site.yaml", "site-info.yaml"}


def test_no_step_of_a_rule_leaves() -> None:
    leaving = derive(ALERTS).names

    assert not [name for name in leaving if "rollup" in name or "gatekeeper" in name or "calendar" in name]
    assert not {"slo:bad:increase", "slo:total:increase", "slo:bad:increase_1h", "slo:coverage:ratio_1h"} & set(
        leaving
    )


def test_severities_are_three_and_all_else_of_a_site_is_one(sources: Path) -> None:
    egress = derive(sources)

    assert ("severity",) == of(sources, conventions.SITE_ALERTS_FIRING).labels
    assert {one.name: one.bound for one in egress.series if one.bound > 1} == {conventions.SITE_ALERTS_FIRING: 3}


def test_an_objective_leaves_with_its_name_its_service_and_what_its_info_says(sources: Path) -> None:
    assert of(sources, "slo:raw_total:increase").labels == ("service", "slo")
    assert of(sources, "slo_info").labels == ("objective", "period", "service", "slo")


def test_intervals_are_those_of_the_rules(plant: Plant) -> None:
    folder = plant("interval: 15s\nperiodInterval: 1m\n", at="settings.yaml")

    assert of(folder, "slo:raw_total:increase").interval == 15
    assert of(folder, "slo:period_bad:increase").interval == 60
    assert of(folder, conventions.SITE_HEARTBEAT).interval == 15


def test_two_objectives_of_a_file_are_counted_together(plant: Plant) -> None:
    text = (ALERTS / "slos/mqtt-availability.yaml").read_text()
    folder = plant(f"{text}---\n{text.replace('mqtt-availability', 'mqtt-two')}", at="slos/mqtt-availability.yaml")

    assert of(folder, "slo:raw_total:increase").bound == 2


def test_the_phase_of_a_calendar_stays_at_the_site(plant: Plant) -> None:
    text = (ALERTS / "slos/mqtt-availability.yaml").read_text()
    slo = yaml.safe_load(text)
    slo["spec"]["timeWindow"] = [
        {"duration": "1M", "isRolling": False, "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}}
    ]
    folder = plant(yaml.safe_dump(slo), at="slos/mqtt-availability.yaml")

    assert of(folder, "slo:period_bad:increase").labels == ("service", "slo")
    assert of(folder, "slo:period_elapsed:ratio").bound == 1


def test_exclusions_leave_with_their_name(plant: Plant) -> None:
    exclusion = {
        "name": "flood", "region": "north", "from": "2026-03-01T22:00:00Z", "to": "2026-03-04T22:00:00Z",
        "reason": "Water.", "approver": "ops",
    }  # fmt: skip
    storm = exclusion | {"name": "storm", "slos": ["mqtt-availability"]}
    folder = plant(yaml.safe_dump_all([exclusion, storm]), at="exclusions/weather.yaml")

    found = of(folder, "slo:exclusion:active")
    assert (found.labels, found.bound, found.source) == (("exclusion", "slo"), 2, "alerts/exclusions/weather.yaml")


@pytest.mark.parametrize(
    ("expr", "labels", "bound"),
    [
        ("max(power_backlog_messages)", (), 1),
        ("sum by (severity) (x{severity=~'page|info'})", ("severity",), 2),
        ("sum by (severity) (x{severity=~'page|'})", ("severity",), 2),
        ("topk(3, sum by (service) (x))", ("service",), 3),
        ("site:k3s_nodes:count + site:k3s_pods_running:count", (), 1),
        ("sum by (slo) (slo:raw_total:increase)", ("slo",), 1),
        ("site:alerts_firing:count * 2", ("severity",), 3),
        ("site:alerts_firing:count{severity!='page'}", ("severity",), 2),
        ("sum(x) or label_replace(sum(y), 'scope', 'site', '', '')", ("scope",), 2),
        ("site:planted:max or vector(0)", (), 1),
    ],
)
def test_labels_and_bounds_follow_from_the_expression(
    expr: str, labels: tuple[str, ...], bound: int, record: Callable[[str], Path]
) -> None:
    found = of(record(expr), "site:planted:max")

    assert (labels, bound) == (found.labels, found.bound)


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        ("max by (node) (gridobs_k3s_node_ready)", Code.LABEL_LEAVES),
        ("max by (node) (gridobs_k3s_node_ready{node=~'a|b'})", Code.LABEL_LEAVES),
        ("power_backlog_messages", Code.LABEL_LEAVES),
        ("max without (instance, job) (power_backlog_messages)", Code.LABEL_LEAVES),
        ("site:gatekeeper_validation_requests:rate10m", Code.LABEL_LEAVES),
        ("count_values('version', x)", Code.LABEL_LEAVES),
        ("label_replace(sum(x), 'node', 'n', '', '')", Code.LABEL_LEAVES),
        ("sum(x) * on () group_left (node) y", Code.LABEL_LEAVES),
        ("absent(up{node='a'})", Code.LABEL_LEAVES),
        ("max by (service) (x)", Code.UNBOUNDED_LABEL),
        ("sum by (site) (x)", Code.UNBOUNDED_LABEL),
        ("sum by (severity) (ALERTS)", Code.UNBOUNDED_LABEL),
        ("sum(gridobs_mqtt_clients_connected)", Code.FEW_DEVICES),
        ("rate(", Code.INVALID_PROMQL),
    ],
)
def test_what_must_not_leave_is_found_at_its_line(expr: str, code: Code, record: Callable[[str], Path]) -> None:
    folder = record(expr)
    if code is Code.INVALID_PROMQL:
        with pytest.raises(SourceError) as raised:
            prove(folder)
        assert [(one.line, one.code) for one in raised.value.problems] == [(5, code)]
        return

    assert planted(folder) == [("planted.yaml", 5, code)]
    with pytest.raises(SourceError, match=f"planted.yaml:5:.* {code} site:planted:max .*; "):
        derive(folder)


@pytest.mark.parametrize(
    "expr",
    [
        "sum(gridobs_mqtt_clients_connected) >= 5",
        "sum(gridobs_mqtt_clients_connected) > 4",
        "5 <= sum(gridobs_mqtt_clients_connected)",
        "max(max by (broker) (gridobs_mqtt_sessions)) - sum(x) >= 10",
        "count(count by (meter) (meter_watts)) >= 5",
        "sum(meter_watts{meter!='test'}) and on () count(count by (meter) (meter_watts)) >= 5",
        "sum(meter_watts{meter!='test'}) and (count(max by (meter) (meter_watts)) > 7)",
        "sum(x) / (sum(gridobs_mqtt_clients_connected) >= 5)",
        "site:devices_connected:count * 2",
        "count(count by (feeder) (gridobs_pipeline_feeder_newest_minute_timestamp_seconds)) >= 5",
        "sum by (scope) (x{scope=~'a|b'}) and count by (scope) (max by (scope, meter) (x{scope=~'a|b'})) >= 5",
    ],
)
def test_a_figure_of_enough_devices_may_leave(expr: str, record: Callable[[str], Path]) -> None:
    assert planted(record(expr)) == []


@pytest.mark.parametrize(
    "expr",
    [
        "sum(gridobs_mqtt_clients_connected)",
        "sum(gridobs_mqtt_clients_connected) >= 4",
        "sum(gridobs_mqtt_clients_connected) >= bool 5",
        "sum(gridobs_mqtt_clients_connected) <= 5",
        "sum(gridobs_mqtt_clients_connected) and on () count(up) >= 5",
        "sum(gridobs_mqtt_clients_connected) or (sum(gridobs_mqtt_clients_connected) >= 5)",
        "rate(gridobs_mqtt_clients_connected[5m]) * 0 + 6 >= 5 or sum(gridobs_mqtt_sessions)",
        "min(gridobs_pipeline_feeder_newest_minute_timestamp_seconds)",
        "count(gridobs_pipeline_feeder_newest_minute_timestamp_seconds) >= 5",
        "count(count by (meter, phase) (meter_watts)) >= 5",
        "sum(max by (meter) (meter_watts))",
        "sum(meter_watts{meter='7'}) >= 5",
        "vector(1) and on () (meter_watts{meter='7'} > 0)",
        "sum by (severity) (x{severity=~'page|info'} and on (meter) y) and on () count(count by (meter) (x)) >= 5",
        "label_replace(sum(site:few:count), 'scope', 'site', '', '')",
        "sum({job='meters'})",
    ],
)
def test_a_figure_of_a_few_devices_may_not(expr: str, record: Callable[[str], Path], plant: Plant) -> None:
    record(expr)
    few = {"record": "site:few:count", "expr": "sum(gridobs_mqtt_sessions)"}
    folder = plant(yaml.safe_dump({"groups": [{"name": "few", "rules": [few]}]}), at="rules/few.yaml")

    assert Code.FEW_DEVICES in {code for _, _, code in planted(folder)}


@pytest.mark.parametrize(
    ("expr", "codes"),
    [
        ("max(meter_watts{meter!='test'})", [Code.FEW_DEVICES]),
        ("quantile(0.95, max by (meter) (meter_watts))", [Code.FEW_DEVICES]),
        ("max(rate(meter_joules_total{meter!='test'}[5m]) * 2)", [Code.FEW_DEVICES]),
        ("max(gridobs_pipeline_feeder_newest_minute_timestamp_seconds)", [Code.FEW_DEVICES]),
        ("topk(1, max by (meter) (meter_watts))", [Code.FEW_DEVICES]),
        ("sum(max by (meter) (meter_watts))", []),
        ("avg(max by (meter) (meter_watts))", []),
        ("count(max by (meter) (meter_watts) > 100)", []),
        ("max(sum by (phase) (meter_watts{meter!='test'}))", []),
        ("max(max by (broker) (gridobs_mqtt_clients_connected))", []),
    ],
)
def test_the_reading_of_one_device_is_not_hidden_by_the_number_of_others(
    expr: str, codes: list[Code], record: Callable[[str], Path]
) -> None:
    folder = record(f"sum({expr}) and on () count(count by (meter) (meter_watts)) >= 5")

    found = [one for one in prove(folder).problems if "one device" in one.message]
    assert [one.code for one in found] == codes


def test_how_many_devices_are_enough_can_be_said(record: Callable[[str], Path]) -> None:
    folder = record("sum(gridobs_mqtt_clients_connected) >= 5")

    assert [one.code for one in prove(folder, min_devices=6).problems] == [Code.FEW_DEVICES]


def test_a_label_that_an_objective_adds_to_its_info_does_not_leave_unseen(plant: Plant) -> None:
    slo = yaml.safe_load((ALERTS / "slos/mqtt-availability.yaml").read_text())
    slo["metadata"].setdefault("labels", {})["contact"] = "ops"
    folder = plant(yaml.safe_dump(slo), at="slos/mqtt-availability.yaml")

    (problem,) = prove(folder).problems
    assert (problem.path.name, problem.code) == ("mqtt-availability.yaml", Code.LABEL_LEAVES)
    assert "contact" in problem.message


def test_a_rule_that_ships_and_is_gone_is_missed(sources: Path) -> None:
    text = (sources / "rules/site.yaml").read_text()
    (sources / "rules/site.yaml").write_text(text.replace("site:heartbeat:time", "site:hearbeat:time"))

    (problem,) = prove(sources).problems
    assert problem.code is Code.NOTHING_RECORDED
    assert "site:heartbeat:time" in problem.message


def test_what_is_wrong_with_the_list_itself_is_found(plant: Plant) -> None:
    folder = plant("names:\n- {name: 'a b', reason: x}\n- {name: a, reason: ' '}\n- {nam: b}\n", at="egress.yaml")

    with pytest.raises(SourceError) as raised:
        prove(folder)
    assert {(one.line, one.code) for one in raised.value.problems} >= {
        (2, Code.INVALID_NAME), (3, Code.WRONG_VALUE), (4, Code.UNKNOWN_KEY),
    }  # fmt: skip


def test_two_rules_that_read_each_other_end(plant: Plant) -> None:
    rules = [
        {"record": "site:planted:max", "expr": "label_join(site:other:max, 'a', '-', 'a', 'b') or sum by (b) (x)"},
        {"record": "site:other:max", "expr": "topk(2, site:planted:max) or site:planted:max"},
    ]
    folder = plant(
        yaml.safe_dump({"groups": [{"name": "planted", "rules": rules}]}),
        egress="names: [{name: 'site:planted:max', reason: The test reads it.}]",
    )

    assert [code for _, _, code in planted(folder)] == [Code.LABEL_LEAVES]


def test_sources_without_objectives_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="slos"):
        derive(tmp_path)


EXAMPLES = [
    pytest.param(code, example, id=f"{code}-{'right' if example.right else 'wrong'}")
    for code in Code
    if code.startswith("GO8")
    for example in explain(code).examples
]


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_an_example_of_an_explanation_has_exactly_its_code_and_a_right_one_none(
    code: Code, example: Example, plant: Plant
) -> None:
    name = "site:transformer_temperature:max"
    rule = {"record": name, "expr": "max(transformer_temperature_celsius)"}
    text = yaml.safe_dump({"groups": [{"name": "cooling", "rules": [rule]}]})
    listed = yaml.safe_dump({"names": [{"name": name, "reason": "The hub plans maintenance with it."}]})
    in_list = example.text.startswith("names:")
    folder = plant(text if in_list else example.text, egress=example.text if in_list else listed)

    assert {one.code for one in prove(folder).problems} == (set() if example.right else {code})


def test_the_command_shows_what_leaves_and_its_sum() -> None:
    done = CliRunner().invoke(app, ["fleet", "prove", "--sources", str(ALERTS)])

    egress = derive(ALERTS)
    assert done.exit_code == 0
    assert all(name in done.output for name in egress.names)
    assert f"{len(egress.names)} names, at most {egress.bound} series of a site" in done.output


def test_the_command_tells_a_machine_the_same(record: Callable[[str], Path]) -> None:
    folder = record("max by (node) (gridobs_k3s_node_ready)")

    done = CliRunner().invoke(app, ["fleet", "prove", "--sources", str(folder), "--json"])

    told = json.loads(done.stdout)
    assert isinstance(done.exception, Findings)
    assert told["bound"] == sum(one["bound"] for one in told["series"]) == prove(folder).egress.bound
    assert [(one["line"], one["code"]) for one in told["problems"]] == [(5, "GO801")]
