"""The policy that ships, asked by a real Rego engine, and what the exporter makes of its decisions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gridobs_exporters.clock import Clock
from gridobs_exporters.pages import Request
from gridobs_exporters.policy.collector import PolicyCollector, PolicySettings
from gridobs_exporters.policy.decisions import Meaning, decision
from regopy import Interpreter  # type: ignore[import-untyped]  # it comes without types

if TYPE_CHECKING:
    from collections.abc import Callable

POLICIES = Path(__file__).parents[3] / "policies"


@pytest.fixture(scope="module")
def engine() -> Interpreter:
    rego = Interpreter()
    for name in ("smartgrid.rego", "smartgrid_decisions_test.rego"):
        rego.add_module(name, (POLICIES / "energy" / name).read_text())
    return rego


@pytest.fixture(scope="module")
def table(engine: Interpreter) -> list[dict[str, Any]]:
    """The decisions that the Rego test lists, each with its input."""
    engine.set_input({})
    found: list[dict[str, Any]] = engine.query("found = data.energy.smartgrid_decisions.decisions").results[0][
        "found"
    ]
    return found


@pytest.fixture(scope="module")
def ask(engine: Interpreter) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Everything the policy says of an input."""

    def asked(about: dict[str, Any]) -> dict[str, Any]:
        engine.set_input(about)
        said: dict[str, Any] = engine.query("said = data.energy.smartgrid").results[0]["said"]
        return said

    return asked


def test_every_decision_is_that_of_the_table(
    table: list[dict[str, Any]], ask: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    assert len(table) > 10
    for row in table:
        wanted = {key: row[key] for key in ("allow", "deny", "export", "process_data")} | {"export_external": False}
        assert ask(row["input"]) == wanted, row["about"]


def test_what_is_allowed_has_no_reason_against_it_and_what_is_denied_has(
    table: list[dict[str, Any]], ask: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    for row in table:
        said = ask(row["input"])
        assert said["allow"] is not bool(said["deny"]), row["about"]


def test_a_permit_is_one_more_rule_and_opens_no_other_destination() -> None:
    rego = Interpreter()
    source = (POLICIES / "energy/smartgrid.rego").read_text()
    rego.add_module("policy", source + '\nexport_external if input.destination == "regulator"\n')
    said = []
    for destination in ("regulator", "cloud"):
        rego.set_input({"action": "export", "destination": destination})
        found = rego.query("said = data.energy.smartgrid").results[0]["said"]
        said.append((found["allow"], found["export_external"], found["deny"]))

    assert said == [(True, True, []), (False, False, ["destination_external"])]


def test_its_decisions_are_counted_as_what_they_are(
    table: list[dict[str, Any]], ask: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Decision logs in OPA's form, made of what the engine really answers: one of each rule, one of the document."""
    meaning = Meaning()
    rows = [(row["input"], ask(row["input"])) for row in table]
    log = [
        {"path": f"energy/smartgrid/{rule}".rstrip("/"), "input": about, "result": said[rule] if rule else said}
        for about, said in rows
        for rule in ("", "allow", "deny", "export", "export_external", "process_data")
    ]
    found = [one for event in log if (one := decision(event, meaning))]
    collector = PolicyCollector(PolicySettings(), clock=Clock())
    collector.routes()[0].answer(Request(method="POST", path="/logs", body=json.dumps(log).encode()))
    counted = {
        tuple(sample.labels.values()): sample.value
        for family in collector.collect().samples.families()[0]
        for sample in family.samples
        if sample.name == "gridobs_policy_decisions_total"
    }

    allowed = sum(said["allow"] for _, said in rows)
    assert 0 < allowed < len(rows)
    for path in ("energy/smartgrid", "energy/smartgrid/allow", "energy/smartgrid/deny"):
        assert counted[path, "allow"] == allowed
        assert counted[path, "deny"] == len(rows) - allowed
    assert counted["energy/smartgrid/export_external", "allow"] == 0
    assert counted["energy/smartgrid/export_external", "deny"] == len(rows)
    assert {one.result for one in found} == {"allow", "deny"}


def test_opa_finds_the_same() -> None:
    opa = shutil.which("opa")
    if opa is None:
        pytest.skip("opa is not on the path; no package registry that the set-up may use has it")
    for command in (["check", "--strict"], ["test"]):
        done = subprocess.run([opa, *command, POLICIES], capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr
