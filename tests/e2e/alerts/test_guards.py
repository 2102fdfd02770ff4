"""Each guard of the rules is taken out in turn: a generated test must then fail."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gridobs.rules.durations import seconds

REPOSITORY = Path(__file__).parents[3]
RULES = REPOSITORY / "helm/gridobs-edge/files/generated/rules"
TESTS = REPOSITORY / "alerts/tests/generated"
BAD_COUNTED, GOOD_COUNTED = "power-availability", "power-latency-p99"

Promtool = Callable[[str, Callable[[str], str]], subprocess.CompletedProcess[str]]

LABELS = r"\{[^{}]*\}"
ON = r"on \(slo, service\)"
SHORT = rf"\n  and {ON}\n  slo:sli_error:ratio_rate\w+{LABELS} > [\d.]+"
GUARDS = {
    "the coverage weight": (rf" \* {ON} slo:coverage:ratio_\w+{LABELS}", ""),
    "the long window": (rf"slo:sli_error:ratio_rate\w+{LABELS} \* {ON} (slo:coverage)", r"\1"),
    "the short window": (SHORT, ""),
    "the least bad events": (rf"\n  and {ON}\n  slo:bad:increase_\w+{LABELS} >= 2", ""),
    "the guard of 0/0": (rf"\((sum_over_time\(slo:total:increase{LABELS}\[\w+\]\)) > 0\)", r"\1"),
    "the guard of 0/0 over the period": (rf"\((slo:period_total:increase{LABELS}) > 0\)", r"\1"),
    "none for an absent series": (rf" or 0 \* sum\(slo:raw_total:increase{LABELS}\)", ""),
    "the exclusion": (r" \* on \(\) \(absent\(slo:exclusion:active.*?\) or vector\(0\)\)", ""),
    "none for no data at all": (rf" or 0 \* slo:objective:ratio{LABELS}", ""),
    "the restart of a counter": (r" or \(last_over_time\([^()]+\) < last_over_time\([^()]+\)\)", ""),
    "the excluded events in the raw count": (rf" \+ \(sum_over_time\(slo:excluded_bad.*?{LABELS}\)$", ""),
    "the period's coverage": (rf" \* slo:coverage:ratio{LABELS}", ""),
}


def quick(test: dict[str, Any]) -> bool:
    """Whether a case is over within four hours."""
    return all(
        seconds(check["eval_time"]) <= 4 * 3_600 for check in test["promql_expr_test"] if check["eval_time"] != "0s"
    )


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    """Run the quick generated tests of an objective on its rules, every expression of them changed first."""
    program = shutil.which("promtool") or pytest.fail("promtool is not installed; run: make setup")

    def run(name: str, change: Callable[[str], str]) -> subprocess.CompletedProcess[str]:
        rules = yaml.safe_load((RULES / f"{name}.yaml").read_text())
        for group in rules["groups"]:
            for rule in group["rules"]:
                rule["expr"] = change(rule["expr"])
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
        tests = yaml.safe_load((TESTS / f"{name}.yaml").read_text())
        kept = {**tests, "rule_files": ["rules.yaml"], "tests": [test for test in tests["tests"] if quick(test)]}
        (tmp_path / "tests.yaml").write_text(yaml.safe_dump(kept, width=10**9))
        return subprocess.run(
            [program, "test", "rules", tmp_path / "tests.yaml"], capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.e2e
@pytest.mark.parametrize("name", [BAD_COUNTED, GOOD_COUNTED])
def test_with_every_guard_in_place_the_tests_pass(name: str, promtool: Promtool) -> None:
    done = promtool(name, lambda expr: expr)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("name", "guard"),
    [*((BAD_COUNTED, guard) for guard in GUARDS), (GOOD_COUNTED, "none for an absent series")],
)
def test_without_a_guard_a_test_fails(name: str, guard: str, promtool: Promtool) -> None:
    pattern, instead = GUARDS[guard]
    taken_out = 0

    def change(expr: str) -> str:
        nonlocal taken_out
        changed, count = re.subn(pattern, instead, expr)
        taken_out += count
        return changed

    done = promtool(name, change)

    assert taken_out > 0
    assert done.returncode == 1
    assert "FAILED" in done.stdout + done.stderr
