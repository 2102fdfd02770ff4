"""The benchmarks run and report; what they report is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    run = bench("--quick", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    loaded: dict[str, Any] = json.loads(run.stdout)
    return loaded


def test_instrumentation_reports_all_back_ends_at_every_batch_size(document: dict[str, Any]) -> None:
    rows = {(row["case"], row["subject"]) for row in document["results"] if row["benchmark"] == "instrumentation"}

    assert rows == {
        *(
            (f"batches of {size}", subject)
            for size in (1, 10, 100)
            for subject in ("none", "prometheus_client", "OpenTelemetry")
        ),
        ("one scrape", "prometheus_client"),
        ("one scrape", "OpenTelemetry"),
    }


def test_rule_cost_counts_samples_and_time_of_three_forms(document: dict[str, Any]) -> None:
    rows = {(row["unit"], row["subject"]) for row in document["results"] if row["benchmark"] == "rule_cost"}

    assert rows == {
        (unit, form) for unit in ("samples/min", "ms/min") for form in ("GridObs", "Sloth's form", "Pyrra's form")
    }


def test_k3s_filter_stands_beside_a_parser_that_reads_all(document: dict[str, Any]) -> None:
    rows = {row["subject"]: row for row in document["results"] if row["benchmark"] == "k3s_filter"}

    assert set(rows) == {"prometheus_client", "filter alone", "k3s collector"}
    assert rows["k3s collector"]["case"].startswith("4.0 MB")


def test_every_row_stands_beside_a_baseline_of_its_own_case(document: dict[str, Any]) -> None:
    for row in document["results"]:
        assert 0 < row["best"] <= row["median"]
        assert row["ratios"]["Sloth's form" if row["benchmark"] == "rule_cost" else "prometheus_client"] > 0
        if row["subject"] in row["ratios"]:
            assert row["ratios"][row["subject"]] == 1


def test_the_machine_is_named(document: dict[str, Any]) -> None:
    assert document["machine"]["cpu"]
    assert set(document["machine"]) == {"cpu", "cores", "load", "python", "packages"}


def test_only_runs_one_and_writes_a_table_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    run = bench("--quick", "--only", "sdk_calls", "--json", str(file))

    assert "sdk_calls: observe with a label, us/call" in run.stdout
    assert "instrumentation" not in run.stdout
    assert {row["benchmark"] for row in json.loads(file.read_text())["results"]} == {"sdk_calls"}


def test_an_unknown_benchmark_is_answered_with_the_known_ones() -> None:
    run = bench("--only", "nonsense")

    assert run.returncode == 2
    assert "instrumentation" in run.stderr
    assert "Traceback" not in run.stderr
